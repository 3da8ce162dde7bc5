"""Files made to stop a compiler: each is refused in bounded time and memory, in a process apart."""

import subprocess
import sys
from pathlib import Path

import pytest

MIB = 1024 * 1024
SECONDS = 10
MEMORY = 1024 * MIB

HEAD = b"""\
forwardc: 1
name: shop
title: Card payments of a shop
environments: {sandbox: {base_url: https://api.shop.example}}
operations:
  payment:
    initiator: customer
    steps:
      pay:
        request:
          POST: /payments
          json:
            number: ${card.number}
"""


def billion(width: int, levels: int) -> bytes:
    """A list of a few lines that expands to `width ** levels` values."""
    lines = ["            a0: &a0 [" + ", ".join(["x"] * width) + "]"]
    for level in range(1, levels):
        aliases = ", ".join([f"*a{level - 1}"] * width)
        lines.append(f"            a{level}: &a{level} [{aliases}]")
    return "\n".join(lines).encode() + b"\n"


def lets(width: int, levels: int) -> bytes:
    """The same with `let` names: texts joined of texts joined."""
    lines = ["        let:", "          a0: ${card.number}"]
    for level in range(1, levels):
        joined = " + ".join([f"a{level - 1}"] * width)
        lines.append(f"          a{level}: ${{{joined}}}")
    text = "\n".join(lines).encode() + b"\n"
    return HEAD.replace(b"        request:\n", text + b"        request:\n")


# What is read, and a code that it is refused with.
BOMBS = {
    "more than 1 MiB": (HEAD + b"#" * MIB, "FC0103"),
    "far more than 1 MiB": (b"a" * 64 * MIB, "FC0103"),
    "no UTF-8": (HEAD + b"            note: \xff\xfe\n", "FC0102"),
    "aliases of aliases": (HEAD + billion(9, 8), "FC0107"),
    "many wide aliases": (HEAD + billion(400, 3), "FC0107"),
    "names of names": (lets(9, 8), "FC0107"),
    "200,000 nested lists": (HEAD + b"            x: " + b"[" * 200_000, "FC0106"),
    "200,000 nested maps": (HEAD + b"            x: " + b"{a: " * 200_000, "FC0106"),
    "200,000 nested dashes": (HEAD + b"            x:\n              " + b"- " * 200_000, "FC0106"),
    "unclosed expressions": (HEAD + b"            x: '" + b"${" * 500_000 + b"'\n", "FC0115"),
    "broken expressions": (HEAD + b"            x: {" + b"a: ${b}, " * 50_000 + b"}\n", "FC0115"),
    "many expressions": (HEAD + b"            x: '" + b"${nothing}" * 6_500 + b"'\n", "FC0302"),
    "one long sum": (HEAD + b"            x: ${'a'" + b" + 'a'" * 100_000 + b"}\n", "FC0301"),
    "many brackets in an expression": (
        HEAD + b"            x: ${" + b"(" * 500_000 + b"}\n",
        "FC0301",
    ),
    "many calls in an expression": (
        HEAD + b"            x: ${" + b"text(" * 150_000 + b"}\n",
        "FC0301",
    ),
    "a long name": (HEAD + b"            x: ${" + b"a" * 65_000 + b"}\n", "FC0302"),
    "a longer name": (HEAD + b"            x: ${" + b"a" * 1_000_000 + b"}\n", "FC0301"),
    "a long number": (HEAD + b"            x: " + b"9" * 1_000_000 + b"\n", "FC0113"),
    "many unknown keys": (b"".join(b"k%d: x\n" % i for i in range(40_000)), "FC0201"),
    "the same key again and again": (HEAD + b"            number: x\n" * 30_000, "FC0105"),
    "digits that are no card": (HEAD + b"            x: '" + b"4" * 1_000_000 + b"{{'\n", "FC0509"),
    "a key that never ends": (
        HEAD
        + b"            x: |\n              -----BEGIN PRIVATE KEY-----\n"
        + b"              AAAA\n" * 50_000,
        "FC0504",
    ),
}


# Of the process itself, not of the clock: other tests run at the same time.
LIMITED = ["sh", "-c", f'ulimit -v {MEMORY // 1024} -t {SECONDS}; exec "$@"', "sh"]


@pytest.mark.parametrize("bomb", BOMBS)
def test_a_bomb_is_refused_in_bounded_time_and_memory(bomb: str, tmp_path: Path) -> None:
    data, code = BOMBS[bomb]
    (tmp_path / "shop.yaml").write_bytes(data)
    command = [sys.executable, "-P", "-m", "forwardc", "check", "shop.yaml", "--format", "concise"]
    done = subprocess.run(
        [*LIMITED, *command], cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 1, done.stderr[-500:]
    assert code in done.stdout
    assert "Traceback" not in done.stderr
    assert len(done.stdout) < 2 * MIB


def test_a_file_that_is_not_there_is_reported(tmp_path: Path) -> None:
    command = [sys.executable, "-P", "-m", "forwardc", "check", "shop.yaml"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert "FC0101" in done.stdout
