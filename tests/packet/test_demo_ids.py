"""A project with ids for trying out builds and rehearses, and sends nothing to the real vault."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from forwardc.compile.vaults.facts import demo_ids
from forwardc.compile.vaults.registry import vaults
from forwardc.core.diagnostics.diagnostic import Severity
from forwardc.core.diagnostics.sink import Sink
from forwardc.plan.build_folder import read_plan
from forwardc.plan.lock import Lock
from forwardc.plan.model import load_plan
from forwardc.server.payment_sharing.forwarder import ServedPlan
from forwardc.server.wiring.approved_plans import approved_plans
from lock_file import TODAY, approve
from one_rule import one_rule

ROOT = Path(__file__).resolve().parents[2]

SHOES = """\
forwardc: 1
name: shoes
title: Card payments of a bank
environments:
  sandbox: {base_url: https://test.bank.example}
  production: {base_url: https://api.bank.example}
operations:
  payment:
    initiator: customer
    steps:
      pay:
        request: {POST: /payments, json: {number: "${card.number}"}}
        response: {outcome: by_status}
"""
Typed = Callable[..., tuple[int, str, str]]
PAY = ("run", "shoes.payment", "--via", "stripe", "--env", "production")
SUBMIT = (
    *("submit", "stripe", "shoes", "--env", "production"),
    *("--key", "key.asc", "--out", "sealed"),
)
FACTS = {one.name: one.facts for one in vaults()}
DEMO_ACCOUNTS = [
    *("acct_production", "acct_sandbox", "acct_test", "acct_live", "acct_123", "acct_1"),
    *("acct_demoshop12345678", "acct_0000000000000000", "acct_aaaaaaaaaaaaaaaa"),
    *("acct_1234567890123456", "acct_1Example00Abcdef", "acct_abcdefghijklmnop"),
    *("acct_1Sandbox9QwErTy7", "acct_YOUR9ACCOUNT7IDx", "acct_xxxxxxxxxxxxxxxx"),
    # Real in form, and printed in the vault's documents.
    "acct_1032D82eZvKYlo2C",
]
OWN_ACCOUNTS = [
    *("acct_1QzTk3mWv7RbXn2L", "acct_1A2B3C4D5E6F7G8H"),
    "acct_1NvWqRhK8aPtLs5X",
]
DEMO_CHANNELS = [
    *("pc_production0000000000000000", "pc_sandbox0000000000000000000"),
    *("pc_00000000000000000000000000", "pc_abcdefghijklmnopqrstuvwxyz"),
    *("pc_demo7z3mvr5xtn2bhgyd6ufap4", "pc_aaaaaaaaaaaaabbbbbbbbbbbbb"),
    *("pc_azsiyswl7bwe2ynjzujy7lcjca", "pc_f2vtqcmhgykurkorrnnpz3kneq"),
    "pc_cvbbk7dyapdeho2qmuzozupapi",
]
OWN_CHANNELS = ["pc_qk7wz3mvr5xtn2bhgyd6ufap4e", "pc_m4zxw7kq2vbt5hndyr3gucj6fe"]
DEMO_PREFIXES = ["demo", "shop1234", "12345678", "aaaaaaaa", "pl-demo0000", "mycompany"]
OWN_PREFIXES = ["vkuhvk4v", "pl-q7mz2xwd"]


@one_rule(
    ("vault", "name", "value", "is_demo"),
    [
        *(("stripe", "account", one, True) for one in DEMO_ACCOUNTS),
        *(("stripe", "account", one, False) for one in OWN_ACCOUNTS),
        *(("checkout", "processing_channel_id", one, True) for one in DEMO_CHANNELS),
        *(("checkout", "processing_channel_id", one, False) for one in OWN_CHANNELS),
        *(("checkout", "prefix", one, True) for one in DEMO_PREFIXES),
        *(("checkout", "prefix", one, False) for one in OWN_PREFIXES),
    ],
)
def test_an_id_for_trying_out_is_known(vault: str, name: str, value: str, is_demo: bool) -> None:
    assert demo_ids(FACTS[vault], {name: value}) == [name] * is_demo


def test_a_plan_names_them_and_holds_no_value(shop: Callable[..., None], typed: Typed) -> None:
    shop(stripe="acct_test", test="acct_123")
    assert typed("build")[0] == 0
    plan = load_plan(Path("build/stripe/shoes/production.plan.json").read_bytes())
    assert plan.demo_ids == {"sandbox": ("account",), "production": ("account",)}
    own = load_plan(Path("build/checkout/shoes/production.plan.json").read_bytes())
    tried = load_plan(Path("build/stripe/shoes/sandbox.plan.json").read_bytes())
    assert own.demo_ids == tried.demo_ids == {}


REAL = {"stripe": "pm_card_visa", "checkout": "src_visa_approved0000000000000"}


@pytest.mark.parametrize("vault", ["stripe", "checkout"])
def test_production_is_rehearsed_and_says_so_and_is_not_run(
    vault: str, shop: Callable[..., None], typed: Typed
) -> None:
    shop(stripe="acct_test", checkout="pc_00000000000000000000000000")
    assert typed("check")[0] == typed("build")[0] == 0
    ticket = ("--psp-ticket", "SUP-1") if vault == "stripe" else ()
    assert typed("approve", vault, "shoes", "--env", "production", "--by", "Ada", *ticket)[0] == 0
    run = ("run", "shoes.payment", "--via", vault, "--env", "production", "--source", REAL[vault])
    code, out, err = typed(*run, "--sandbox", "--no-history")
    assert "warning FC0859 a rehearsal with an id for trying out" in err
    assert (code, out.splitlines()[-1]) == (0, "approved")
    code, out, err = typed(*run, "--no-history")
    assert (code, out) == (1, "")
    assert f"error FC0859 an id for trying out is nobody's account: {vault}/shoes: " in err
    assert "acct_" not in err
    assert "pc_" not in err


def test_a_dry_run_is_refused_too(shop: Callable[..., None], typed: Typed) -> None:
    shop(stripe="acct_test")
    assert typed("build")[0] == 0
    code, _, err = typed(*PAY, "--dry-run", "--source", "pm_card_visa")
    assert code == 1
    assert "error FC0859" in err


def test_a_plan_of_a_sandbox_needs_no_account_of_anybody(shop, typed: Typed) -> None:
    shop(test="acct_test")
    assert typed("build")[0] == 0
    run = ("run", "shoes.payment", "--via", "stripe", "--env", "sandbox", "--sandbox")
    code, _, err = typed(*run, "--no-history", "--source", "pm_card_visa")
    assert (code, err) == (0, "")


def test_secrets_are_pushed_to_nobody(shop, typed: Typed, monkeypatch: pytest.MonkeyPatch) -> None:
    shop(checkout="pc_00000000000000000000000000")
    assert typed("build")[0] == 0
    assert typed("approve", "checkout", "shoes", "--env", "production", "--by", "Ada")[0] == 0
    monkeypatch.setenv("FORWARDC_SECRET__PRODUCTION__SHOES__BANK_KEY", "bank-key-0123456789")
    code, _, err = typed("secrets", "push", "--via", "checkout", "--env", "production")
    assert code == 1
    assert "error FC0859" in err
    assert "bank-key" not in err


@pytest.mark.parametrize("said", [{"stripe": "acct_live"}, {"test": "acct_test"}])
def test_nothing_is_sealed_for_a_letter_with_such_an_id(said: dict[str, str], shop, typed) -> None:
    shop(**said)
    assert typed("build")[0] == 0
    Path("key.asc").write_text("no key")
    code, out, err = typed(*SUBMIT)
    assert (code, out) == (1, "")
    assert "error FC0859 ids for trying out stand in the letter: stripe/shoes: account of " in err
    assert not Path("sealed").exists()


def test_the_letter_and_the_config_are_headed(shop, typed: Typed) -> None:
    shop(test="acct_test")
    assert typed("build")[0] == 0
    letter = Path("build/stripe/shoes/submission.md").read_text("utf-8")
    config = Path("build/stripe/shoes/payment.pay.production.config.json").read_text("utf-8")
    assert letter.startswith("# NOT FOR SENDING\n")
    assert "account of sandbox" in letter.splitlines()[2]
    assert next(iter(json.loads(config))) == "not_for_sending"
    without = SHOES.replace("  production: {base_url: https://api.bank.example}\n", "")
    shop(without, test="acct_test")
    assert typed("build")[0] == 0
    letter = Path("build/stripe/shoes/submission.md").read_text("utf-8")
    assert letter.startswith("# NOT FOR SENDING\n")
    shop()
    assert typed("build")[0] == 0
    for name in ("submission.md", "payment.pay.production.config.json"):
        text = Path("build/stripe/shoes", name).read_text("utf-8")
        assert "not for sending" not in text.lower().replace("_", " ")


@pytest.mark.parametrize("emulated", [False, True])
def test_a_server_serves_a_rehearsal_and_nobodys_account_never(emulated: bool) -> None:
    plan = read_plan(ROOT / "build", "checkout", "adyen", "production", Sink())
    assert plan is not None
    way = {("PAY", "checkout"): ServedPlan(plan, "card_cit", {}.get)}
    sink = Sink()
    kept = approved_plans(way, approve(Lock(), plan, ["card_cit"]), TODAY, sink, emulated=emulated)
    assert list(kept) == ([("PAY", "checkout")] if emulated else [])
    assert [(one.code, one.severity) for one in sink.sorted()] == [
        ("FC0859", Severity.WARNING if emulated else Severity.ERROR)
    ]
