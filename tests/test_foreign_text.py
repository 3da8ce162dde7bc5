"""What destinations, vaults and callers write never makes a second line of our output, or hides."""

import json
import re
import unicodedata
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from forwardc.cli.main import run as forwardc
from forwardc.core.diagnostics.render.printable import escaped, on_one_line, printable
from forwardc.dashboard.render import _environment
from loopback import served

ROOT = Path(__file__).resolve().parent.parent
HOSTILE = {
    "line feed": "a\napproved",
    "carriage return": "a\rapproved",
    "both": "a\r\n\r\n  approved",
    "next line": "a\x85approved",
    "line separator": "a\u2028approved",
    "paragraph separator": "a\u2029approved",
    "form feed": "a\x0c\x0bapproved",
    "separators": "a\x1c\x1d\x1eapproved",
    "escape sequence": "a\x1b[2K\x1b[1Gapproved",
    "eight bit sequence": "a\x9b2K\x9dapproved",
    "title": "a\x1b]0;approved\x07",
    "backspaces": "a" + "\x08" * 40 + "approved",
    "override": "a\u202edevorppa",
    "isolate": "a\u2067devorppa\u2069",
    "marks": "a\u200e\u200f\u061capproved",
    "without width": "a\u200b\u200c\u200d\u2060\ufeff\u00ad\u180eapproved",
    "fillers": "a\u3164\u115f\uffa0approved",
    "tags": "a\U000e0041\U000e007fapproved",
    "half a pair": "a\ud800approved",
    "nothing": "a\x00approved",
}
each = pytest.mark.parametrize("name", HOSTILE)


def visible(text: str) -> bool:
    """Whether every character of a text is one that a reader sees, in its place."""
    return not any(
        unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp")
        or char in "\u3164\u115f\uffa0\u034f"
        or (unicodedata.category(char) == "Cf" and unicodedata.bidirectional(char) != "AN")
        for char in text.replace("\n", "")
    )


class Vault:
    """Stands in for Stripe: a destination that answers with one text, and a list that has it."""

    def __init__(self) -> None:
        self.text = ""
        self.lost = False
        self.result = "Authorised"
        self.sent: dict[str, Any] = {}

    async def __call__(self, request: Request) -> Response:
        if request.method == "POST":
            form = dict(parse_qsl((await request.body()).decode()))
            self.sent = {name: form[name] for name in ("metadata[forwardc_run]", "url")}
            if self.lost:
                return self.answer({"error": {"type": "api_error"}}, 500)
            return self.answer(self.item())
        return self.answer({"object": "list", "data": [self.item()], "has_more": False})

    def item(self) -> dict[str, Any]:
        said = {"pspReference": self.text, "resultCode": self.result, "refusalReason": self.text}
        details = {"status": 200, "headers": [], "body": json.dumps(said)}
        run = {"forwardc_run": self.sent["metadata[forwardc_run]"]}
        told = {"object": "forwarding.request", "created": 0, "metadata": run}
        whole = {"id": f"fwdreq_{self.text}", "url": self.sent["url"], "response_details": details}
        return told | whole

    def answer(self, document: dict[str, Any], status: int = 200) -> Response:
        return Response(json.dumps(document), status, media_type="application/json")


@pytest.fixture
def vault() -> Vault:
    return Vault()


