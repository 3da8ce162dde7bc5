"""The command line starts fast, explains itself, and never shows a traceback."""

import json
import os
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from forwardc.cli import main
from forwardc.cli.commands import COMMANDS, MODULES
from forwardc.cli.main import cli, run
from forwardc.version import __version__
from one_rule import one_rule
from stored_projects import write_project

HEAVY = {"pydantic", "jsonschema", "jsonschema_rs", "httpx", "yaml", "jinja2", "jwcrypto"}
FOLDER = Path(main.__file__).parent
ROOT = Path(__file__).resolve().parent.parent
# The modules of the folder that are no commands, and serve several.
SHARED = {
    *("__init__", "main", "commands", "options", "output", "findings", "project_folder"),
    *("compiled_plans", "unknown_runs", "stored", "unchanged", "watched_inputs", "named_sources"),
    *("candidates", "completing", "polled_runs"),
}


def forwardc(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-P", "-m", "forwardc", *arguments],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(FOLDER.parent.parent), **environment},
    )


def modules_after(*arguments: str) -> set[str]:
    """Return the top-level packages that are loaded once a command line has run."""
    return {name.partition(".")[0] for name in all_modules_after(*arguments)}


def all_modules_after(*arguments: str) -> set[str]:
    """Return the full names of all modules that are loaded then.

    None stands for one that must not be.
    """
    script = (
        "import json, sys\n"
        "from forwardc.__main__ import main\n"
        f"sys.argv = ['forwardc', *{list(arguments)!r}]\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "print(json.dumps(sorted(name for name, module in sys.modules.items() if module)))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(FOLDER.parent.parent)},
    )
    return set(json.loads(done.stdout.splitlines()[-1]))


def invoke(*arguments: str) -> Result:
    return CliRunner().invoke(cli, arguments)


@pytest.mark.parametrize("flag", ["--version", "-V"])
def test_version_is_answered_before_click_is_imported(flag: str) -> None:
    assert forwardc(flag).stdout == f"forwardc {__version__}\n"
    assert "click" not in modules_after(flag)


def test_help_lists_every_command_and_loads_nothing_heavy() -> None:
    done = forwardc("--help")
    assert done.returncode == 0
    for name, text in COMMANDS.items():
        assert name in done.stdout
        assert text.split(",")[0] in done.stdout
    assert not modules_after("--help") & {*HEAVY, "click"}
    # The same page where click is asked for it.
    assert invoke("--help").stdout == done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 80


def test_explain_loads_nothing_heavy() -> None:
    assert not modules_after("explain", "FC0302") & HEAVY


def test_completion_loads_nothing_heavy(monkeypatch: pytest.MonkeyPatch) -> None:
    for line, word in (("forwardc ", 1), ("forwardc run a", 2), ("forwardc explain FC", 2)):
        monkeypatch.setenv("_FORWARDC_COMPLETE", "bash_complete")
        monkeypatch.setenv("COMP_WORDS", line)
        monkeypatch.setenv("COMP_CWORD", str(word))
        loaded = all_modules_after()
        assert not {name.partition(".")[0] for name in loaded} & {*HEAVY, "asyncio", "logging"}
        assert not {name for name in loaded if name.startswith("forwardc.compile")}
        assert ("forwardc.cli.run.command" in loaded) is line.startswith("forwardc run")


def test_check_loads_no_model_of_a_plan() -> None:
    loaded = all_modules_after("check", "--project", str(ROOT))
    assert "forwardc.compile.pipeline" in loaded
    assert "forwardc.plan.model" not in loaded


def test_check_loads_no_model_at_all() -> None:
    assert not modules_after("check", "--project", str(ROOT)) & {"pydantic", "httpx", "jinja2"}


def test_a_build_of_few_loads_no_model_no_encoder_and_no_git(tmp_path: Path) -> None:
    project = write_project(tmp_path)
    loaded = all_modules_after("build", "--project", str(project), "--no-store")
    assert {"jinja2", "forwardc.compile.review.staged_build"} <= loaded
    assert not loaded & {"pydantic", "pydantic_core", "httpx", "subprocess"}


def test_a_history_is_listed_without_a_model_and_without_an_event_loop(tmp_path: Path) -> None:
    history = str(tmp_path / "history.db")
    assert forwardc("history", "begin", "--history", history).returncode == 0
    loaded = modules_after("history", "--history", history)
    assert "sqlite3" in loaded
    assert not loaded & {*HEAVY, "asyncio", "logging"}


def test_approvals_are_listed_without_a_model_and_without_unpacking() -> None:
    modules = all_modules_after("approvals", "--build", str(ROOT / "build"))
    loaded = {name.partition(".")[0] for name in modules}
    assert not loaded & {*HEAVY, "asyncio", "logging", "zipfile", "tempfile", "difflib"}
    # What finds cards in a diagnostic: none is shown.
    assert "forwardc.core.recognizer.cards" not in modules


