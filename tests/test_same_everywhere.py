"""The tests are the same in every shell, on every file system and beside every other test.

What hands something of its own to tests is met in one place (`tests/support/usual_shell.py`,
`tests/support/ports.py`, `until_files_get_later_times`), and nobody goes around it.
"""

import ast
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from patience import until_files_get_later_times
from ports import free_port

ROOT = Path(__file__).resolve().parent.parent
TESTS = ROOT / "tests"
# Started by a shell with settings of its own, it says what a child of the tests gets.
CHILD = """\
import os, signal, subprocess, sys
import usual_shell
usual_shell.settle()
said = "import os, signal; print(sorted(set(os.environ) - {'LC_CTYPE'}), oct(os.umask(0)), "
said += "signal.getsignal(signal.SIGINT) is signal.default_int_handler, "
said += "signal.pthread_sigmask(signal.SIG_BLOCK, ()), os.path.isdir(os.environ['HOME']))"
subprocess.run([sys.executable, "-c", said], check=True)
"""
STRANGE = {
    "FORWARDC_HISTORY": "x.db",
    "CI": "1",
    "NO_COLOR": "1",
    "TZ": "Pacific/Chatham",
    "LC_ALL": "tr_TR.UTF-8",
    "HTTPS_PROXY": "http://192.0.2.1:9",
    "PGPASSWORD": "x",
    "SSLKEYLOGFILE": "/nowhere/keys",
    "PYTHONASYNCIODEBUG": "1",
    "COLUMNS": "20",
    "HOME": "/nowhere",
}


def test_a_test_gets_nothing_of_the_shell_that_started_it() -> None:
    script = f'trap "" INT TERM ALRM; umask 077; exec {sys.executable} -c "$1"'
    done = subprocess.run(
        ["sh", "-c", script, "sh", CHILD],
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(TESTS / "support"), **STRANGE},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == "['HOME', 'PATH', 'PYTHONPATH'] 0o22 True set() True\n", done.stderr


def mistakes(text: str) -> list[tuple[int, str]]:
    """The lines of a test file that depend on what others do or on where they run, and how."""
    # Few files do, and to parse all of them takes seconds.
    if not any(word in text for word in ("preexec_fn", "st_atime", "getsockname")):
        return []
    tree = ast.parse(text)
    told = [(line, "where threads are, no code runs after a fork") for line in forks(tree)]
    told += [(line, "when a file was read is no mount's promise") for line in reads(tree)]
    told += [(line, "a port that was given back is anybody's") for line in given_back(tree)]
    return sorted(told)


def forks(tree: ast.AST) -> Iterator[int]:
    for node in ast.walk(tree):
        if isinstance(node, ast.keyword) and node.arg == "preexec_fn":
            yield node.lineno


def reads(tree: ast.AST) -> Iterator[int]:
    """Where the time of the last reading is used, but to leave it as it was."""
    left = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "os.utime"
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        is_asked = isinstance(node, ast.Attribute) and node.attr.startswith("st_atime")
        if is_asked and id(node) not in left:
            yield node.lineno


def given_back(tree: ast.AST) -> Iterator[int]:
    """Where a socket is opened only to learn which port it gets."""
    for node in ast.walk(tree):
        if isinstance(node, ast.With) and len(node.body) == 1:
            takes = any("create_server" in ast.dump(one.context_expr) for one in node.items)
            (only,) = node.body
            value = only.value if isinstance(only, ast.Assign | ast.Return) else None
            if takes and value is not None and is_name_of_socket(value):
                yield node.lineno


def is_name_of_socket(value: ast.expr) -> bool:
    """Whether it is a socket's address, or a part of it as text, and goes to nobody meanwhile."""
    if isinstance(value, ast.Subscript):
        return is_name_of_socket(value.value)
    if not isinstance(value, ast.Call):
        return False
    if isinstance(value.func, ast.Attribute):
        return value.func.attr == "getsockname"
    return any(map(is_name_of_socket, value.args)) and ast.unparse(value.func) in ("str", "int")


def test_no_test_depends_on_where_and_beside_what_it_runs() -> None:
    told = [
        f"{path.relative_to(ROOT)}:{line}: {what}"
        for path in sorted(TESTS.rglob("*.py"))
        for line, what in mistakes(path.read_text(encoding="utf-8"))
    ]
    assert not told, "\n".join(told)


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("subprocess.run(command, preexec_fn=limit)", 1),
        ("before = path.stat().st_atime_ns", 1),
        ("os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))", 0),
        ("with socket.create_server(('', 0)) as one:\n    port = one.getsockname()[1]", 1),
        ("def one():\n  with create_server(('', 0)) as own:\n    return own.getsockname()", 1),
        ("with create_server(('', 0)) as one:\n    port = one.getsockname()\n    run(port)", 0),
        ("with create_server(('', 0)) as one:\n    yield one.getsockname()", 0),
        ("with create_server(('', 0)) as one:\n    told = refused(str(one.getsockname()[1]))", 0),
    ],
)
def test_the_rules_see(text: str, count: int) -> None:
    assert len(mistakes(text)) == count


def test_a_free_port_is_one_that_the_system_gives_to_nobody() -> None:
    ports = [free_port() for _ in range(20)]
    assert len(set(ports)) == 20
    first = Path("/proc/sys/net/ipv4/ip_local_port_range")
    assert not first.exists() or max(ports) < int(first.read_text().split()[0])
    with socket.create_server(("127.0.0.1", ports[0])):
        pass


def test_a_file_that_is_written_later_has_later_times(tmp_path: Path) -> None:
    for _ in range(3):
        (tmp_path / "before").write_text("x")
        until_files_get_later_times()
        (tmp_path / "after").write_text("x")
        times = [(tmp_path / name).stat().st_ctime_ns for name in ("before", "after")]
        assert times[0] < times[1]
