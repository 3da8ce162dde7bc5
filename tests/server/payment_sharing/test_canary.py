"""No reference, identifier, source, secret or card in anything that the API says or keeps."""

import asyncio
import json
import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from forwardc.runtime.history.store import Store
from forwardc.runtime.secret_providers.made_up import sandbox_secret
from forwardc.runtime.secret_providers.plan_secrets import sandbox_resolver
from forwardc.server.directory.payment_directory import Instrument
from forwardc.server.http.problems import ProblemError
from forwardc.server.payment_sharing.payment_forward import ForwardCall
from forwardc.server.payment_sharing.request import read_request
from sharing_house import EMAIL, NAME, House, house

CARD = "4242424242424242"
REFERENCE = "canary-reference"
SOURCE = "src_canarysource00000000000000"
CVV = "tok_canarytoken000000000000000"
MAIL = "canary@example.com"
ADDRESS = "7 Canary Street"
WHISPER = "canary-in-the-answer"
TOKEN = sandbox_secret("rokt", "rokt_token")
# What a call or its answer holds. The history keeps reference, source and token of the vault.
NEVER_SAID = (CARD, REFERENCE, SOURCE, CVV, MAIL, ADDRESS, WHISPER, TOKEN)
NEVER_KEPT = (CARD, MAIL, ADDRESS, WHISPER, TOKEN)
CANARY = Instrument(
    "checkout",
    SOURCE,
    {"cvv_token": CVV, "billing.line1": ADDRESS},
    identifiers={"email": MAIL, "customerId": "canary-customer"},
)


def forwarded(key: str) -> httpx.Response:
    """An answer that repeats all that it should not know."""
    said = json.dumps({"note": WHISPER, "pan": CARD, "key": key})
    inner = {"status": 200, "headers": {"X-Note": [f"{WHISPER} {CARD} {key}"]}, "body": said}
    return httpx.Response(200, json={"request_id": "fwd_1", "destination_response": inner})


def tables(store: Store) -> Iterator[str]:
    """Every row of every table, as text."""
    names = "SELECT name FROM sqlite_schema WHERE type = 'table'"
    if store.database.dialect["int"] == "BIGINT":
        names = "SELECT tablename FROM pg_tables WHERE schemaname = current_schema()"
    for (name,) in store.database.read(lambda tx: tx.rows(names)):
        query = f"SELECT * FROM {name}"  # noqa: S608 - out of the schema
        for row in store.database.read(lambda tx, query=query: tx.rows(query)):
            yield repr(row)


def clean(text: str, canaries: tuple[str, ...] = NEVER_SAID) -> None:
    for number, canary in enumerate(canaries):
        assert canary not in text, f"canary {number} is visible"


@pytest.fixture
def loud(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    for name in ("", "httpx", "httpcore", "asyncio", "forwardc.server"):
        caplog.set_level(logging.DEBUG, logger=name)
    return caplog


def test_everything_that_is_said_and_kept(
    store: Store,
    tmp_path: Path,
    loud: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
) -> None:
    said: list[str] = []

    async def go() -> None:
        async with house(store, {REFERENCE: CANARY}) as open_house:
            plan = open_house.service.forwarder.plans[NAME, "checkout"].plan
            key = sandbox_resolver(plan)("FORWARDC_VAULT__SANDBOX__CHECKOUT__API_KEY")
            assert key
            open_house.vaults.instead = forwarded(key)
            mail = {"email": MAIL}
            first = await open_house.post(REFERENCE, identifiers=mail)
            again = await open_house.post(REFERENCE, identifiers=mail)
            assert first.content == again.content
            assert WHISPER in first.text
            clean(first.text, (CARD, key, SOURCE, CVV, MAIL, ADDRESS))
            said.append(repr(first.headers))
            said.extend([answer async for answer in problems(open_house)])
            said.extend(repr(told) for told in open_house.watched.told)
            clean("\n".join(tables(store)), (*NEVER_KEPT, key))
            sent = json.loads(open_house.vaults.forwards[0].content)
            assert (sent["source"]["id"], sent["source"]["cvv_token"]) == (SOURCE, CVV)

    asyncio.run(go())
    clean("\n".join(said))
    clean(loud.text)
    clean("".join(capsys.readouterr()))
    for path in tmp_path.iterdir():
        clean(path.read_bytes().decode("latin-1"), NEVER_KEPT)


async def problems(open_house: House) -> Any:
    """What every refusal says."""
    vaults, mail = open_house.vaults, {"email": MAIL}
    yield (await open_house.post(REFERENCE + "?", identifiers=mail)).text
    yield (await open_house.post(REFERENCE, identifiers={"email": EMAIL + MAIL})).text
    yield (await open_house.post(REFERENCE, destination=REFERENCE, identifiers={MAIL: 1})).text
    for number, instead in enumerate(
        (httpx.Response(401), httpx.Response(503, text=CARD), httpx.ReadTimeout(WHISPER))
    ):
        reference = f"{REFERENCE}-{number}"
        open_house.lookup.instruments[reference] = CANARY
        vaults.instead = instead
        answer = await open_house.post(reference, identifiers=mail)
        assert answer.status_code in (422, 503, 504)
        yield answer.text + repr(answer.headers)


def test_what_is_not_shown_of_a_call() -> None:
    body = {
        "partnerPaymentReference": REFERENCE,
        "destination": NAME,
        "customerIdentifiers": {"email": MAIL},
    }
    asked = ForwardCall(read_request(json.dumps(body).encode(), (NAME,)), "rokt", WHISPER)
    clean(f"{asked!r} {CANARY!r}")
    with pytest.raises(ProblemError) as refused:
        read_request(json.dumps({**body, MAIL: CARD}).encode(), (REFERENCE,))
    clean(f"{refused.value!r} {refused.value.document()} {refused.value.__cause__}")
    clean(repr(refused.getrepr(showlocals=False)))


@pytest.mark.parametrize("body", [b"{" + MAIL.encode(), b'{"canary@example.com": NaN}'])
def test_the_parsers_own_errors_are_not_chained(body: bytes) -> None:
    with pytest.raises(ProblemError) as refused:
        read_request(body, (NAME,))
    assert refused.value.__cause__ is None
    assert refused.value.__suppress_context__


def test_the_service_itself_shows_no_key(serve: Callable[..., Any]) -> None:
    async def work(open_house: House) -> None:
        shown = repr((open_house.service, open_house.dependencies.gate, open_house.service.cipher))
        clean(shown, (TOKEN, "kkkk"))

    serve(work)
