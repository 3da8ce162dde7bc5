"""Every worked request of Checkout.com's documents: ours binds to the same, or is refused.

Each difference stands here by JSON Pointer with its reason; the documents' own errors are those
of the fact sheet. Three texts show nearly the same requests: the source of the documentation page
("docs"), the guide, and the page of January 2026 ("page").
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from compiled import Run, bind, codes_of, findings_of, plan_of, program_of
from documents import (
    as_destination,
    blocks,
    complete,
    differences,
    forward_requests,
    numbered,
    seen,
)

Shared = Callable[[str], Path]
CVV_TOKEN = "tok_" + "c" * 26
# 2048 bits of nothing: a modulus that no key has.
MODULUS = "s" + "A" * 340 + "B"
REPLACED = {
    "<STRIPE PAYMENT INTENT ID>": "pi_1",
    "<STRIPE PAYMENT METHOD ID>": "pm_1",
    "your-public-key-modulus": MODULUS,
    "<your-base64url-encoded-256-bit-key>": "{{ secret_shared }}",
}

NO_URL = "the document writes `string` for the URL"
SAMPLE = "a sample text, where a JWE or nothing may stand; ours sends nothing"
CVV = "a stored card has a CVC only with a cvv_token, which the document forgets"
HYPHEN = "the API takes letters, digits and underscores in the name of a secret"
TYPE = "the document sends no Content-Type, which the destination needs"
REFERENCE = "ours always sends a reference, so that a run can be found again"
CHANNEL = "the document shows a part of the request only"
HOST = "Host belongs to the connection and follows from the URL"
CREDENTIAL = "the document sends a credential in clear: ours is encrypted"
LIST = "a list of ours has indexes, which every client of Stripe sends"
SLIP = "the document misspells the placeholder"
DECODED = "the document went through an HTML decoder: `&curren` became a sign"
UNTYPED = "the document gives a `tok_` in the field for an instrument"
NO_TOKEN = "a request of card values asks for no network token"

GENERAL = {"/url": NO_URL, "/encrypted": SAMPLE}
FRAGMENT = {"/reference": REFERENCE, "/processing_channel_id": CHANNEL}
CIT = {"/headers/Content-Type": TYPE, "/reference": REFERENCE}
BASIC = {"/headers/Authorization": CREDENTIAL, "/encrypted": CREDENTIAL, "/headers/Host": HOST}
STORED_SECRET = {"/source/cvv_token": CVV, "/headers/Authorization": HYPHEN}
INTENT = {**BASIC, "/body/form/payment_method_types[]": LIST}
INTENT |= {"/body/form/payment_method_types[0]": LIST}

DIFFERENCES: dict[str, dict[int, dict[str, str]]] = {
    "docs": {
        0: GENERAL,
        1: {"/source/cvv_token": CVV},
        3: {"/source/cvv_token": CVV},
        4: {},
        5: STORED_SECRET,
        6: {"/body/encryptedCard/jwe/key": HYPHEN},
        7: CIT,
        8: CIT,
        9: {"/reference": REFERENCE},
        10: {"/reference": REFERENCE, "/network_token": NO_TOKEN},
        11: BASIC,
        12: INTENT,
        13: BASIC,
        14: {},
    },
    "guide": {
        0: GENERAL,
        1: {"/source/cvv_token": CVV},
        3: {**FRAGMENT, "/source/cvv_token": CVV},
        4: {**FRAGMENT, "/headers/Authorization": HYPHEN, "/headers/Content-Type": TYPE},
    },
    "page": {
        0: {
            **GENERAL,
            "/body/source/expiry_month": SLIP,
            "/body/source/expiry_year": SLIP,
        },
        1: {"/source/cvv_token": CVV},
        3: {"/source/cvv_token": CVV},
        4: STORED_SECRET,
        5: CIT,
        6: CIT,
        7: {"/reference": REFERENCE},
        8: BASIC,
        9: {**INTENT, "/body/form/amount": DECODED},
        10: BASIC,
        11: {"/source/id": UNTYPED, "/source/token": UNTYPED},
    },
}
PAN_IN_QUERY = {"docs": 2, "guide": 2, "page": 2}
WEAK_KEY = {"docs": 3, "guide": 3, "page": 3}


def requests_of(name: str, shared: Shared) -> list[Any]:
    match name:
        case "docs":
            text = shared("facts/data/checkout/docs_examples.json").read_text("utf-8")
            return forward_requests(json.loads(text))
        case "guide":
            return blocks(shared("seeds/checkout-forward-guide.md").read_text("utf-8"))
        case _:
            return numbered(shared("seeds/checkout-forward-docs.txt").read_text("utf-8"))


def ours(forward: Any) -> Any:
    """What our destination of the same meaning binds to."""
    source = forward["source"].get("id") or forward["source"]["token"]
    needs_cvv = source.startswith("src_") and "card_cvv" in json.dumps(forward)
    run = Run(
        source=source,
        inputs={"cvv_token": CVV_TOKEN} if needs_cvv else {},
        reference=forward.get("reference", "reference-1"),
    )
    account = {"processing_channel_id": forward.get("processing_channel_id", "pc_" + "a" * 26)}
    program = program_of(as_destination(forward))
    plan = plan_of(program, "checkout", account)
    assert plan is not None, findings_of(program, "checkout")
    (request,) = bind(plan, "pay", run)
    return request["body"]


@pytest.mark.parametrize(
    ("name", "index"), [(name, index) for name, found in DIFFERENCES.items() for index in found]
)
def test_ours_binds_to_the_documented_request(name: str, index: int, shared: Shared) -> None:
    forward = complete(requests_of(name, shared)[index], REPLACED)
    if (name, index) == ("docs", 10):
        # The document forgets a brace, so that its body is no JSON.
        forward["destination_request"]["body"] += "}"
    found = differences(seen(forward), seen(ours(forward)))
    assert set(found) == set(DIFFERENCES[name][index]), found


@pytest.mark.parametrize("name", DIFFERENCES)
def test_no_worked_request_is_left_out(name: str, shared: Shared) -> None:
    known = {*DIFFERENCES[name], PAN_IN_QUERY[name]}
    assert set(range(len(requests_of(name, shared)))) == known


@pytest.mark.parametrize("name", PAN_IN_QUERY)
def test_the_query_that_puts_a_pan_in_a_url_is_refused(name: str, shared: Shared) -> None:
    forward = complete(requests_of(name, shared)[PAN_IN_QUERY[name]], REPLACED)
    codes = codes_of(as_destination(forward).decode())
    assert set(codes) == {"FC0501"}


@pytest.mark.parametrize("name", WEAK_KEY)
def test_the_placeholder_of_a_public_key_is_refused(name: str, shared: Shared) -> None:
    forward = complete(requests_of(name, shared)[WEAK_KEY[name]], {})
    assert codes_of(as_destination(forward).decode()) == ["FC0512"]


def test_a_symmetric_key_in_the_file_is_refused(shared: Shared) -> None:
    forward = complete(requests_of("docs", shared)[4], {})
    assert codes_of(as_destination(forward).decode()) == ["FC0504"]


def test_a_network_token_body_that_stripe_refuses_is_still_what_the_document_sends(
    shared: Shared,
) -> None:
    """Checkout.com carries it; that Stripe takes no JSON there is the destination's matter."""
    forward = complete(requests_of("docs", shared)[7], REPLACED)
    sent = ours(forward)
    assert sent["network_token"] == {"enabled": True, "request_cryptogram": True}
    assert sent["destination_request"]["url"].startswith("https://api.stripe.com/")
