"""No secret, sensitive value or card number in anything that can be seen of a run."""

import json
import logging
import pickle
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from attempted import go
from forwardc.cli.main import run as cli
from forwardc.cli.run.output import result_json
from forwardc.core.diagnostics.sink import Sink
from forwardc.plan.model import Plan
from forwardc.runtime.http.request import curl
from forwardc.runtime.run.prepare import prepare, rehearse
from forwardc.runtime.run.request import ClockAndIds, RunRequest
from forwardc.runtime.run.result import shown_data
from forwardc.runtime.run.run import preview
from forwardc.runtime.secret_providers.made_up import sandbox_secret
from forwardc.runtime.secret_providers.plan_secrets import sandbox_resolver

NOTE = 'sensitive "whisper" z7373q / é'
CARD = "4242424242424242"
SECRETS = (sandbox_secret("shop", "key"), sandbox_secret("shop", "signing"))
REQUEST = RunRequest(texts={"code": "c-1", "note": NOTE})
# Fragments, so that an escaped or encoded spelling is found as well.
CANARIES = (*SECRETS, "whisper", "z7373q", CARD, "output-token")


def clean(text: str) -> None:
    for canary in CANARIES:
        assert canary not in text, f"{CANARIES.index(canary)} is visible"


def echo(request: httpx.Request) -> httpx.Response:
    """An answer that repeats all it got, with a card number and a sensitive output."""
    if request.url.path == "/v1/orders":
        return httpx.Response(200, json={"id": "o1", "token": "output-token"})
    said = dict(request.headers.items())
    return httpx.Response(
        422, json={"got": request.content.decode(), "headers": said, "pan": CARD, "note": NOTE}
    )


