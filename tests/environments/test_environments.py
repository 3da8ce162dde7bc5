"""Named environments and accounts: what is built of them, and that nothing of one is another's."""

import json
import shutil
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result
from hypothesis import given, settings
from hypothesis import strategies as st

from forwardc.cli.main import cli
from forwardc.compile.pipeline import compile_project
from forwardc.compile.review.approve import ApprovalAct, lock_bytes, with_approvals
from forwardc.core.diagnostics.sink import Sink
from forwardc.plan.approvals import approval_key
from forwardc.plan.environment import Environment, is_name, parts_of, place_of
from forwardc.plan.lock import Lock, lock_of
from forwardc.plan.model import InvalidPlanError, Plan, load_plan

PROJECT = """\
forwardc: 1
environments:
  sandbox:
    vaults: {stripe: {account: acct_test, api_version: 2026-09-30.endive}}
    settings: {adyen: {merchant_account: ShopTest}}
    accounts: {us: {vaults: {stripe: {account: acct_testus}}}}
  staging:
    class: sandbox
    like: sandbox
    settings: {adyen: {merchant_account: ShopStage}}
  production:
    vaults: {stripe: {account: acct_eu, api_version: 2026-09-30.endive}}
    settings: {adyen: {merchant_account: ShopEU, live_prefix: eu-1}}
    accounts:
      us:
        vaults: {stripe: {account: acct_us}}
        settings: {adyen: {merchant_account: ShopUS, live_prefix: us-1}}
      br: {settings: {adyen: {merchant_account: ShopBR}}}
  live_asia:
    class: production
    like: production
    settings: {adyen: {live_prefix: asia-1}}
"""
PLACES = ("live_asia", "production", "production@br", "production@us")


