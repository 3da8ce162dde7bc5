"""A payment is settled by hand, by asking its destination for what the page says to quote."""

import asyncio
import re
from pathlib import Path
from typing import Any

import httpx
import pytest

from forwardc.cli.main import run as cli
from forwardc.runtime.history.records import RunFilter, StoredRun
from forwardc.runtime.history.store import open_store
from forwardc.sandbox.world import ReceivedRequest
from lost_answers import Case, arguments, lost, newest, overhear, plan_of, quoted, recorded
from overheard import Overheard


class SupportDesk:
    """Somebody who has the history and a telephone."""

    def __init__(
        self, folder: Path, patch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
    ) -> None:
        self.history = recorded(patch, folder)
        self.patch, self.capfd = patch, capfd

    def left_unknown(self, case: Case) -> tuple[Overheard, StoredRun, list[str]]:
        """Lose the answer to a step; what the page says to quote to the destination."""
        plan = plan_of(case.vault, case.destination)
        heard = overhear(self.patch, lost(plan, case))
        assert cli(arguments(case, plan.operations[case.operation])) == 13
        run = newest(self.history)
        self.capfd.readouterr()
        assert cli(["resolve", run.id]) == 0
        said = quoted(self.capfd.readouterr().out)
        return heard, run, [value for who, _, value in said if who == case.destination]

    def settle(self, run: StoredRun, word: str) -> str:
        words = ("--as", word, "--by", "Ada Moreau", "--reason", "their support says so")
        assert cli(["resolve", run.id, *words]) == 0
        return str(newest(self.history).summary.outcome)

    def found_by(self, text: str) -> list[str]:
        with open_store(self.history) as store:
            return [one.id for one in store.search(RunFilter(text=text)).runs]


@pytest.fixture
def support(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> SupportDesk:
    return SupportDesk(tmp_path, monkeypatch, capfd)


def _header(request: ReceivedRequest, name: str) -> str | None:
    return next((value for key, value in request.headers if key.lower() == name), None)


def intents(heard: Overheard) -> list[dict[str, Any]]:
    """What Stripe lists, asked with the key of the account that charges."""
    texts = " ".join(heard.got["api.stripe.com"])
    key = re.search(r"[Aa]uthorization: (Bearer sk_\w+)", texts)
    assert key

    async def ask() -> httpx.Response:
        async with httpx.AsyncClient(transport=heard) as client:
            url = "https://api.stripe.com/v1/payment_intents"
            return await client.get(url, headers={"Authorization": key[1]})

    answer = asyncio.run(ask())
    assert answer.status_code == 200, answer.text
    return list(answer.json()["data"])


def test_stripe_by_the_metadata_of_an_intent_whose_answer_was_lost(support: SupportDesk) -> None:
    heard, run, quotes = support.left_unknown(Case("checkout", "stripe", "payment", "intent"))
    (found,) = [one for one in intents(heard) if one["metadata"] == {"forwardc_run": quotes[0]}]
    # It was made and never confirmed: nobody was charged.
    assert found["status"] == "requires_confirmation"
    assert support.settle(run, "declined") == "declined"


def test_stripe_by_the_id_that_it_gave(support: SupportDesk) -> None:
    heard, run, quotes = support.left_unknown(Case("checkout", "stripe", "payment", "confirm"))
    (found,) = [one for one in intents(heard) if one["id"] in quotes]
    assert found["status"] == "succeeded"
    assert support.settle(run, "approved") == "approved"
    assert support.found_by(found["id"]) == [run.id]


def test_adyen_by_its_merchant_reference(support: SupportDesk) -> None:
    heard, run, quotes = support.left_unknown(Case("checkout", "adyen", "card_cit", "pay"))
    payments = [one for one in heard.world.received if quotes[0].encode() in one.body]
    assert payments
    # Adyen honours the key, so that what it got several times is one payment.
    assert {quotes[1]} == {_header(one, "idempotency-key") for one in payments}
    assert support.settle(run, "approved") == "approved"
    assert support.found_by(quotes[0]) == [run.id]


def test_rocketpay_by_its_payment_id(support: SupportDesk) -> None:
    heard, run, quotes = support.left_unknown(Case("direct", "rocketpay", "payout", "payout"))
    # It honours no key: none is quoted.
    assert quotes == ["PAYMENT-6"]
    texts = [text for text in heard.got["api.rocketpay.kz"] if quotes[0] in text]
    assert len(texts) == 1
    assert support.settle(run, "declined") == "declined"
    assert support.found_by(quotes[0]) == [run.id]


def test_what_a_destination_has_not_decided_is_asked_for_by_the_same_names(
    support: SupportDesk, capfd: pytest.CaptureFixture[str]
) -> None:
    case = Case("direct", "rocketpay", "payout", "payout")
    plan = plan_of(case.vault, case.destination)
    overhear(support.patch, re.compile(r"(?!)"))
    assert cli(arguments(case, plan.operations[case.operation])) == 14
    run = newest(support.history)
    capfd.readouterr()
    assert cli(["resolve", run.id]) == 0
    said = capfd.readouterr().out
    assert "    quote      PAYMENT-6, sent as /general/payment_id" in said
    assert re.search(r"    quote      \w+, given as /request_id", said)
    assert support.settle(run, "approved") == "approved"
    capfd.readouterr()
    assert cli(["resolve", run.id]) == 0
    assert "nothing about it is unknown" in capfd.readouterr().out
    # Nobody is told that a payment which somebody has settled is unknown still.
    assert cli(["reconcile", run.id]) == 0
    found = capfd.readouterr()
    assert found.out == f"{run.id}  approved; nothing about it is unknown\n"
    assert "unknown" not in found.err