def test_a_run_in_the_sandbox_loads_no_model_and_only_who_takes_part(tmp_path: Path) -> None:
    loaded = all_modules_after(
        *("run", "rokt.share", "--via", "checkout", "--env", "sandbox", "--sandbox"),
        *("--build", str(ROOT / "build"), "--history", str(tmp_path / "history.db")),
        *("--source", "src_visa_approved0000000000000", "--param", "reference=ORDER-1001"),
    )
    assert {"starlette", "httpx"} <= loaded
    assert not loaded & {"pydantic", "jinja2", "yaml", "jsonschema", "rich", "pygments"}
    parties = {name.split(".")[-2] for name in loaded if name.endswith(".party")}
    assert parties == {"checkout", "rokt"}


def test_clients_are_listed_without_a_client_of_http(tmp_path: Path) -> None:
    loaded = modules_after("clients", "list", "--history", str(tmp_path / "history.db"))
    assert "jwcrypto" in loaded
    assert not loaded & {"httpx", "pydantic_settings"}


@one_rule("name", {**COMMANDS, **MODULES})
def test_each_command_is_found_where_the_table_says(name: str) -> None:
    command = cli.get_command(click.Context(cli), name)
    assert isinstance(command, click.Command)
    assert invoke(name, "--help").exit_code == 0


@one_rule("path", sorted(FOLDER.glob("*.py")))
def test_each_file_is_a_command_or_serves_several(path: Path) -> None:
    modules = {MODULES.get(name, name).partition(":")[0] for name in COMMANDS}
    assert (path.stem in modules) is not (path.stem in SHARED)


@one_rule("folder", sorted(path for path in FOLDER.iterdir() if (path / "__init__.py").is_file()))
def test_each_folder_is_a_group_of_commands(folder: Path) -> None:
    assert f"{folder.name}.command" in MODULES.values()


def test_a_command_has_its_old_name_for_one_version_and_says_so() -> None:
    """`resume` ended a pause, beside `run --resume`, which continues a run."""
    assert "resume" not in COMMANDS
    assert "unpause" in COMMANDS
    assert "  resume" not in forwardc("--help").stdout
    done = forwardc("resume", "stripe", "--history", "there-is-none.db")
    assert done.returncode == 1
    assert "`forwardc unpause stripe`" in done.stderr


def test_a_mistyped_command_is_a_usage_error_with_a_suggestion() -> None:
    done = forwardc("chekc")
    assert done.returncode == 2
    assert "Did you mean 'check'?" in done.stderr
    assert done.stdout == ""


def test_an_unknown_option_is_a_usage_error() -> None:
    done = forwardc("explain", "--nonsense")
    assert done.returncode == 2
    assert "--nonsense" in done.stderr


def test_explain_lists_all_codes() -> None:
    done = forwardc("explain")
    assert done.returncode == 0
    assert "FC0302" in done.stdout
    assert "FC9901" in done.stdout


def test_explain_suggests_a_code() -> None:
    done = forwardc("explain", "FC030")
    assert done.returncode == 2
    assert "There is no code 'FC030'" in done.stderr
    assert "FC0302" in done.stderr


@click.command()
def fails() -> None:
    raise ValueError("4242424242424242")


def test_a_failure_of_ours_is_one_line_without_its_values(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("FORWARDC_DEBUG", raising=False)
    monkeypatch.setattr(main, "cli", fails)
    assert run([]) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert len(shown.err.splitlines()) == 1
    assert shown.err.startswith("FC9901 internal error: ValueError in cli/main.py:")
    assert "FORWARDC_DEBUG=1" in shown.err
    assert "4242" not in shown.err


def test_a_failure_of_ours_shows_its_traceback_when_asked(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FORWARDC_DEBUG", "1")
    monkeypatch.setattr(main, "cli", fails)
    assert run([]) == 2
    assert "Traceback" in capsys.readouterr().err


def test_what_is_registered_for_the_end_is_done_and_threads_are_waited_for(tmp_path: Path) -> None:
    """Modules are not taken apart, and nothing else is left out."""
    script = (
        "import atexit, sys, threading\n"
        "from pathlib import Path\n"
        "from forwardc.__main__ import whole_process\n"
        "import forwardc.__main__ as start\n"
        "def command():\n"
        "    atexit.register(Path(sys.argv[1], 'registered').touch)\n"
        "    def late():\n"
        "        threading.main_thread().join()\n"
        "        Path(sys.argv[1], 'thread').touch()\n"
        "    threading.Thread(target=late).start()\n"
        "    sys.stdout.write('said')\n"
        "    sys.exit(3)\n"
        "start.main = command\n"
        "whole_process()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(FOLDER.parent.parent)},
    )
    assert (done.returncode, done.stdout, done.stderr) == (3, "said", "")
    assert {path.name for path in tmp_path.iterdir()} == {"registered", "thread"}


def test_an_interrupt_exits_130(monkeypatch: pytest.MonkeyPatch) -> None:
    @click.command()
    def waits() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(main, "cli", waits)
    assert run([]) == 130


@pytest.mark.skipif(os.name == "nt", reason="needs a POSIX pipe")
def test_a_reader_that_leaves_ends_the_command_without_a_word() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    try:
        done = subprocess.run(
            [sys.executable, "-P", "-m", "forwardc", "explain"],
            stdout=writer,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            env={**os.environ, "PYTHONPATH": str(FOLDER.parent.parent)},
        )
    finally:
        os.close(writer)
    assert done.stderr == ""
    assert done.returncode == 141
