"""What a shell completes a word to, in a project, in a broken one and in none."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import click
import pytest
from click.shell_completion import ShellComplete

from command_tree import commands
from forwardc.cli.commands import COMMANDS
from forwardc.cli.completing import VARIABLE
from forwardc.cli.main import cli
from forwardc.cli.main import run as call
from one_rule import one_rule
from shop_project import ACCOUNTS, SHOP

ROOT = Path(__file__).resolve().parents[2]
TWO = SHOP.replace("name: shop", "name: twice") + SHOP.partition("operations:\n")[2].replace(
    "  payment:", "  later:"
)
VAULTS = ["direct", "stripe"]
# What each of these parameters takes is known before a run.
NAMED = {"vault", "target", "environment", "account", "destination", "destinations", "operation"}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "forwardc.yaml").write_text(ACCOUNTS)
    (tmp_path / "destinations").mkdir()
    (tmp_path / "destinations/shop.yaml").write_text(SHOP)
    (tmp_path / "destinations/twice.yaml").write_text(TWO.replace("shop_key", "twice_key"))
    return tmp_path


@pytest.fixture
def built(project: Path, capfd: pytest.CaptureFixture[str]) -> Path:
    assert call(["build", "--no-store"]) == 0
    capfd.readouterr()
    return project


def completed(line: str) -> list[str]:
    """The words for the last one of a line, as click gives them to a shell."""
    *words, incomplete = line.split(" ")
    asked = ShellComplete(cli, {}, "forwardc", VARIABLE)
    return [item.value for item in asked.get_completions(words, incomplete)]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("run ", ["shop", "twice"]),
        ("run s", ["shop", "shop.payment"]),
        ("run t", ["twice.later", "twice.payment"]),
        ("run twice.p", ["twice.payment"]),
        ("run x", []),
        ("run shop.payment --via ", ["stripe"]),
        ("run --via ", ["stripe"]),
        ("run shop --via stripe --env ", ["production", "sandbox"]),
        ("run --env s", ["sandbox"]),
        ("run --account ", []),
        ("approve s", ["stripe"]),
        ("approve stripe t", ["twice.later", "twice.payment"]),
        ("approvals revoke stripe s", ["shop", "shop.payment"]),
        ("submit stripe ", ["shop", "twice"]),
        ("pause s", ["stripe", "shop"]),
        ("unpause t", ["twice"]),
        ("history --destination t", ["twice"]),
        ("history --operation ", ["later", "payment"]),
        ("history --destination shop --operation ", ["payment"]),
        ("secrets push ", ["shop", "twice"]),
        ("secrets push shop t", ["twice"]),
        ("secrets p", ["push"]),
        ("tokens create s", ["shop"]),
        ("explain FC010", [f"FC010{number}" for number in range(1, 10)]),
        ("explain fc0101", ["FC0101"]),
        ("explain FC9", ["FC9901"]),
        ("explain unknown-n", ["unknown-name"]),
        ("check --format c", ["concise"]),
        ("completion ", ["bash", "zsh", "fish"]),
        ("fmt --d", ["--diff"]),
        ("nonsense x", []),
    ],
    ids=str,
)
def test_words(line: str, words: list[str], built: Path) -> None:
    assert (built / "build/stripe/shop").is_dir()
    found = completed(line)
    assert [word for word in found if word] == words


def test_commands_come_in_the_order_of_use_with_their_line() -> None:
    asked = ShellComplete(cli, {}, "forwardc", VARIABLE)
    found = asked.get_completions([], "")
    assert [(item.value, item.help) for item in found] == list(COMMANDS.items())


def test_an_account_is_one_of_its_environment(project: Path) -> None:
    for place in ("sandbox", "production@eu", "production@us", "other@us2", "UP@x", "a@b@c"):
        plan = project / "build/stripe/shop" / f"{place}.plan.json"
        plan.parent.mkdir(parents=True, exist_ok=True)
        plan.write_text("{}")
    assert completed("run shop --env production --account ") == ["eu", "us"]
    assert completed("run shop --env sandbox --account ") == []
    assert completed("run --env ") == ["other", "production", "sandbox"]


@pytest.mark.parametrize("line", ["check ", "fmt ", "coverage ", "run --params ", "explain build/"])
def test_files_are_the_shells(line: str) -> None:
    *words, incomplete = line.split(" ")
    asked = ShellComplete(cli, {}, "forwardc", VARIABLE)
    assert [item.type for item in asked.get_completions(words, incomplete)] == ["file"]


# What a client may ask for is named in a server's settings.
@one_rule("words", sorted({*commands()} - {"clients bind", "clients issue"}))
def test_what_is_a_name_is_completed(words: str) -> None:
    for parameter in commands()[words].params:
        if parameter.name in NAMED:
            assert parameter._custom_shell_complete is not None, parameter.name


def test_without_a_build_there_are_files_and_what_is_shipped(project: Path) -> None:
    assert completed("run ") == ["shop", "twice"]
    assert completed("run s") == ["shop"]
    assert completed("run --via s") == ["stripe"]
    assert completed("run --env ") == ["production", "sandbox"]
    assert (project / "build").exists() is False


def test_outside_of_a_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert completed("run ") == []
    assert {"checkout", "stripe", "direct"} <= set(completed("run --via "))
    assert completed("run --env p") == ["production"]


def _deep(folder: Path) -> None:
    (folder / "stripe/shop/sandbox.plan.json").write_text("[" * 100_000)


def _list(folder: Path) -> None:
    (folder / "stripe/shop/sandbox.plan.json").write_text('[{"operations": []}]')


def _binary(folder: Path) -> None:
    (folder / "stripe/shop/sandbox.plan.json").write_bytes(b"\xff\xfe\x00")


def _folder(folder: Path) -> None:
    (folder / "stripe/shop/sandbox.plan.json").unlink()
    (folder / "stripe/shop/sandbox.plan.json").mkdir()


def _link(folder: Path) -> None:
    outside = folder.parent / "outside"
    shutil.move(folder / "stripe/shop", outside)
    (folder / "stripe/shop").symlink_to(outside)


def _file(folder: Path) -> None:
    shutil.rmtree(folder)
    folder.write_text("no folder")


BREAKS: dict[str, Callable[[Path], None]] = {
    "deep": _deep,
    "list": _list,
    "binary": _binary,
    "folder": _folder,
    "link": _link,
    "file": _file,
}


@pytest.mark.skipif(os.name == "nt", reason="needs links of POSIX")
@pytest.mark.parametrize("how", BREAKS)
def test_what_is_broken_offers_nothing(
    how: str, project: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = project / "build/stripe/shop/sandbox.plan.json"
    plan.parent.mkdir(parents=True)
    plan.write_text(json.dumps({"operations": {"payment": {}, "$(touch x)": {}, "a b\n": {}}}))
    assert completed("run shop.") == ["shop.payment"]
    BREAKS[how](project / "build")
    (project / "forwardc.yaml").write_text("{")
    monkeypatch.setenv(VARIABLE, "bash_complete")
    monkeypatch.setenv("COMP_WORDS", "forwardc run shop.")
    monkeypatch.setenv("COMP_CWORD", "2")
    assert call([]) == 0
    assert capfd.readouterr() == ("\n", "")


def test_only_what_may_be_a_name_is_offered(project: Path) -> None:
    for name in ("$(touch x)", "a b", "`x`", "-x", "UP", "\u202ex", "shop"):
        (project / "build/stripe" / name).mkdir(parents=True)
    assert completed("run ") == ["shop"]


@pytest.mark.parametrize(
    "environment",
    [
        {VARIABLE: "bash_complete"},
        {VARIABLE: "nonsense"},
        {VARIABLE: "bash_complete", "COMP_WORDS": "forwardc 'run", "COMP_CWORD": "x"},
    ],
    ids=("no words", "no shell", "no number"),
)
def test_a_question_that_is_none_has_no_answer(
    environment: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert call([]) == 1
    assert capfd.readouterr() == ("", "")


def test_a_failure_of_ours_says_nothing_between_two_keys(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def fails(*_: object) -> list[str]:
        raise TypeError("4242424242424242")

    monkeypatch.setattr("forwardc.cli.candidates._destinations", fails)
    for name, value in {"COMP_WORDS": "forwardc run ", "COMP_CWORD": "2"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv(VARIABLE, "bash_complete")
    assert call([]) == 1
    assert capfd.readouterr() == ("", "")


def _on_path(folder: Path) -> Path:
    """A folder with a `forwardc` of this checkout."""
    folder.mkdir()
    script = folder / "forwardc"
    package = ROOT / "compiler"
    script.write_text(
        f'#!/bin/sh\nPYTHONPATH="{package}" exec "{sys.executable}" -P -m forwardc "$@"\n'
    )
    script.chmod(0o755)
    return folder


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash here")
def test_in_a_real_bash(built: Path) -> None:
    bash, path = shutil.which("bash"), _on_path(built / "bin")
    asked = 'eval "$(forwardc completion bash)"; complete -p forwardc; ' + "".join(
        f"COMP_WORDS=(forwardc {line}); COMP_CWORD={line.count(' ') + 1}; COMPREPLY=(); "
        '_forwardc_completion forwardc; echo "${COMPREPLY[*]}"; '
        for line in ("cov", "run tw", "run shop --via s", "explain FC990")
    )
    done = subprocess.run(
        [bash or "", "--norc", "-c", asked],
        capture_output=True,
        text=True,
        check=False,
        cwd=built,
        env={"PATH": f"{path}{os.pathsep}{os.environ['PATH']}", "HOME": str(built)},
    )
    assert done.stderr == ""
    registered, *answers = done.stdout.splitlines()
    assert registered == "complete -o nosort -F _forwardc_completion forwardc"
    assert answers == ["coverage", "twice.later twice.payment", "stripe", "FC9901"]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_script_asks_forwardc(shell: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert call(["completion", shell]) == 0
    script = capfd.readouterr().out
    assert f"{VARIABLE}={shell}_complete" in script
    assert "_forwardc_completion" in script


def test_another_shell_is_a_usage_error() -> None:
    assert call(["completion", "tcsh"]) == 2
    assert call(["completion"]) == 2


def test_a_command_is_found_for_each_context() -> None:
    assert isinstance(cli.get_command(click.Context(cli), "completion"), click.Command)
