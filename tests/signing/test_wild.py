"""Vendors that sign outside of a vault: what each vault carries, and what arrives is right."""

import hashlib
import json
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest

from compiled import assessed, codes_of, plan_of, program_of
from forwardc.core.documents.reading import read_part
from forwardc.plan.model import Plan
from forwardc.sandbox.credentials import secret
from signed_runs import Arrivals

FOLDER = Path(__file__).parent / "destinations"
SOURCES = {
    "checkout": "src_visa_approved0000000000000",
    "stripe": "pm_sandbox_visa",
    "direct": None,
}
NO_CARD = "FC0608"
# By destination and operation: what Checkout.com, Stripe and nobody make of it.
COVERAGE = {
    "cybersource.card": ("FC0607", "FC0607", NO_CARD),
    "cybersource.token": ("full", "full", "full"),
    "mdes.tokenize": ("FC0607", "FC0607", NO_CARD),
    "mdes.search": ("full", "full", "full"),
    "nuvei.pay": ("degraded", "degraded", NO_CARD),
    "nuvei.written_out": ("degraded", "degraded", NO_CARD),
    "ogone.card": ("FC0607", "FC0607", NO_CARD),
    "ogone.alias": ("full", "full", "full"),
    "payu.latam": ("degraded", "degraded", NO_CARD),
    "payu.india": ("degraded", "FC0603", NO_CARD),
}


def text_of(destination: str) -> str:
    return (FOLDER / f"{destination}.yaml").read_text(encoding="utf-8")


@pytest.mark.parametrize("place", sorted(COVERAGE))
def test_what_each_vault_carries(place: str) -> None:
    destination, _, operation = place.partition(".")
    program = program_of(text_of(destination))
    for vault, expected in zip(SOURCES, COVERAGE[place], strict=True):
        (one,) = (a for a in assessed(program, vault) if a.context.operation.name == operation)
        refusals = {found.code for found in one.findings if str(found.verdict) == "refused"}
        assert expected in ({str(one.level)} | refusals if refusals else {str(one.level)})


def test_every_destination_is_in_the_table() -> None:
    names = {place.partition(".")[0] for place in COVERAGE} | {"fiserv"}
    assert names == {path.stem for path in FOLDER.iterdir()}


def test_a_keyed_hash_over_the_card_stands_in_no_header() -> None:
    assert codes_of(text_of("fiserv")) == ["FC0502"]


PARAMS = {
    "nuvei": {"request_id": "R-7/ä", "amount": "1999", "currency": "EUR"},
    "ogone": {"order": "o&1=2", "amount": "1999", "alias": "al ias-é"},
    "cybersource": {"reference": 'R"1{', "amount": "5", "currency": "JPY", "instrument": "70A1"},
    "mdes": {"token": "DWSPMC000000000132d72d4fcb2f4136a0532d3093ff1a45"},
    "payu": {"order": "P-1", "amount": "300", "first_name": "Asha", "email": "a@b.example"},
}
RUNS = [
    *(
        ("nuvei", name, vault)
        for name in ("pay", "written_out")
        for vault in ("checkout", "stripe")
    ),
    *(("ogone", "alias", vault) for vault in SOURCES),
    *(("cybersource", "token", vault) for vault in SOURCES),
    *(("mdes", "search", vault) for vault in SOURCES),
    ("payu", "latam", "checkout"),
    ("payu", "latam", "stripe"),
    ("payu", "india", "checkout"),
]


@pytest.mark.parametrize(("destination", "operation", "vault"), RUNS, ids=map("-".join, RUNS))
def test_what_arrives_is_signed_rightly(destination: str, operation: str, vault: str) -> None:
    plan = read_part(Plan, plan_of(program_of(text_of(destination)), vault))
    arrivals = Arrivals(operation, plan)
    params = {
        k: v for k, v in PARAMS[destination].items() if k in plan.operations[operation].params
    }
    direct = all(step.deliver == "direct" for step in plan.operations[operation].steps)
    result = arrivals.run(source=None if direct else SOURCES[vault], **params)
    assert result is not None, arrivals.problems
    assert result.outcome == "approved", result.steps[-1].answer
    CHECKS.get(f"{destination}.{operation}", lambda _: None)(arrivals.world.received[-1].body)


def _nuvei(body: bytes) -> None:
    data = json.loads(body)
    key = secret("nuvei", "nuvei_secret")
    text = f"427583496191624621142033R-7/ä19.99EUR20261120120000{key}"
    assert data["checksum"] == hashlib.sha256(text.encode()).hexdigest()


def _latam(body: bytes) -> None:
    key = secret("payu", "payu_api_key")
    expected = hashlib.md5(f"{key}~508029~P-1~3.00~USD".encode(), usedforsecurity=False).hexdigest()
    assert json.loads(body)["order"]["signature"] == expected


def _india(body: bytes) -> None:
    form = dict(parse_qsl(body.decode()))
    salt = secret("payu", "payu_salt")
    text = f"508029|P-1|3.00|shoes|Asha|a@b.example|||||||||||{salt}"
    assert form["hash"] == hashlib.sha512(text.encode()).hexdigest()


CHECKS: dict[str, Any] = {
    "nuvei.pay": _nuvei,
    "nuvei.written_out": _nuvei,
    "payu.latam": _latam,
    "payu.india": _india,
}