@pytest.fixture
def call(
    vault: Vault, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> Iterator[Callable[..., str]]:
    """Run a command against the vault; standard output."""

    async def answer(request: Request) -> Response:
        return await vault(request)

    app = Starlette(routes=[Route("/{path:path}", answer, methods=["GET", "POST"])])
    with served(app) as url:

        def work(*arguments: str) -> str:
            shared = ["--history", str(tmp_path / "h.db")]
            if arguments[0] != "history":
                shared += ["--build", str(ROOT / "build"), "--sandbox", url]
            capsys.readouterr()
            forwardc([*arguments, *shared])
            return capsys.readouterr().out

        yield work


RUN = (
    *("run", "adyen.card_cit", "--via", "stripe", "--env", "sandbox"),
    *("--source", "pm_sandbox_visa", "-p", "amount=1", "-p", "currency=EUR"),
    *("-p", "reference=r", "-p", "return_url=https://shop.example/r"),
)


def history_lines(call: Callable[..., str]) -> list[str]:
    shown = call("history")
    run = shown.splitlines()[1].split()[1]
    return [shown, call("history", "show", run), call("history", "--csv")]


@pytest.mark.parametrize("result", ["Authorised", "Refused"])
@each
def test_no_text_makes_a_line_or_hides(
    call: Callable[..., str], vault: Vault, name: str, result: str
) -> None:
    vault.result = result
    vault.text = "plain approved"
    plain = [call(*RUN, "--reference", "a plain one"), *history_lines(call)]
    vault.text = HOSTILE[name]
    reference = HOSTILE[name].replace("\ud800", "\u202a")
    hostile = [call(*RUN, "--reference", reference), *history_lines(call)]
    for shown in hostile:
        assert visible(shown), ascii(shown)
        assert shown.count("\n") == len(shown.splitlines())
    # The lists have the first run as well.
    more = (0, 1, 0, 1)
    counts = [shown.count("\n") for shown in plain]
    assert [shown.count("\n") for shown in hostile] == [
        count + extra for count, extra in zip(counts, more, strict=True)
    ]


@each
def test_what_the_vault_lists_does_not_either(
    call: Callable[..., str], vault: Vault, name: str
) -> None:
    vault.text, vault.lost = HOSTILE[name], True
    call(*RUN)
    shown = call("reconcile")
    assert visible(shown)
    assert shown.count("\n") == len(shown.splitlines()) == 1
    assert "approved" in shown


@each
def test_json_keeps_the_value(call: Callable[..., str], vault: Vault, name: str) -> None:
    vault.text = HOSTILE[name]
    shown = call(*RUN, "--json")
    assert visible(shown)
    result = json.loads(shown)
    assert result["outcome"] == "approved", result
    assert result["steps"][0]["outputs"]["psp_reference"] == HOSTILE[name]
    shown = call("history", "show", result["run_id"], "--json")
    assert visible(shown)
    stored = json.loads(shown)["steps"][0]["outputs"]["psp_reference"]
    # No database takes a half of a pair, or nothing.
    kept = HOSTILE[name].replace("\ud800", "?").replace("\x00", "\ufffd")
    assert stored in (kept, HOSTILE[name])


@each
def test_a_page_of_the_dashboard_hides_nothing(name: str) -> None:
    page = _environment().from_string('<p>{{ text }}</p><p title="{{ text }}"></p>')
    shown = page.render(text=HOSTILE[name] + "<b>")
    assert visible(shown.replace("\t", ""))
    assert "<b>" not in shown


@given(st.text())
def test_a_line_is_one_line_that_shows_all(text: str) -> None:
    shown = on_one_line(text)
    assert len(shown.splitlines()) <= 1
    assert printable(shown) == shown
    assert on_one_line(shown) == shown
    shown.encode()


@given(st.text())
def test_escaped_json_is_the_same_value(text: str) -> None:
    shown = escaped(json.dumps({text: [text]}, ensure_ascii=False))
    assert json.loads(shown) == {text: [text]}
    shown.encode()
    assert printable(shown) == shown


@given(st.text(st.characters(max_codepoint=127)))
def test_ascii_is_shown_as_any_other_text(text: str) -> None:
    # It has a quicker way, which the letter behind it closes.
    assert printable(text) + "é" == printable(text + "é")
    assert escaped(text) + "é" == escaped(text + "é")


# GitHub's runner takes the first kind where a line begins, and the second anywhere in it; Azure
# Pipelines and TeamCity have such marks, too.
COMMANDS = [
    *("::error::x", "  ::stop-commands::x", "::add-mask ::x", "::set-output name=a::b"),
    *("##[add-matcher]x", "a ##[stop-commands]x", "##vso[task.setvariable variable=a]b"),
    *("##teamcity[x]", "###[x]", "##[error]##[x]"),
]


def commands(shown: str) -> list[str]:
    """The lines of an output that a runner of CI would obey."""
    mark = re.compile(r"\s*::[\w-]+.*::|.*##\w*\[")
    return [line for line in shown.splitlines() if mark.match(line)]


@pytest.mark.parametrize("command", COMMANDS)
def test_no_line_is_a_command_of_ci(command: str) -> None:
    assert commands(command)
    assert not commands(on_one_line(command))
    assert on_one_line(command).replace(" ", "") == command.replace(" ", "")
    shown = escaped(json.dumps({"a": command}, indent=2))
    assert not commands(shown)
    assert json.loads(shown) == {"a": command}


@pytest.mark.parametrize("form", ["text", "concise", "github", "json", "sarif"])
@pytest.mark.parametrize("command", COMMANDS)
def test_nor_is_a_finding(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], form: str, command: str
) -> None:
    """What stands on a line with a mistake is shown with it, and so is the name of a file."""
    folder = tmp_path / "destinations"
    folder.mkdir()
    (tmp_path / "forwardc.yaml").write_text("forwardc: 1\n")
    mistake = f"forwardc: 1\nname: shop\n{json.dumps(command)}: {json.dumps(command)}\n"
    (folder / "shop.yaml").write_text(mistake)
    (folder / f"{command}.yaml").write_text(mistake)
    assert forwardc(["check", "--project", str(tmp_path), "--format", form]) == 1
    shown = capfd.readouterr().out
    ours = [
        line for line in commands(shown) if form == "github" and line.startswith("::error file=")
    ]
    assert commands(shown) == ours
    assert "##" not in re.sub(r"##(?!\w*\[)", "", shown)


def test_an_address_is_no_command() -> None:
    for plain in ("::1", "fe80::1", "a::b", "::ffff:1.2.3.4", "## heading", "#[x]"):
        assert on_one_line(plain) == plain