@pytest.fixture(scope="module")
def project(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("places")
    (folder / "destinations").mkdir()
    shutil.copy(root / "destinations" / "adyen.yaml", folder / "destinations")
    (folder / "forwardc.yaml").write_text(PROJECT, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def outputs(project: Path) -> Mapping[str, bytes]:
    sink = Sink()
    found = dict(compile_project(project, sink).outputs())
    assert [one.message for one in sink.sorted()] == []
    return found


def plan_at(outputs: Mapping[str, bytes], where: str) -> Plan:
    return load_plan(outputs[f"stripe/adyen/{where}.plan.json"])


@pytest.mark.parametrize(
    ("where", "class_", "host", "merchant"),
    [
        ("sandbox", "sandbox", "checkout-test.adyen.com", "ShopTest"),
        ("sandbox@us", "sandbox", "checkout-test.adyen.com", "ShopTest"),
        ("staging", "sandbox", "checkout-test.adyen.com", "ShopStage"),
        ("production", "production", "eu-1-checkout-live.adyenpayments.com", "ShopEU"),
        ("production@us", "production", "us-1-checkout-live.adyenpayments.com", "ShopUS"),
        ("production@br", "production", "eu-1-checkout-live.adyenpayments.com", "ShopBR"),
        ("live_asia", "production", "asia-1-checkout-live.adyenpayments.com", "ShopEU"),
    ],
)
def test_what_an_overlay_does_not_say_is_the_environments(
    outputs: Mapping[str, bytes], where: str, class_: str, host: str, merchant: str
) -> None:
    plan = plan_at(outputs, where)
    assert (plan.place, plan.environment_class) == (where, class_)
    assert plan.hosts.destination == (host,)
    assert f'"{merchant}"' in outputs[f"stripe/adyen/{where}.plan.json"].decode()


def test_each_account_has_its_own_files_for_the_reviewer(outputs: Mapping[str, bytes]) -> None:
    others = dict.fromkeys(("", ".production@br", ".live_asia"), "acct_eu")
    accounts = {**others, ".production@us": "acct_us"}
    for infix, account in accounts.items():
        config = json.loads(outputs[f"stripe/adyen/card_cit.pay{infix}.production.config.json"])
        assert config["accounts"]["live"] == account
        for name in (f"review{infix}.html", f"submission{infix}.md"):
            page = outputs[f"stripe/adyen/{name}"].decode()
            assert account in page
            assert not [other for other in {*accounts.values()} - {account} if other in page]
    tried = json.loads(outputs["stripe/adyen/card_cit.pay.production@us.production.config.json"])
    assert tried["accounts"]["test"] == "acct_testus"
    assert not [path for path in outputs if "staging" in path and "config" in path]


def test_an_approval_counts_for_its_place_only(outputs: Mapping[str, bytes]) -> None:
    plans = {where: plan_at(outputs, where) for where in PLACES}
    act = ApprovalAct("Ada", date(2026, 11, 30))
    sink = Sink()
    lock = with_approvals(Lock(), plans["production@us"], ["card_cit"], act, sink)
    assert lock is not None
    key = "stripe/adyen/card_cit/production@us"
    assert list(lock.own) == [key] == [approval_key(plans["production@us"], "card_cit")]
    for where in PLACES:
        moved = key.replace("production@us", where)
        copied = replace(lock, own={moved: lock.own[key]})
        assert (lock_of(lock_bytes(copied), Sink()) is not None) == (where == "production@us")


@pytest.mark.parametrize(
    ("edit", "is_plan"),
    [
        ({}, True),
        ({"environment": "eu", "class": "production"}, True),
        ({"environment": "eu"}, False),
        ({"class": "sandbox"}, False),
        ({"class": "production"}, False),
        ({"environment": "eu", "class": "test"}, False),
        ({"environment": "eu__us", "class": "sandbox"}, False),
        ({"account": ""}, False),
        ({"account": "a@b"}, False),
    ],
)
def test_a_plan_says_its_class_once(
    outputs: Mapping[str, bytes], edit: dict[str, str], is_plan: bool
) -> None:
    data = json.loads(outputs["stripe/adyen/production.plan.json"]) | edit
    if is_plan:
        assert load_plan(json.dumps(data).encode()).environment_class == "production"
    else:
        with pytest.raises(InvalidPlanError):
            load_plan(json.dumps(data).encode())


NAMES = st.from_regex(r"[a-z][a-z0-9]{0,3}(_[a-z0-9]{1,3}){0,2}", fullmatch=True)


@given(st.tuples(NAMES, NAMES | st.just("")), st.tuples(NAMES, NAMES | st.just("")))
@settings(max_examples=200)
def test_no_two_places_are_written_alike(left: tuple[str, str], right: tuple[str, str]) -> None:
    assert (place_of(*left) == place_of(*right)) == (left == right)
    assert parts_of(place_of(*left)) == left
    assert is_name(left[0])
    assert Environment(left[0], "sandbox", left[1]).place == place_of(*left)


def forwardc(folder: Path, *words: str) -> Result:
    arguments = [*words, "--build", str(folder / "build")]
    return CliRunner().invoke(cli, arguments, standalone_mode=False)


@pytest.fixture(scope="module")
def built(project: Path) -> Path:
    done = CliRunner().invoke(cli, ["build", "--project", str(project)])
    assert done.exit_code == 0, done.output
    return project


PAY = (
    "run", "adyen.card_cit", "--via", "stripe", "--source", "pm_sandbox_visa",
    "-p", "amount=1050", "-p", "currency=EUR", "-p", "reference=ORDER-1",
    "-p", "return_url=https://shop.example/return", "-p", "shopper_reference=shopper-1",
)  # fmt: skip


def test_an_account_runs_and_is_recorded_as_itself(built: Path) -> None:
    history = built / "history.db"
    where = ("--env", "sandbox", "--account", "us", "--sandbox", "--history", str(history))
    done = forwardc(built, *PAY, *where, "--json")
    found = json.loads(done.stdout)
    assert (found["environment"], found["account"]) == ("sandbox", "us"), done.output
    listed = CliRunner().invoke(cli, ["history", "--history", str(history), "--json"])
    (run,) = json.loads(listed.stdout)["runs"]
    assert run["environment"] == "sandbox@us"


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--env", "production", "--account", "us"), "--env production --account us"),
        (("--env", "production"), "--env production --by"),
        (("--env", "live_asia"), "--env live_asia"),
        (("--env", "production", "--account", "uk"), "did you mean production@us?"),
        (("--env", "stagin"), "did you mean staging?"),
        (("--env", "production@us"), "a lower-case name"),
        (("--account", "us"), "--account goes with --env"),
    ],
)
def test_what_cannot_run_says_where(built: Path, words: tuple[str, ...], says: str) -> None:
    done = forwardc(built, *PAY, *words, "--no-history")
    assert done.return_value == 1 or isinstance(done.exception, click.UsageError)
    assert says in f"{done.output}{done.exception}"


def test_approving_one_account_approves_no_other(built: Path) -> None:
    project = ("--project", str(built), "--by", "Ada")
    approve = ("approve", "stripe", "adyen.card_cit", "--env", "production", "--account", "us")
    done = CliRunner().invoke(cli, [*approve, *project])
    assert done.exit_code == 0, done.output
    listed = json.loads(forwardc(built, "approvals", "--json").stdout)["approvals"]
    approved = {one["environment"] for one in listed if one["own"]["state"] == "approved"}
    assert approved == {"production@us"}
    assert {one["environment"] for one in listed} == set(PLACES)


def test_a_destination_may_have_an_entry_for_one_environment(root: Path, tmp_path: Path) -> None:
    text = (root / "destinations" / "adyen.yaml").read_text(encoding="utf-8")
    (tmp_path / "destinations").mkdir()
    own = text.replace(
        "environments:\n",
        "environments:\n  staging: {base_url: https://staging.adyen.example}\n"
        "  stagging: {base_url: https://other.adyen.example}\n",
    )
    (tmp_path / "destinations" / "adyen.yaml").write_text(own, encoding="utf-8")
    (tmp_path / "forwardc.yaml").write_text(PROJECT, encoding="utf-8")
    sink = Sink()
    outputs = dict(compile_project(tmp_path, sink).outputs())
    assert [(one.code, one.hint) for one in sink.sorted()] == [("FC0302", "did you mean staging?")]
    assert plan_at(outputs, "staging").hosts.destination == ("staging.adyen.example",)
    assert plan_at(outputs, "sandbox").hosts.destination == ("checkout-test.adyen.com",)
