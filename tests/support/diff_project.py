"""A project in a git repository, and `forwardc diff` in it as it is typed."""

import subprocess
from pathlib import Path

from click.testing import CliRunner, Result

from forwardc.cli.diff import command

YAML = "destinations/adyen.yaml"
DAY = ("--today", "2026-11-20")


def git(folder: Path, *arguments: str) -> None:
    identity = ("-c", "user.name=Test", "-c", "user.email=test@example.com")
    subprocess.run(
        ["git", "-C", str(folder), *identity, *arguments], check=True, capture_output=True
    )


def edit(project: Path, old: str, new: str, path: str = YAML) -> None:
    file = project / path
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")


def diff(project: Path, *options: str) -> Result:
    """What `forwardc diff` says; a day among the options wins over the usual one."""
    return CliRunner().invoke(
        command,
        ["--project", str(project), *DAY, *options],
        standalone_mode=False,
        catch_exceptions=False,
        prog_name="diff",
    )
