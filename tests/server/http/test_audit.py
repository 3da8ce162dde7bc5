"""`forwardc audit`, and the approvals that a server records at its start."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from forwardc.cli.main import run as cli
from forwardc.compile.review.approve import lock_bytes
from forwardc.core.diagnostics.sink import Sink
from forwardc.plan.build_folder import read_plan
from forwardc.plan.lock import Lock
from forwardc.plan.model import Plan
from forwardc.runtime.history.store import open_store
from forwardc.server.payment_sharing.forwarder import ServedPlan, ServedPlans
from forwardc.server.wiring.approved_plans import approved_plans, record_approvals
from lock_file import TODAY, approve
from own_ids import build_own
from serving import opened

# What Adyen must be told beside the reference.
PARAMS = "param.amount,param.currency,param.return_url"

ROOT = Path(__file__).resolve().parents[3]
Call = Callable[..., tuple[int, str]]


@pytest.fixture
def audit(
    history_url: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Call:
    monkeypatch.setenv("FORWARDC_HISTORY", history_url)

    def call(*arguments: str) -> tuple[int, str]:
        code = cli(["audit", *arguments])
        told = capfd.readouterr()
        return code, told.out + told.err

    return call


def test_events_are_listed_and_verified(history_url: str, audit: Call) -> None:
    with open_store(history_url) as store:
        store.pause("stripe", "ann", "incident 7")
        first = store.verify_events().head
        store.unpause("stripe", "bob")
    code, told = audit()
    assert code == 0
    assert [line.split()[1:3] for line in told.splitlines()[1:]] == [
        ["resume", "bob"],
        ["pause", "ann"],
    ]
    events = json.loads(audit("--json")[1])["events"]
    assert events[1]["what"] == "stripe: incident 7"
    code, told = audit("--verify")
    assert (code, told.splitlines()[0]) == (0, "2 events stand as they were written")
    assert first is not None
    assert audit("--expect", first)[0] == 0
    assert audit("--expect", "0" * 64)[0] == 1
    assert audit("--expect", "nonsense")[0] == 2


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE events SET by_whom = 'eve' WHERE seq = 1",
        "DELETE FROM events WHERE seq = 1",
        "UPDATE events SET at = '2020-01-01T00:00:00.000Z' WHERE seq = 2",
    ],
)
def test_an_event_that_was_changed_is_found(history_url: str, audit: Call, statement: str) -> None:
    with open_store(history_url) as store:
        for number in range(3):
            store.record("note", "ann", f"number {number}")
        head = store.verify_events().head
        store.database.write(lambda tx: tx.run(statement))
    code, told = audit("--verify")
    assert code == 1
    assert "is not as it was written" in told
    answer = json.loads(audit("--verify", "--json")[1])
    assert answer["first_wrong"] in (1, 2)
    assert answer["head"] == head


def test_the_newest_is_missed_by_whoever_noted_it(history_url: str, audit: Call) -> None:
    with open_store(history_url) as store:
        store.record("note", "ann", "one")
        store.record("note", "ann", "two")
        head = store.verify_events().head or ""
        store.database.write(lambda tx: tx.run("DELETE FROM events WHERE seq = 2"))
    assert audit("--verify")[0] == 0
    code, told = audit("--expect", head)
    assert (code, told.strip()) == (
        1,
        "the expected head is not there: events have been taken away",
    )


def test_without_a_history_there_is_nothing_to_verify(tmp_path: Path, audit: Call) -> None:
    missing = tmp_path / "none.db"
    code, told = audit("--verify", "--history", str(missing))
    assert code == 1
    assert "FC0867" in told
    assert not missing.exists()


def production(root: Path = ROOT) -> Plan:
    plan = read_plan(root / "build", "checkout", "adyen", "production", Sink())
    assert plan is not None
    # As a merchant's own project has it: this one has ids for trying out.
    return replace(plan, demo_ids={})


def ways(plan: Plan, *operations: str) -> ServedPlans:
    return {(f"to.{name}", plan.vault): ServedPlan(plan, name, {}.get) for name in operations}


def test_an_approval_in_force_is_an_event_once(history_url: str, audit: Call) -> None:
    plan = production()
    served, lock = ways(plan, "card_cit"), approve(Lock(), plan, ["card_cit"], expires=TODAY)
    with open_store(history_url) as store:
        assert record_approvals(store, served, lock) == 1
        assert record_approvals(store, served, lock) == 0
        assert record_approvals(store, served, Lock()) == 0
    events = json.loads(audit("--json")[1])["events"]
    assert [(one["kind"], one["by"]) for one in events] == [("approval", "Ada Moreau")]
    assert "own approval of checkout/adyen/card_cit/production, sha256:" in events[0]["what"]
    assert audit("--verify")[0] == 0


def test_what_is_not_approved_is_not_served() -> None:
    plan = production()
    both, lock = (
        ways(plan, "card_cit", "card_mit"),
        approve(Lock(), plan, ["card_cit"], expires=TODAY),
    )
    sink = Sink()
    kept = approved_plans(both, lock, TODAY, sink)
    assert [key[0] for key in kept] == ["to.card_cit"]
    assert {found.code for found in sink.sorted()} == {"FC0814"}
    assert sink.has_errors


SETTINGS = """\
forwardc = 1
[server]
port = 0
[run]
environment = "production"
[destinations."PAY"]
run = "adyen.card_cit"
reference_param = "reference"
[lookup]
kind = "csv"
file = "references.csv"
"""


@pytest.mark.slow
@pytest.mark.xdist_group("serving")
def test_a_server_in_production_serves_what_is_approved_and_says_so(tmp_path: Path) -> None:
    build_own(ROOT, tmp_path)
    (tmp_path / "forwardc-server.toml").write_text(SETTINGS)
    (tmp_path / "references.csv").write_text(f"reference,vault,source,{PARAMS}\n")
    with opened(tmp_path) as shop:
        refused = shop.run("serve", "--check")
        assert refused.returncode == 1
        assert "FC0814" in refused.stderr
        approvals = approve(Lock(), production(tmp_path), ["card_cit"])
        (tmp_path / "forwardc.lock").write_bytes(lock_bytes(approvals))
        checked = shop.run("serve", "--check")
        assert checked.returncode == 0, checked.stderr
        assert [one for one in checked.stdout.splitlines()[1:] if one.startswith("  PAY")] == [
            "  PAY: adyen.card_cit through checkout"
        ]
        # Through other vaults it is not approved, and not served.
        assert "FC0814" in checked.stderr
        with shop.serving() as server, server.client() as client:
            assert client.get("/ready").json()["parts"]["approvals"] == "ok"
        told = shop.run("audit").stdout
    assert "own approval of checkout/adyen/card_cit/production" in told
    assert "Ada Moreau" in told
