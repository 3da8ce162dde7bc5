"""Every measurement runs, on tiny input. No figure is judged here: machines differ."""

import re
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import click
import pytest
import yaml

ROOT = Path(__file__).resolve().parent.parent
FORWARDC = (sys.executable, "-P", "-m", "forwardc")


@pytest.fixture(autouse=True)
def importable(monkeypatch: pytest.MonkeyPatch) -> None:
    """The package lies beside the compiler, as `python -m benchmarks` finds it."""
    monkeypatch.syspath_prepend(str(ROOT))
    monkeypatch.setenv("PYTHONPATH", str(ROOT / "compiler"))


def test_a_generated_destination_has_117_lines() -> None:
    from benchmarks.project import destination

    assert destination(7).count("\n") == 117


def test_no_reference_of_the_load_looks_like_a_card() -> None:
    from benchmarks.load import reference

    from forwardc.core.recognizer.cards import holds_card

    # 7415 is the first that did when digits could stand in a row.
    assert not [number for number in range(7000, 9500) if holds_card(reference(number))]


def test_the_floor_writes_two_files_for_each_destination(tmp_path: Path) -> None:
    from benchmarks.project import generate
    from benchmarks.rows import FLOOR, SCHEMA

    root = generate(tmp_path, 2)
    for job in ("check", "build", "rebuild"):
        subprocess.run([sys.executable, str(FLOOR), str(root), str(SCHEMA), job], check=True)
    names = ["config", "template"]
    files = sorted(path.name for path in (root / "floor").iterdir())
    assert files == [f"psp_000{number}.{name}.json" for number in range(2) for name in names]


