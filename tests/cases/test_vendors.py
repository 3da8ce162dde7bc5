"""Vendors that nobody had tried: what each vault makes of them, and what arrives at the sandbox.

`UPDATE_CASES=1 python -m pytest tests/cases/test_vendors.py` writes what arrived: read the
difference. Each file says in its own words what the vendor asks: composed expiry dates, codes of
brands and currencies, times, names in two parts, members of what the merchant gives.
"""

import json
import os
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from functools import cache, partial
from pathlib import Path
from typing import Any, Final

import pytest
from starlette.responses import JSONResponse

from arranged import NOW, Built, built, handed
from emulated import Emulated
from forwardc.compile.vaults.findings import Verdict
from forwardc.core.outcome import Outcome
from forwardc.runtime.run.context import RunDependencies
from forwardc.sandbox.world import EmulatedAnswer, OutboundRequest, World

VENDORS: Final = Path(__file__).parent / "vendors"
NAMES: Final = sorted(path.stem for path in (VENDORS / "destinations").glob("*.yaml"))
SOURCES: Final = {
    "checkout": "src_visa_approved".ljust(30, "0"),
    "stripe": "pm_sandbox_visa",
    "direct": None,
}
PARAMS: Final = {
    "accertify": {"order": "A & <7>"},
    "authorizenet": {
        "amount": "1999",
        "currency": "USD",
        "invoice": "I-7",
        "lines": '[{"id": "line {{card_number}}"}, {"id": "2"}]',
    },
    "basis_theory": {"customer": "c-7"},
    "cardpointe": {"amount": "1999"},
    "expedia": {},
    "fat_zebra": {},
    "fidel": {"country": "SE", "terms": "true", "user": "u 7"},
    "mercadopago": {"kind": "company", "tax_id": "12 345"},
    "orbital": {"order": "O-7", "amount": "1999", "currency": "AUD"},
    "paymentsos": {},
    "paypal": {"amount": "1999", "currency": "JPY"},
    "riskified": {
        "order": "o-7",
        "total": "1999",
        "currency": "EUR",
        "last4": "0005",
        "brand": "amex",
    },
    "softbank": {"customer": "c & co"},
    "spreedly": {"customer": "c-7"},
}
NAME_PARTS: Final = {"billing.first_name": 'Zoé "Z"', "billing.last_name": "O'Neil & Co"}
ADDRESS: Final = {"billing.country": "SE", "billing.line1": "1 Way", "billing.postal_code": "11122"}
SHOWN: Final = {"content-type", "x-riskified-shop-domain", "mime-version"}


@cache
def made() -> Built:
    return built(VENDORS)


def carried() -> list[tuple[str, str]]:
    """Vendor and vault, where the sandbox's plan is there."""
    paths = (path.split("/") for path in made().files)
    return sorted((parts[1], parts[0]) for parts in paths if parts[-1] == "sandbox.plan.json")


def test_all_check() -> None:
    assert [line for line in made().found if not line.startswith("warning FC0523")] == []


def test_what_each_vault_makes_of_them() -> None:
    _compare(VENDORS / "coverage.txt", "\n".join(_coverage()) + "\n")


def _coverage() -> Iterator[str]:
    for one in sorted(made().compiled.assessments, key=lambda one: (one.place[1], one.place[0])):
        vault, destination, _ = one.place
        place = one.context.program.place
        yield f"{destination} {vault} {place}: {one.level}"
        for finding in one.findings:
            if finding.verdict is Verdict.REFUSED and vault != "direct":
                yield f"  {finding.code} {finding.reason.partition(': ask its support')[0]}"


@pytest.mark.parametrize("name", NAMES)
def test_what_arrives(name: str) -> None:
    vaults = [vault for vendor, vault in carried() if vendor == name]
    assert vaults
    for vault in vaults:
        _compare(VENDORS / "arrived" / f"{name}.{vault}.txt", _arrived(name, vault))


def _arrived(name: str, vault: str) -> str:
    plan = made().plan(vault, name, "sandbox")
    (operation,) = plan.operations
    emulated = Emulated(World(now=lambda: NOW, project=handed([plan])))
    asked = plan.operations[operation].inputs
    inputs = {key: value for key, value in {**NAME_PARTS, **ADDRESS}.items() if key in asked}
    through_vault = any(step.deliver == "vault" for step in plan.operations[operation].steps)
    emulated.run(
        *(vault, name, operation, SOURCES[vault] if through_vault else None),
        plan=plan,
        inputs=inputs,
        now=datetime.fromtimestamp(NOW, UTC),
        **PARAMS[name],
    )
    call = emulated.world.received[-1]
    return _shown(f"{call.method} https://{call.host}{call.target}", call.headers, call.body)


def _shown(line: str, headers: Iterable[tuple[str, str]], body: bytes) -> str:
    kept = [f"{key}: {value}" for key, value in headers if key.lower() in SHOWN]
    return "\n".join([line, *kept, "", body.decode(), ""])


def _compare(path: Path, shown: str) -> None:
    if os.environ.get("UPDATE_CASES") == "1":
        path.parent.mkdir(exist_ok=True)
        path.write_text(shown, encoding="utf-8")
    assert shown == path.read_text(encoding="utf-8")


def test_no_file_is_orphaned() -> None:
    kept = {path.name for path in (VENDORS / "arrived").iterdir()}
    assert kept == {f"{name}.{vault}.txt" for name, vault in carried()}
    assert set(PARAMS) == set(NAMES)


async def _no_wait(_: float) -> None:
    """Time passes at once."""


@pytest.mark.parametrize("vault", ["checkout", "stripe"])
@pytest.mark.parametrize(
    ("captured", "outcome"),
    [("COMPLETED", Outcome.APPROVED), ("DECLINED", Outcome.DECLINED), ("PENDING", Outcome.PENDING)],
    ids=["completed", "declined", "pending"],
)
def test_a_pending_capture_of_paypal_is_asked_for(
    captured: str, outcome: Outcome, vault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its order is completed while the capture is not: asked by the order's id, with the token."""
    monkeypatch.setattr("emulated.RunDependencies", partial(RunDependencies, sleep=_no_wait))
    plan = made().plan(vault, "paypal", "sandbox")
    gateway = Emulated(World(now=lambda: NOW, project=handed([plan])))
    app, questions = gateway.app, []

    async def hold(outbound: OutboundRequest) -> EmulatedAnswer:
        return EmulatedAnswer(200, (), json.dumps(_order("PENDING")).encode(), 5)

    async def ask(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http" or not scope["path"].startswith("/v2/checkout/orders/"):
            await app(scope, receive, send)
            return
        bearer = dict(scope["headers"])[b"authorization"]
        questions.append((scope["method"], scope["path"], bearer.partition(b" ")[0]))
        await JSONResponse(_order(captured))(scope, receive, send)

    gateway.world.send, gateway.app = hold, ask
    inputs = {k: v for k, v in ADDRESS.items() if k in plan.operations["order"].inputs}
    result = gateway.run(
        *(vault, "paypal", "order", SOURCES[vault]), plan=plan, inputs=inputs, **PARAMS["paypal"]
    )
    assert result.outcome is outcome
    times = 10 if outcome is Outcome.PENDING else 1
    assert questions == [("GET", "/v2/checkout/orders/5O19", b"Bearer")] * times


def _order(captured: str) -> dict[str, Any]:
    units = [{"payments": {"captures": [{"status": captured}]}}]
    return {"id": "5O19", "status": "COMPLETED", "purchase_units": units}
