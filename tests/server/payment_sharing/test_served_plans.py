"""Which ways a service has for what its settings name, and what each run of a way is given."""

import asyncio
import shutil
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from forwardc.core.diagnostics.sink import Sink
from forwardc.runtime.http.jwk_sets import VaultKeys
from forwardc.runtime.http.send import Sender
from forwardc.runtime.run.context import RunDependencies
from forwardc.runtime.run.request import ClockAndIds, RunRequest
from forwardc.server.directory.payment_directory import Instrument
from forwardc.server.payment_sharing import forwarder as forwarding
from forwardc.server.payment_sharing.batched_journal import BatchedJournal
from forwardc.server.payment_sharing.forwarder import (
    Forwarder,
    ForwardResult,
    ServedPlan,
    is_production,
    read_served_plans,
)
from forwardc.server.settings import DestinationSettings
from held_claim import HeldClaim
from sharing_house import BILLING, ROOT

BUILD = ROOT / "build"
MINE = HeldClaim()
LEFT_OUT = frozenset({"card.cvc", "billing.nowhere"})
VAULTS = {("A", "checkout"), ("A", "stripe")}


def ways_of(
    build: Path = BUILD, **mapped: DestinationSettings
) -> tuple[dict[tuple[str, str], ServedPlan], list[str]]:
    sink = Sink()
    ways = read_served_plans(build, "sandbox", mapped, lambda _: {}.get, sink)
    return ways, [f"{problem.code} {problem.hint}" for problem in sink.sorted()]


@pytest.mark.parametrize("run", ["rokt", "rokt.share"])
@pytest.mark.parametrize("param", [None, "reference"])
def test_a_destination_is_reached_through_each_vault_that_it_is_built_for(
    run: str, param: str | None
) -> None:
    ways, problems = ways_of(A=DestinationSettings(run=run, reference_param=param))
    assert (set(ways), problems) == (VAULTS, [])
    assert {(way.operation, way.reference_param) for way in ways.values()} == {("share", param)}
    assert {way.plan.destination for way in ways.values()} == {"rokt"}


@pytest.mark.parametrize(
    ("mapped", "problem"),
    [
        (DestinationSettings(run="nobody"), "FC0704 run `forwardc build`"),
        (DestinationSettings(run="rokt.pay"), "FC0813 the operations are: share"),
        (DestinationSettings(run="rokt", reference_param="ref"), "FC0805 the params are: "),
    ],
)
def test_what_the_settings_name_wrongly_is_no_way(
    mapped: DestinationSettings, problem: str
) -> None:
    ways, problems = ways_of(A=mapped, B=DestinationSettings(run="rokt"))
    assert set(ways) == {("B", "checkout"), ("B", "stripe")}
    assert problems
    assert all(found.startswith(problem) for found in problems)


def test_without_a_build_there_is_no_way(tmp_path: Path) -> None:
    ways, problems = ways_of(tmp_path, A=DestinationSettings(run="rokt"))
    assert ways == {}
    assert [found[:6] for found in problems] == ["FC0704"]


def test_a_damaged_plan_is_no_way_and_the_others_are(tmp_path: Path) -> None:
    build = tmp_path / "build"
    shutil.copytree(BUILD, build)
    (plan,) = (build / "stripe" / "rokt").glob("sandbox.plan.json")
    plan.write_text("{}")
    ways, problems = ways_of(build, A=DestinationSettings(run="rokt"))
    assert set(ways) == {("A", "checkout")}
    assert [found[:6] for found in problems] == ["FC0702"]


def test_the_rules_of_production_count_where_a_way_is_of_production() -> None:
    ways, _ = ways_of(A=DestinationSettings(run="rokt"))
    assert is_production(ways) is False
    assert is_production({}) is False
    live = {
        name: replace(way, plan=replace(way.plan, environment="production"))
        for name, way in ways.items()
    }
    assert is_production(live) is True


class Loud:
    def __repr__(self) -> str:
        return "hush"

    def __call__(self, *_: object) -> Any:
        return None


def test_nothing_that_holds_a_secret_is_shown() -> None:
    ways, _ = ways_of(A=DestinationSettings(run="rokt"))
    way = replace(ways["A", "stripe"], resolver=Loud())
    forwarder = Forwarder({}, cast("RunDependencies", Loud()), in_force=Loud())
    forwarded = ForwardResult(None, cast("BatchedJournal", Loud()))
    assert "hush" not in repr((way, forwarder, forwarded))


class Runs:
    """Takes the place of a run, and keeps what it is given."""

    codes: tuple[str, ...] = ("FC0805", "FC0801", "FC0801")

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.given: list[tuple[RunRequest, RunDependencies]] = []
        monkeypatch.setattr(forwarding, "run", self.run)

    async def run(self, _: Any, __: str, request: RunRequest, *rest: Any) -> None:
        self.given.append((request, rest[1]))
        for number, code in enumerate(self.codes):
            rest[2].error(code, "wrong, too" if number > 1 else "wrong")