def test_a_mistake_is_one_that_check_finds(tmp_path: Path) -> None:
    from benchmarks.project import generate

    root = generate(tmp_path, 2, mistakes=1)
    done = subprocess.run(
        [*FORWARDC, "check", "--format", "concise", "--project", str(root)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "psp_0000.yaml" in done.stdout
    assert "psp_0001.yaml" not in done.stdout


def test_each_mistake_that_a_peer_must_refuse_is_refused_by_check(tmp_path: Path) -> None:
    from benchmarks.peers.mistakes import MISTAKES
    from benchmarks.peers.peer import definitions
    from benchmarks.project import generate

    root = generate(tmp_path, len(MISTAKES))
    for (name, data), change in zip(
        definitions(len(MISTAKES)).items(), MISTAKES.values(), strict=True
    ):
        change(data)
        text = yaml.safe_dump(data, sort_keys=False)
        (root / "destinations" / f"{name}.yaml").write_text(text, encoding="utf-8")
    done = subprocess.run(
        [*FORWARDC, "check", "--format", "concise", "--project", str(root)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    errors = [line for line in done.stdout.splitlines() if " error FC" in line]
    silent = [
        what
        for number, what in enumerate(MISTAKES)
        if not any(f"psp_{number:04}.yaml:" in line for line in errors)
    ]
    assert silent == []


@pytest.mark.parametrize("language", ["pkl", "jsonnet"])
def test_a_peer_gives_the_same_as_the_floor_and_refuses_the_mistakes(
    tmp_path: Path, language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from benchmarks.peers import install
    from benchmarks.peers.peer import job, peers, prove_equal, prove_refusals
    from benchmarks.project import generate
    from benchmarks.rows import FLOOR, SCHEMA

    # A test reaches no index: it takes what `make bench` has installed.
    if not list(install.CACHE.glob(f"{language}-*")):
        pytest.skip(f"{language} is not installed: `make bench NAMES=cold` installs it")
    name = {"pkl": "Pkl 0.28", "jsonnet": "jrsonnet"}[language]
    monkeypatch.setattr(install, "_run", None)
    peer = next(peer for peer in peers(print) if peer.name == name)
    root = generate(tmp_path / "project", 3)
    subprocess.run([sys.executable, str(FLOOR), str(root), str(SCHEMA), "build"], check=True)
    subprocess.run(job(peer, tmp_path / "peer", 3), check=True, capture_output=True)
    prove_equal(tmp_path / "peer" / "out", root / "floor")
    prove_refusals(peer, tmp_path)


def test_another_output_or_another_verdict_is_found(tmp_path: Path) -> None:
    from benchmarks.peers.peer import Peer, UnequalError, prove_equal, prove_refusals

    for folder, text in (("ours", "[1]"), ("same", "[1]"), ("other", "[2]"), ("none", "")):
        (tmp_path / folder).mkdir()
        if text:
            (tmp_path / folder / "a.config.json").write_text(text, encoding="utf-8")
    prove_equal(tmp_path / "same", tmp_path / "ours")
    for folder in ("other", "none"):
        with pytest.raises(UnequalError, match="config"):
            prove_equal(tmp_path / folder, tmp_path / "ours")

    def write(folder: Path, _definitions: object) -> Path:
        folder.mkdir()
        return folder

    for command, wrong in (("pass", "no method"), ("raise SystemExit(1)", "what is right")):
        script = [sys.executable, "-c", command]
        with pytest.raises(UnequalError, match=wrong):
            prove_refusals(Peer("mine", write, lambda *_, script=script: script), tmp_path)


def test_a_peer_that_cannot_be_installed_is_left_out_with_its_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from benchmarks.peers import install
    from benchmarks.peers.peer import peers

    monkeypatch.setattr(install, "CACHE", tmp_path / "cache")
    monkeypatch.setattr(install.shutil, "which", lambda _: None)
    monkeypatch.setattr(install.sys, "executable", str(tmp_path / "no-python"))
    told: list[str] = []
    assert list(peers(told.append)) == []
    assert told == [
        "Pkl 0.28 is left out: there is no npm to install it with",
        "jrsonnet is left out: a venv could not be made",
    ]
    assert list((tmp_path / "cache").iterdir()) == []


# Suites of which only the arguments of the commands are looked at: each command has tests of its
# own, and a whole run of it here would say no more.
PARSED = ("unchanged", "edited", "memory", "counted", "large", "mistaken", "diff")


def test_every_measurement_runs_and_stands_on_the_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from benchmarks import compiling, large, rebuilding, suites, timing
    from benchmarks.goals import GOALS
    from benchmarks.report import page
    from benchmarks.rows import Effort

    def once(runs: Mapping[str, timing.Run], *_: int, **__: int) -> timing.Turns:
        for run in runs.values():
            run()
        return timing.Turns({name: [1.0] for name in runs})

    # What is measured runs once: here nobody reads a figure.
    for module in (timing, compiling, large, rebuilding):
        monkeypatch.setattr(module, "in_turns", once)
    # A test reaches no index, and one database is as good as two.
    monkeypatch.setattr(compiling, "peers", lambda _tell: iter(()))
    monkeypatch.setattr(
        suites, "_histories", lambda folder, what: [("SQLite", str(folder / f"{what}.db"))]
    )
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    effort = Effort((1, 2), 1, 1, 1, 2, 500, 1, 1, 0.2, 0.4, 20, 4)
    # `make quick` would run this test again.
    whole = tuple(name for name in suites.SUITES if name not in ("quick", *PARSED))
    found = list(suites.rows(whole, effort, tmp_path, print))
    monkeypatch.setattr(timing, "command", _parsed)
    monkeypatch.setattr(compiling, "peak_mib", lambda words: _parsed(words)() or 1.0)
    monkeypatch.setattr(compiling, "_calls", lambda _folder, _name, size: size**2)
    found += suites.rows(PARSED, replace(effort, sizes=(1, 2, 3)), tmp_path, print)
    text = page(found, ["a peer"], 1)
    assert {row.job for row in found} == {"", "build", "check", "rebuild"}
    for row in found:
        assert row.ours > 0 or row.what.endswith("errors") or "memory for each" in row.what
        assert row.what in text
    assert "Left out: a peer." in text
    assert text.count("| `build` |") == 1
    # A goal is of a row that there is; a whole run has larger numbers.
    measured = {(_numberless(row.what), _numberless(row.against)) for row in found}
    whats = {what for what, _ in measured}
    for goal in GOALS:
        of = (_numberless(goal.what.replace("PostgreSQL", "SQLite")), goal.against)
        left_out = goal.what == "`make quick`" or goal.against == "Pkl 0.28"
        assert left_out or of in measured or (not of[1] and of[0] in whats), goal.what


def test_calls_are_the_same_each_time(tmp_path: Path) -> None:
    from benchmarks.compiling import _calls

    # What an edit has made new is compiled to bytecode the first time.
    _calls(tmp_path, "check", 1)
    once, again = (_calls(tmp_path, "check", 1) for _ in range(2))
    # Of the figure's 1.02 that is a two-hundredth; a call or two are the interpreter's own.
    assert abs(once - again) <= once / 10_000
    assert once > 100_000


def _parsed(words: Sequence[str], **_: object) -> Callable[[], None]:
    """A command that is not run: its arguments are those of a script, or of `forwardc`."""
    from forwardc.cli.main import cli

    arguments = list(words[1:])
    if arguments[:3] == ["-P", "-m", "forwardc"]:
        name, command, rest = cli.resolve_command(click.Context(cli), arguments[3:])
        assert command is not None
        command.make_context(name, rest)
    else:
        assert arguments == ["-c", "pass"] or Path(arguments[0]).is_file()
    return lambda: None


def _numberless(text: str) -> str:
    return re.sub(r"[\d.,]*\d", "N", text)


def test_a_goal_is_told_as_met_or_as_missed_with_its_reason() -> None:
    from benchmarks import goals
    from benchmarks.rows import Row

    row = Row("`forwardc history`", "`python -c pass`", 0.1, 0.01, 10.0)
    assert next(iter(goals.verdicts([row]))).startswith(
        "- `forwardc history`: at most 9 times `python -c pass`; **missed** with 10"
    )
    calls = "partner API, 64 connections, SQLite: calls answered"
    row = Row(calls, "the same over our connections", 700, 1000, 0.7, unit="/s")
    said = "at least 0.6 times the same over our connections; met with 0.7"
    assert list(goals.verdicts([row])) == [f"- {calls}: {said}, and the wanted 0.75 not reached."]


def test_growth_is_judged_by_the_last_two_slopes() -> None:
    from benchmarks.goals import verdicts
    from benchmarks.rows import Row

    seconds = {1: 1.0, 10: 1.9, 100: 10.9, 1000: 145.9}
    rows = [Row("", "floor", s, job="build", size=size) for size, s in seconds.items()]
    said = "at most 1.3 times one up to 100; **missed** with 1.5"
    assert list(verdicts(rows)) == [f"- each further destination, build, up to 1,000: {said}."]
