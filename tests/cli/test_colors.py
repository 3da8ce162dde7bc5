"""Colours are for people who want them: on a terminal, unless the environment says otherwise."""

import os
import pty
import re
import threading
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import pytest

import forked
from forwardc.cli import output
from shop_project import ACCOUNTS, SHOP

ROOT = Path(__file__).resolve().parent.parent.parent
FORCED = ("FORCE_COLOR", "CLICOLOR_FORCE")
# A bar of progress moves the cursor, which is no colour.
COLOR = re.compile(r"\x1b\[[0-9;]*m")
QUIET = ("NO_COLOR", *FORCED, "CLICOLOR", "TERM")


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, None),
        ({"NO_COLOR": ""}, None),
        ({"NO_COLOR": "0"}, False),
        ({"NO_COLOR": "1"}, False),
        ({"NO_COLOR": "false"}, False),
        ({"FORCE_COLOR": "1"}, True),
        ({"FORCE_COLOR": "0"}, None),
        ({"FORCE_COLOR": ""}, None),
        ({"CLICOLOR_FORCE": "1"}, True),
        ({"CLICOLOR_FORCE": "0"}, None),
        ({"CLICOLOR": "0"}, False),
        ({"CLICOLOR": "1"}, None),
        ({"TERM": "dumb"}, False),
        ({"TERM": "xterm-256color"}, None),
        ({"NO_COLOR": "1", "FORCE_COLOR": "1"}, False),
        ({"TERM": "dumb", "FORCE_COLOR": "1"}, True),
    ],
)
def test_what_the_environment_says(environment: Mapping[str, str], expected: bool | None) -> None:
    assert output.color_setting(environment) is expected


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with a mistake, which is coloured."""
    (tmp_path / "forwardc.yaml").write_text(ACCOUNTS)
    (tmp_path / "destinations").mkdir()
    text = SHOP.replace("card.number", "card.nubmer")
    (tmp_path / "destinations/shop.yaml").write_text(text)
    return tmp_path


# Each writes something that has a colour on a terminal: findings, headings, styled lines.
COLOURED = [
    ("check",),
    ("check", "--format", "concise"),
    ("coverage",),
    ("serve", "--check"),
    ("demo",),
]
NEVER = [
    ("check", "--json"),
    ("check", "--format", "github"),
]


@pytest.mark.parametrize("command", COLOURED, ids=" ".join)
def test_a_command_that_colours(command: tuple[str, ...], project: Path) -> None:
    assert COLOR.search(on_a_terminal(project, *command))
    assert not COLOR.search(on_a_terminal(project, *command, NO_COLOR="1"))
    assert not COLOR.search(in_a_pipe(project, *command))
    assert COLOR.search(in_a_pipe(project, *command, FORCE_COLOR="1"))


@pytest.mark.parametrize("command", NEVER, ids=" ".join)
def test_what_programs_read_has_no_colour(command: tuple[str, ...], project: Path) -> None:
    assert not COLOR.search(on_a_terminal(project, *command, FORCE_COLOR="1"))


def environment(**more: str) -> dict[str, str]:
    usual = {name: value for name, value in os.environ.items() if name not in QUIET}
    return {**usual, "PYTHONPATH": str(ROOT / "compiler"), "TERM": "xterm", **more}


def in_a_pipe(folder: Path, *command: str, **more: str) -> str:
    done = forked.forwardc(command, folder, environment(**more))
    return done.stdout + done.stderr


def on_a_terminal(folder: Path, *command: str, **more: str) -> str:
    ours, theirs = pty.openpty()
    shown: list[bytes] = []
    # A terminal holds little: who writes waits until somebody reads.
    reading = threading.Thread(target=read, args=(ours, shown))
    reading.start()
    forked.ending(command, folder, environment(**more), (theirs, theirs))
    os.close(theirs)
    reading.join()
    os.close(ours)
    return b"".join(shown).decode()


def read(terminal: int, shown: list[bytes]) -> None:
    # Linux says by an error that the other end was closed.
    with suppress(OSError):
        while piece := os.read(terminal, 65_536):
            shown.append(piece)
