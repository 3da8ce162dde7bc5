"""The vendors' limits: known at build time where the text is, else when the request is bound."""

import json
from typing import Any

import pytest

from compiled import Run, bind, findings_of, plan_of, program_of

BODY_LEFT = len('{"number":"{{card_number}}","pad":""}')
BLANK_LEFT = len('{"number":"","pad":""}')
HOST = "https://api.case.example"


def destination(pad: str, path: str = "/c", headers: dict[str, str] | None = None) -> Any:
    request: dict[str, Any] = {"POST": path, "json": {"number": "${card.number}", "pad": pad}}
    request |= {"headers": headers} if headers else {}
    text = json.dumps(request)
    document = {
        "forwardc": 1,
        "name": "case",
        "title": "A case",
        "environments": {"sandbox": {"base_url": HOST}},
        "params": {"pad": {"type": "string"}} if "params.pad" in text else {},
        "secrets": {"key": {}} if "secrets.key" in text else {},
        "operations": {
            "pay": {
                "initiator": "customer",
                "steps": {"send": {"request": request, "response": {"outcome": "by_status"}}},
            },
        },
    }
    return program_of(json.dumps(document))


def refusals(program: Any, vault: str) -> list[str]:
    return [found for found in findings_of(program, vault) if "refused" in found]


@pytest.mark.parametrize(
    ("vault", "room", "name"),
    [
        ("checkout", 16384 - BODY_LEFT, "destination_request.body is longer than 16384 characters"),
        ("stripe", 5000 - BLANK_LEFT, "request.body is longer than 5000 characters"),
    ],
)
def test_a_body_fits_to_the_last_character(vault: str, room: int, name: str) -> None:
    assert refusals(destination("x" * room), vault) == []
    assert refusals(destination("x" * (room + 1)), vault) == [f"FC0606 refused: {name}"]
    plan = plan_of(destination("${params.pad}"), vault)
    (fits,) = bind(plan, "pay", Run(params={"pad": "x" * room}))
    assert "cannot be sent" not in fits
    (too_long,) = bind(plan, "pay", Run(params={"pad": "x" * (room + 1)}))
    assert too_long["cannot be sent"] == name


@pytest.mark.parametrize(
    ("vault", "longest", "name"),
    [
        ("checkout", 1024, "destination_request.url is longer than 1024 characters"),
        ("stripe", 5000, "url is longer than 5000 characters"),
    ],
)
def test_a_url_fits_to_the_last_character(vault: str, longest: int, name: str) -> None:
    room = longest - len(f"{HOST}/")
    assert refusals(destination("", "/" + "a" * room), vault) == []
    assert refusals(destination("", "/" + "a" * (room + 1)), vault) == [f"FC0606 refused: {name}"]


def test_what_escaping_adds_counts_too() -> None:
    """A brace takes six characters in a template."""
    plan = plan_of(destination("${params.pad}"), "checkout")
    (request,) = bind(plan, "pay", Run(params={"pad": "{" * 2800}))
    assert request["cannot be sent"].startswith("destination_request.body is longer")


def test_an_encrypted_header_has_its_own_limit() -> None:
    program = destination("", headers={"X-Key": "${base64(secrets.key)}"})
    plan = plan_of(program, "checkout")
    (request,) = bind(plan, "pay", Run(secrets={"key": "k" * 7000}))
    assert request["cannot be sent"] == "headers.encrypted is longer than 8192 characters"


def test_a_header_value_at_stripe_has_its_own_limit() -> None:
    program = destination("", headers={"X-Pad": "${params.pad}"})
    plan = plan_of(program, "stripe")
    (request,) = bind(plan, "pay", Run(params={"pad": "x" * 5001}))
    assert request["cannot be sent"] == "header X-Pad is longer than 5000 characters"


@pytest.mark.parametrize(("count", "is_refused"), [(15, False), (16, True)])
def test_content_type_is_one_of_sixteen_raw_headers(count: int, is_refused: bool) -> None:
    program = destination("", headers={f"X-{index}": "a" for index in range(count)})
    found = refusals(program, "checkout")
    wanted = ["FC0606 refused: headers.raw takes at most 16 entries"]
    assert found == (wanted if is_refused else [])
    assert refusals(program, "stripe") == []
