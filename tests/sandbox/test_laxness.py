"""The closed table of laxnesses: documented, used, refused where unknown, and each slip is told."""

import asyncio
import re
from pathlib import Path

import httpx
import pytest

from forwardc.sandbox.app import create_app
from forwardc.sandbox.checkout.made_up_keys import checkout_secret_key
from forwardc.sandbox.laxness import OF_EVERY_VAULT, laxnesses, slip_lines, table
from forwardc.sandbox.parties import emulations
from forwardc.sandbox.project import OnboardedProject
from forwardc.sandbox.world import World

ROOT = Path(__file__).resolve().parents[2]
SANDBOX = ROOT / "compiler/forwardc/sandbox"
ALL = frozenset(laxnesses())


def test_the_document_has_the_table() -> None:
    text = (ROOT / "docs/sandbox.md").read_text(encoding="utf-8")
    section = text.partition("<!-- laxnesses -->")[2].partition("<!-- /laxnesses -->")[0]
    assert section.strip().splitlines()[2:] == table().splitlines()


def test_names_are_used_and_no_other_is() -> None:
    code = "\n".join(
        path.read_text(encoding="utf-8")
        for path in SANDBOX.rglob("*.py")
        if path.name != "laxness.py"
    )
    named = re.findall(r"\"([a-z]+_[a-z_]+)\"", code)
    constants = {name.lower() for name in re.findall(r"UNKNOWN_[A-Z_]+", code)}
    assert ALL - set(named) - constants == set()
    rows = [*OF_EVERY_VAULT, *(row for one in emulations().values() for row in one.laxnesses)]
    assert len(rows) == len(ALL)


def test_every_laxness_says_who_what_and_whence() -> None:
    for one in laxnesses().values():
        assert all((one.party, one.takes, one.vendor, one.source)), one.name


def test_another_name_is_refused() -> None:
    with pytest.raises(ValueError, match="no such laxness: anything"):
        World(lax=frozenset({"anything"}))
    with pytest.raises(KeyError):
        World().allows("anything")


def test_a_sandbox_is_strict_unless_it_is_told() -> None:
    taken = {name for name in ALL if World().allows(name)}
    assert taken == {"unknown_destinations", "unknown_merchant_accounts"}
    assert not any(World(project=OnboardedProject()).allows(name) for name in ALL)


def post(world: World, body: dict[str, object]) -> httpx.Response:
    async def send() -> httpx.Response:
        transport = httpx.ASGITransport(create_app(world))
        async with httpx.AsyncClient(transport=transport) as client:
            return await client.post(
                "https://forward.sandbox.checkout.com/forward",
                json=body,
                headers={"Authorization": checkout_secret_key()},
            )

    return asyncio.run(send())


MISTAKES = {
    "source": {"type": "id", "id": "src_" + "visa_approved".ljust(26, "0")},
    "comment": "no SDK has this",
    "destination_request": {
        "url": "https://psp.example.com/pay",
        "method": "POST",
        "headers": {"raw": {}, "encrypted": ""},
        "body": "{{nothing}}{{secret.none}}",
    },
}


def test_the_slips_of_a_request_are_told_at_once() -> None:
    world = World(lax=ALL)
    assert post(world, MISTAKES).status_code == 200
    lines = slip_lines(world.take_untold())
    assert lines == [
        "slip: checkout_unknown_members at body (Checkout.com)",
        "slip: checkout_empty_encrypted at destination_request.headers.encrypted (Checkout.com)",
        "slip: checkout_no_channel at processing_channel_id (Checkout.com)",
        "slip: unknown_destinations at destination_request.url (every vault)",
        "slip: checkout_secret_dots at destination_request.body (Checkout.com)",
        "slip: checkout_undefined_names at destination_request.body (Checkout.com)",
    ]
    assert slip_lines(world.take_untold()) == []


def test_slips_are_listed_and_hold_no_value() -> None:
    world = World(lax=ALL)
    post(world, MISTAKES)
    transport = httpx.ASGITransport(create_app(world))

    async def get() -> httpx.Response:
        async with httpx.AsyncClient(transport=transport) as client:
            return await client.get("http://127.0.0.1/_sandbox/slips")

    answer = asyncio.run(get())
    assert {row["name"] for row in answer.json()["data"]} >= {"checkout_secret_dots"}
    assert "psp.example.com" not in answer.text
    assert "nothing" not in answer.text


@pytest.mark.parametrize("missing", ["checkout_secret_dots", "checkout_unknown_members"])
def test_all_but_one_refuse(missing: str) -> None:
    world = World(lax=ALL - {missing})
    assert post(world, MISTAKES).status_code == 422
