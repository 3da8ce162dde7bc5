"""Values of a run: what they are, whatever they begin with, and where nobody else reads them."""

import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from forwardc.cli.main import run as cli

BUILD = Path(__file__).resolve().parents[2] / "build"
SOURCE = "src_visa_adyen_approved0000000"
VISA = ("visa.provision", "--via", "checkout", "--source", SOURCE)
ROKT = ("rokt.share", "--via", "stripe", "--source", "pm_sandbox_visa")
MAIL = "jo@shop.example"

Call = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Call:
    """Dry runs in a sandbox, perhaps with something on standard input."""

    def call(*arguments: str, stdin: str = "") -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin.encode())))
        shared = ("--env", "sandbox", "--sandbox", "--dry-run", "--build", str(BUILD))
        code = cli(["run", *arguments, *shared])
        return (code, *capfd.readouterr())

    return call


def wallet(shown: str) -> Any:
    """The wallet's account id, as the destination will receive it."""
    request = json.loads(shown)["steps"][0]["request"]
    body = json.loads(request["body"])["destination_request"]["body"]
    return json.loads(body)["clientWalletAccountID"]


@pytest.mark.parametrize(
    "value",
    [
        "@/etc/passwd",
        "@w",
        "-",
        "--",
        "-x",
        "--json",
        "=",
        "=w=",
        ":w",
        "<w",
        "&w",
        "!w",
        "%w",
        "~",
        "file:w",
        "env:HOME",
        "$HOME",
        "${HOME}",
        "`id`",
        "{{w}}",
        " w",
        "w ",
        '"w"',
        "[1]",
        "null",
    ],
)
def test_a_value_is_what_it_is(run: Call, value: str) -> None:
    given = json.dumps({"email": MAIL, "wallet_account_id": value})
    for arguments, stdin in (
        (("-p", f"wallet_account_id={value}", "--params", "-"), json.dumps({"email": MAIL})),
        (("--params", "-"), given),
    ):
        code, out, err = run(*VISA, *arguments, "--json", stdin=stdin)
        assert code == 0, err
        assert wallet(out) == value


@pytest.mark.parametrize("source", ["@file", "-x", "=x", "--json"])
def test_nor_does_an_option_read_one_as_something_else(run: Call, source: str) -> None:
    code, _, err = run("visa.provision", "--via", "checkout", "--source", source)
    assert code == 1
    assert "FC0802 the source is none of the kinds" in err


@pytest.mark.parametrize("more", ["abc", "x" * 27, "visa-approved00000000000000"])
def test_an_id_that_is_cut_off_is_not_answered_with_its_own_beginning(run: Call, more: str) -> None:
    code, _, err = run("visa.provision", "--via", "checkout", "--source", f"src_{more}")
    assert code == 1
    assert "it begins as src_... and has not the length or the characters of one" in err
    assert "it takes" not in err
    assert more not in err


def test_a_sensitive_argument_is_a_warning_without_its_value(run: Call) -> None:
    code, out, err = run(*VISA, "-p", "wallet_account_id=w", "-p", f"email={MAIL}")
    assert code == 0
    assert "warning FC0841 params.email is sensitive" in err
    assert "--params - for standard input" in err
    assert MAIL not in out + err
    assert "wallet_account_id" not in err


def test_in_a_file_or_a_pipe_it_is_none(run: Call, tmp_path: Path) -> None:
    whole = {"wallet_account_id": "w", "email": MAIL}
    path = tmp_path / "params.json"
    path.write_text(json.dumps(whole))
    assert run(*VISA, "--params", str(path))[::2] == (0, "")
    assert run(*VISA, "--params", "-", stdin=json.dumps(whole))[::2] == (0, "")


def test_the_same_for_inputs(run: Call, tmp_path: Path) -> None:
    billing = {"billing.line1": "1 Main St", "billing.city": "Springfield"}
    param = ("-p", "reference=r")
    code, _, err = run(*ROKT, *param, *(f"--input={name}={v}" for name, v in billing.items()))
    assert code == 0
    assert err.count("FC0841") == 2
    assert "inputs.billing.line1 is sensitive" in err
    assert "--inputs - for standard input" in err
    path = tmp_path / "inputs.json"
    path.write_text(json.dumps(billing))
    for given, stdin in ((str(path), ""), ("-", json.dumps(billing))):
        code, out, err = run(*ROKT, *param, "--inputs", given, stdin=stdin)
        assert code == 0, err
        assert "Springfield" not in out


def test_one_option_reads_standard_input(run: Call, tmp_path: Path) -> None:
    code, _, err = run(*VISA, "--params", "-", "--inputs", "-", stdin="{}")
    assert code == 2
    assert "cannot both be -" in err
    inputs = tmp_path / "inputs.json"
    inputs.write_text("{}")
    whole = json.dumps({"wallet_account_id": "w", "email": MAIL})
    assert run(*VISA, "--params", "-", "--inputs", str(inputs), stdin=whole)[0] == 0


@pytest.mark.parametrize(
    ("stdin", "told"),
    [
        ("", "standard input is no JSON"),
        ("4242424242424242x", "standard input is no JSON (line 1"),
        ("[1]", "standard input must hold an object"),
        ('{"email": "a", "email": "b"}', "a name stands twice"),
        ('{"email": {"a": 1, "a": 2}}', "a name stands twice"),
        ("[" * 100_000, "standard input is no JSON"),
        ("\x00{}", "standard input is"),
    ],
)
@pytest.mark.parametrize("option", ["--params", "--inputs"])
def test_what_is_no_object_of_values(run: Call, option: str, stdin: str, told: str) -> None:
    code, _, err = run(*VISA, option, "-", stdin=stdin)
    assert code == 2
    assert f"{option}: standard input" in err
    assert told in err
    assert "4242" not in err


@pytest.mark.parametrize("value", ["1", "null", "true", "{}", "[]"])
def test_an_input_is_text(run: Call, value: str) -> None:
    code, _, err = run(*VISA, "--inputs", "-", stdin=f'{{"cvv_token": {value}}}')
    assert code == 2
    assert "--inputs: each value must be text" in err


@pytest.mark.parametrize("given", ["/dev/zero", "pipe"])
def test_what_never_ends_is_refused(given: str, tmp_path: Path) -> None:
    """A real standard input, too: it is read to a limit."""
    command = [sys.executable, "-P", "-m", "forwardc", "run", *VISA, "--env", "sandbox"]
    command += ["--sandbox", "--dry-run", "--build", str(BUILD), "--params", "-"]
    if given == "pipe":
        asked = subprocess.run(
            command, input=b'{"x": "' + b"a" * 5_000_000, capture_output=True, timeout=60
        )
    else:
        with Path(given).open("rb") as zero:
            asked = subprocess.run(command, stdin=zero, capture_output=True, timeout=60)
    assert asked.returncode == 2
    assert b"standard input cannot be read: it is larger than" in asked.stderr


def test_a_real_pipe(tmp_path: Path) -> None:
    command = [sys.executable, "-P", "-m", "forwardc", "run", *VISA, "--env", "sandbox"]
    command += ["--sandbox", "--dry-run", "--json", "--build", str(BUILD), "--params", "-"]
    read, write = os.pipe()
    with subprocess.Popen(command, stdin=read, stdout=subprocess.PIPE) as process:
        os.close(read)
        # In two parts: what comes late belongs to it.
        os.write(write, b'{"wallet_account_id": "w",')
        os.write(write, b' "email": "jo@shop.example"}')
        os.close(write)
        out, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    assert wallet(out.decode()) == "w"