def forwarded(
    monkeypatch: pytest.MonkeyPatch, inputs: Mapping[str, str], vault: str = "stripe", **how: Any
) -> tuple[RunRequest, RunDependencies, ForwardResult]:
    runs = Runs(monkeypatch)
    ways, _ = ways_of(A=DestinationSettings(run="rokt", reference_param="reference"))
    instrument = Instrument(vault, "pm_1", dict(inputs), {"given": "x", "reference": "the vault's"})
    given = Forwarder(ways, means(), **how)
    came = asyncio.run(given.forward("A", instrument, "pay-1", MINE))
    return *runs.given[0], came


def means() -> RunDependencies:
    sender = cast("Sender", SimpleNamespace())
    return RunDependencies(
        sender, VaultKeys(sender), ClockAndIds(now=lambda: datetime(2026, 1, 1, tzinfo=UTC))
    )


def test_a_run_is_given_what_the_lookup_knows_under_the_ids_of_its_claim(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    request, _, came = forwarded(monkeypatch, BILLING)
    assert (request.source, request.reference) == ("pm_1", "pay-1")
    assert str(request.run_id) == MINE.run_id
    assert request.texts == {"given": "x", "reference": "pay-1"}
    assert request.not_card is False
    assert (came.result, came.codes) == (None, ("FC0801", "FC0805"))


@pytest.mark.parametrize(("vault", "kept"), [("stripe", True), ("checkout", False)])
def test_a_billing_address_goes_where_the_vault_has_none(
    monkeypatch: pytest.MonkeyPatch, vault: str, kept: bool
) -> None:
    """Whatever else a run does not know is left to it to refuse."""
    request, _, _ = forwarded(monkeypatch, {**BILLING, "nobody.knows": "x"}, vault)
    assert request.inputs == {**(BILLING if kept else {}), "nobody.knows": "x"}


def test_what_is_in_force_when_a_run_begins_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    now = datetime(2027, 1, 1, tzinfo=UTC)

    async def in_force() -> ClockAndIds:
        return ClockAndIds(now=lambda: now, emulated=True)

    _, given, _ = forwarded(monkeypatch, {}, in_force=in_force)
    assert (given.ambient.now(), given.ambient.emulated) == (now, True)
    request, given, _ = forwarded(monkeypatch, {}, not_card=True)
    assert (given.ambient.now().year, request.not_card) == (2026, True)


def test_a_row_may_hold_params_of_another_destination(monkeypatch: pytest.MonkeyPatch) -> None:
    """What no destination of the server takes is left to the run, which refuses it."""
    runs = Runs(monkeypatch)
    ways, _ = ways_of(
        A=DestinationSettings(run="rokt", reference_param="reference"),
        B=DestinationSettings(run="adyen.card_cit"),
    )
    params = {"amount": "1000", "currency": "EUR", "amuont": "1"}
    given = Forwarder(ways, means())
    asyncio.run(given.forward("A", Instrument("stripe", "pm_1", {}, params), "pay-1", MINE))
    asyncio.run(given.forward("B", Instrument("stripe", "pm_1", {}, params), "pay-1", MINE))
    first, second = (request.texts for request, _ in runs.given)
    assert first == {"amuont": "1", "reference": "pay-1"}
    assert second == params


@pytest.mark.parametrize("unreadable", [None, False, True])
def test_what_is_not_approved_lasts_unless_nobody_can_read_the_lock(
    monkeypatch: pytest.MonkeyPatch, unreadable: bool | None
) -> None:
    runs = Runs(monkeypatch)
    monkeypatch.setattr(runs, "codes", ("FC0814",))
    ways, _ = ways_of(A=DestinationSettings(run="rokt", reference_param="reference"))
    told = None if unreadable is None else lambda: unreadable
    given = Forwarder(ways, means(), unreadable=cast("Any", told))
    came = asyncio.run(given.forward("A", Instrument("stripe", "pm_1", {}, {}), "pay-1", MINE))
    assert came.codes == ("FC0814",)
    assert came.lasting == (() if unreadable else ("FC0814 wrong",))


def test_a_way_takes_what_its_fallback_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    runs = Runs(monkeypatch)
    ways, _ = ways_of(
        A=DestinationSettings(run="adyen.network_token_cit"), B=DestinationSettings(run="rokt")
    )
    way = ways["A", "checkout"]
    operations = dict(way.plan.operations)
    other = operations["card_cit"]
    operations["card_cit"] = replace(other, params=(*other.params, "of_fallback"))
    params = {**way.plan.params, "of_fallback": next(iter(way.plan.params.values()))}
    plan = replace(way.plan, operations=operations, params=params)
    given = Forwarder({**ways, ("A", "checkout"): replace(way, plan=plan)}, means())
    row = Instrument("checkout", "src_1", {}, {"of_fallback": "x"}, without=LEFT_OUT)
    asyncio.run(given.forward("A", row, "pay-1", MINE))
    asyncio.run(given.forward("B", row, "pay-1", MINE))
    first, second = (request for request, _ in runs.given)
    assert (first.texts, second.texts) == ({"of_fallback": "x"}, {})
    # Only the fallback of the first has a CVC to leave out; neither knows the last.
    assert first.without == {"card.cvc"}
    assert "network_token.cryptogram" not in second.without