def test_results_reports_and_logs(
    direct: Plan, execute, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("", "httpx", "httpcore", "httpcore.http11", "asyncio"):
        caplog.set_level(logging.DEBUG, logger=name)
    ran = execute(direct, "two_steps", REQUEST, echo)
    assert NOTE in dict(httpx.QueryParams(ran.requests[0].content.decode()))["note"]
    assert ran.done.steps[1].cards_masked == 1
    assert ran.done.steps[1].answer
    clean(repr(ran.done) + str(ran.done) + repr(ran.sink.sorted()))
    clean(caplog.text)
    clean("".join(capsys.readouterr()))
    for step in ran.done.steps:
        assert step.request is not None
        clean(curl(step.request))
        clean(repr(step.request))


def test_what_came_stays_in_memory(direct: Plan, execute) -> None:
    done = execute(direct, "two_steps", REQUEST, echo).done
    assert done.raw_response is not None
    assert CARD.encode() in done.raw_response.body
    clean(f"{done.raw_response} {done!r} {shown_data(done)} {result_json(direct, done, curl=True)}")
    with pytest.raises(TypeError, match="never serialised"):
        pickle.dumps(done)


def test_the_journal_never_sees_what_came(direct: Plan) -> None:
    ordered = httpx.Response(200, json={"id": "o1", "token": "output-token"})
    went = go(direct, "two_steps", REQUEST, [ordered, httpx.Response(400, json={"pan": CARD})])
    assert went.done.raw_response is not None
    (kept,) = went.notes.results
    assert (kept.raw_response, kept.hide) == (None, None)


def test_hide_changes_only_what_is_hidden(direct: Plan, execute) -> None:
    done = execute(direct, "two_steps", REQUEST, echo).done
    text = f"\x07 a\n  {json.dumps(NOTE)} {CARD} {SECRETS[0]} output-token " + "x" * 700
    assert done.hide is not None
    masked = done.hide(text)
    clean(masked)
    assert masked == f'\x07 a\n  "***" {"*" * 16} *** *** ' + "x" * 700


def test_an_echo_of_computed_headers_is_masked(direct: Plan, execute) -> None:
    def refuse(request: httpx.Request) -> httpx.Response:
        return httpx.Response(
            401, text=" ".join(request.headers.values()) + request.content.decode()
        )

    ran = execute(direct, "two_steps", REQUEST, refuse)
    header = ran.requests[0].headers["authorization"]
    answer = str(ran.done.steps[0].answer)
    assert header.removeprefix("Basic ") not in answer
    assert ran.requests[0].headers["x-signature"] not in answer
    assert "***" in answer
    clean(answer)


def test_everything_that_is_prepared(direct: Plan) -> None:
    sink, ambient = Sink(), ClockAndIds()
    prepared = prepare(direct, "two_steps", REQUEST, sandbox_resolver(direct), sink, ambient)
    assert prepared is not None
    scope = prepared.scope({})
    bound = rehearse(prepared, sink, ambient)
    clean(repr((REQUEST, prepared, scope, scope.real(), bound, sink)))
    clean(f"{prepared} {bound} {prepared.values!r}")


def test_previews(direct: Plan) -> None:
    shown = preview(direct, "two_steps", REQUEST, sandbox_resolver(direct), Sink(), ClockAndIds())
    assert shown is not None
    create, confirm = shown
    assert dict(create.headers)["Authorization"] == "Basic ***"
    assert create.body == "code=c-1&note=***"
    assert confirm.url == "https://shop.example/v1/orders/***/confirm"
    clean(repr(shown) + "".join(map(curl, shown)))


@pytest.mark.parametrize(
    "texts",
    [
        {"code": CARD, "note": NOTE},
        {"code": "\ud800whisper", "note": NOTE},
        {"code": "c", "note": NOTE + "\ud800"},
        {"code": "c", "note": NOTE, "whisper": "x" * 70},
    ],
)
def test_problems(direct: Plan, execute, texts: dict[str, str]) -> None:
    ran = execute(direct, "two_steps", RunRequest(texts=texts), echo)
    assert ran.result is None
    messages = "".join(f"{problem.message}{problem.hint}" for problem in ran.sink.sorted())
    clean(messages.replace("such param: whisper", ""))


def test_a_mistake_of_our_own_after_sending(direct: Plan, execute) -> None:
    def broken(_: httpx.Request) -> httpx.Response:
        raise ZeroDivisionError(SECRETS[0] + NOTE)

    ran = execute(direct, "two_steps", REQUEST, broken)
    assert ran.codes == ["FC9901"]
    clean(f"{ran.result!r} {ran.sink.sorted()!r}")


def test_a_traceback_of_our_own_mistake(
    direct: Plan, execute, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("forwardc.runtime.run.context.show_url", broken)
    with pytest.raises(ZeroDivisionError) as caught:
        execute(direct, "two_steps", REQUEST, echo)
    text = "".join(traceback.format_exception(caught.value))
    clean(text)


@pytest.mark.parametrize(
    "options", [[], ["--curl"], ["--json"], ["--json", "--curl"], ["--dry-run"]]
)
def test_the_command(
    build: Path,
    serve: Callable[[Any], Any],
    options: list[str],
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("FORWARDC_DEBUG", "1")

    async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
        body = (await receive())["body"]
        headers = b" ".join(value for _, value in scope["headers"])
        answer = b" ".join([body, headers, CARD.encode(), NOTE.encode()])
        await send({"type": "http.response.start", "status": 400, "headers": []})
        await send({"type": "http.response.body", "body": answer})

    with serve(app) as url:
        code = cli(
            [
                *("run", "shop.two_steps", "--via", "direct", "--env", "sandbox"),
                *("-p", "code=c-1", "-p", f"note={NOTE}", "--sandbox", url),
                *("--build", str(build), *options),
            ]
        )
    out, err = capfd.readouterr()
    assert code == (0 if "--dry-run" in options else 12)
    assert "***" in out
    clean(out + err)


def test_secrets_out_of_a_file(
    build: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "secrets.toml"
    path.write_text(
        f'FORWARDC_SECRET__SANDBOX__SHOP__KEY = "{SECRETS[0]}"\n'
        'FORWARDC_SECRET__SANDBOX__SHOP__SIGNING = "whisper"\n'
    )
    path.chmod(0o644)
    code = cli(
        [
            *("run", "shop.two_steps", "--via", "direct", "--env", "sandbox"),
            *("-p", "code=c-1", "-p", f"note={NOTE}", "--secrets", str(path), "--dry-run"),
            *("--build", str(build), "--curl"),
        ]
    )
    out, err = capfd.readouterr()
    assert code == 0
    assert "other users can read" in err
    clean(out + err)
