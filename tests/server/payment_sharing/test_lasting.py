"""What no waiting mends is never answered as temporary, and what it may mend always is."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import httpx
import pytest

from forwardc.core.diagnostics.diagnostic import Diagnostic, Severity
from forwardc.runtime.secret_providers.provider import SecretProviderError
from forwardc.server.directory.payment_directory import (
    DirectoryError,
    DirectoryFaultError,
    Instrument,
)
from forwardc.server.http.problems import ProblemKind
from forwardc.server.payment_sharing.forwarder import ServedPlan, lasting
from sharing_house import NAME, House, checkout, stripe

Serve = Callable[..., Any]
# Rokt's client repeats these.
REPEATED = {408, 429, *range(500, 600)}


def slug(answer: httpx.Response) -> str:
    return str(answer.json()["type"]).removeprefix("/problems/")


def refused_for_good(answer: httpx.Response) -> None:
    assert (answer.status_code, slug(answer)) == (422, "not-forwardable"), answer.text
    assert answer.status_code not in REPEATED
    assert "retry-after" not in answer.headers
    assert "again" not in answer.json()["title"]
    assert "a repeat changes nothing" in answer.json()["detail"]


def told_to_wait(answer: httpx.Response) -> None:
    assert (answer.status_code, slug(answer)) == (503, "unavailable"), answer.text
    assert int(answer.headers["retry-after"]) >= 1


def needing(ways: Mapping[tuple[str, str], ServedPlan], **needs: tuple[str, ...]) -> Any:
    """The same ways, of which operations need more than any lookup has."""
    found = {}
    for key, way in ways.items():
        operation = way.plan.operations[way.operation]
        inputs = dict(operation.inputs)
        for name in needs.get("inputs", ()):
            if name in inputs:
                inputs[name] = replace(inputs[name], optional=False)
        changed = replace(operation, inputs=inputs)
        plan = replace(way.plan, operations={way.operation: changed})
        found[key] = replace(way, plan=plan)
    return found


def test_a_billing_address_that_is_needed_and_not_there(
    serve: Serve, caplog: pytest.LogCaptureFixture
) -> None:
    async def work(house: House) -> None:
        forwarder = house.service.forwarder
        ways = needing(forwarder.plans, inputs=("billing.line1",))
        house.service.forwarder = replace(forwarder, plans=ways)
        house.lookup.instruments["pay-1"] = replace(stripe(), inputs={})
        for _ in range(2):
            refused_for_good(await house.post())
        # The operator reads what is missing; no value is in it.
        assert "FC0855 nothing was sent: FC0801 inputs.billing.line1 is required" in caplog.text
        assert house.arrived() == 0
        # Once it is mended, the same payment is forwarded.
        house.lookup.instruments["pay-1"] = stripe()
        assert (await house.post()).status_code == 200

    serve(work)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"params": {"nobody": "x"}}, "FC0805"),
        ({"inputs": {"nobody": "x"}}, "FC0805"),
        ({"source": "4111 1111 1111 1111"}, "FC0802"),
        ({"source": "ba_1"}, "FC0802"),
    ],
)
def test_a_row_that_no_plan_takes(
    serve: Serve, caplog: pytest.LogCaptureFixture, change: dict[str, Any], code: str
) -> None:
    async def work(house: House) -> None:
        found = house.lookup.instruments["pay-1"]
        house.lookup.instruments["pay-1"] = replace(found, **change)
        refused_for_good(await house.post())
        assert f"FC0855 nothing was sent: {code}" in caplog.text
        # Whole, since the id of a run may hold four of these digits.
        assert change.get("source", "4111 1111 1111 1111") not in caplog.text
        assert "4111111111111111" not in caplog.text

    serve(work)


def test_a_lookup_that_is_wrong_and_one_that_is_away(
    serve: Serve, caplog: pytest.LogCaptureFixture
) -> None:
    async def work(house: House) -> None:
        house.lookup.fails = DirectoryFaultError("the query found more than one row")
        refused_for_good(await house.post())
        assert "FC0855 the lookup has to be mended: the query found more" in caplog.text
        house.lookup.fails = DirectoryError("the database cannot be reached")
        told_to_wait(await house.post())

    serve(work)


def test_what_ends_by_itself_is_still_answered_so(serve: Serve) -> None:
    async def work(house: House) -> None:
        house.store.pause("checkout", "Ann", "their status page is red")
        told_to_wait(await house.post())
        house.store.unpause("checkout", "Ann")
        forwarder = house.service.forwarder

        def failing(_: str) -> str:
            raise SecretProviderError("the source does not answer")

        ways = {key: replace(way, resolver=failing) for key, way in forwarder.plans.items()}
        house.service.forwarder = replace(forwarder, plans=ways)
        told_to_wait(await house.post())
        house.service.forwarder = forwarder
        house.vaults.instead = httpx.ConnectError("away")
        told_to_wait(await house.post())
        house.vaults.instead = None
        assert (await house.post()).status_code == 200

    serve(work)


def problem(code: str, severity: Severity = Severity.ERROR) -> Diagnostic:
    return Diagnostic(code, "x is missing", None, "", None, severity)


def test_one_lasting_fault_among_passing_ones_is_enough() -> None:
    both = [problem("FC0822"), problem("FC0801")]
    assert list(lasting(both)) == ["FC0801 x is missing"]
    assert list(lasting([problem("FC0822"), problem("FC0825"), problem("FC0819")])) == []
    assert list(lasting([problem("FC0801", Severity.WARNING)])) == []
    # What is approved cannot be read just now: nobody knows whether it is withdrawn.
    assert list(lasting([problem("FC0814")])) == ["FC0814 x is missing"]
    assert list(lasting([problem("FC0814")], frozenset({"FC0814"}))) == []


@pytest.mark.parametrize(
    "code",
    [
        *("FC0705", "FC0818", "FC0819", "FC0822", "FC0823", "FC0825", "FC0835", "FC0846"),
        "FC9901",
    ],
)
def test_what_ends_by_itself_is_not_lasting(code: str) -> None:
    assert list(lasting([problem(code)])) == []


def test_every_kind_that_asks_for_a_repeat_says_that_it_helps() -> None:
    for kind in ProblemKind:
        shape = kind.value
        if shape.status in REPEATED:
            promised = "again" in shape.advice or "Wait" in shape.advice
            unknown = kind in (ProblemKind.OUTCOME_UNKNOWN, ProblemKind.INTERNAL_ERROR)
            assert promised or unknown, kind
        else:
            assert "Retry-After" not in shape.advice, kind


def test_the_share_is_on_record(serve: Serve) -> None:
    async def work(house: House) -> None:
        found: Instrument = checkout("visa_approved")
        house.lookup.instruments["pay-1"] = replace(found, inputs={"nobody": "x"})
        refused_for_good(await house.post())
        rows = house.store.database.read(
            lambda tx: tx.rows("SELECT destination, state, status FROM shares")
        )
        assert rows == [(NAME, "not_sent", 422)]

    serve(work)
