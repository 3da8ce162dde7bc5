"""Test and live are told apart by hosts and credentials, whatever an environment is called."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from forwardc.core.files.digest import file_digest

LIVE = "sk_live_" + "a1B2" * 8
RESTRICTED = "rk_test_" + "a1B2" * 8
ORGANISATION = "sk_org_" + "a1B2" * 8
SHOWN = "a1B2a1B2"


@pytest.mark.parametrize(
    ("target", "vault"),
    [
        ("adyen.card_cit", "stripe"),
        ("token_vault.tokenize", "stripe"),
        ("adyen.card_cit", "checkout"),
        ("stripe.payment", "checkout"),
    ],
)
def test_fitting_test_credentials_need_no_approval(target: str, vault: str, door) -> None:
    _, out = door.run(target, vault, "sandbox")
    assert "FC08" not in out
    assert "FC99" not in out
    assert door.sent


@pytest.mark.parametrize(
    ("target", "vault", "given"),
    [
        ("adyen.card_cit", "stripe", {"stripe": LIVE}),
        ("token_vault.tokenize", "stripe", {"stripe": LIVE.replace("sk", "rk")}),
        ("adyen.card_cit", "checkout", {"checkout": "sk_" + "a" * 27}),
        ("stripe.payment", "checkout", {"stripe_secret": LIVE}),
        ("stripe.payment", "checkout", {"stripe_secret": ORGANISATION}),
        ("stripe.payment", "checkout", {"stripe_secret": SHOWN}),
        ("stripe.payment", "checkout", {"stripe_secret": " sk_test_" + SHOWN}),
    ],
)
@pytest.mark.parametrize("more", [(), ("--dry-run",)])
def test_another_credential_is_refused_by_name(
    target: str, vault: str, given: dict[str, str], more: tuple[str, ...], door
) -> None:
    door.give(**given)
    code, out = door.run(target, vault, "sandbox", *more)
    assert (code, door.sent) == (1, [])
    assert "FC0845 FORWARDC_" in out
    assert "--env sandbox --by NAME" in out
    assert not any(value.strip() in out for value in given.values())


def test_a_restricted_test_key_is_a_test_key(door) -> None:
    door.give(stripe=RESTRICTED)
    door.run("adyen.card_cit", "stripe", "sandbox")
    assert door.sent


def test_an_approval_of_the_sandbox_lets_another_credential_go(door) -> None:
    door.give(stripe_secret=ORGANISATION)
    assert door("approve", "checkout", "stripe.payment", "--env", "sandbox", "--by", "Ada")[0] == 0
    assert list(json.loads(Path("forwardc.lock").read_text())["own"]) == [
        "checkout/stripe/payment/sandbox"
    ]
    assert "FC08" not in door.run("stripe.payment", "checkout", "sandbox")[1]
    assert door.sent


def test_a_test_credential_in_production_is_refused_whoever_approved(door) -> None:
    door.give(checkout="sk_" + "a" * 27)
    arguments = ("approve", "checkout", "stripe.payment", "--env", "production", "--by", "Ada")
    assert door(*arguments)[0] == 0
    code, out = door.run("stripe.payment", "checkout", "production")
    assert (code, door.sent) == (1, [])
    assert "begins as a credential of sandbox does" in out
    assert "approve" not in out
    door.give(stripe_secret=LIVE)
    assert "FC0845" not in door.run("stripe.payment", "checkout", "production")[1]
    assert door.sent


@pytest.mark.parametrize("more", [(), ("--dry-run",)])
def test_what_nothing_tells_apart_needs_an_approval(more: tuple[str, ...], door) -> None:
    code, out = door.run("rocketpay.card", "direct", "sandbox", *more)
    assert (code, door.sent) == (1, [])
    assert "FC0814 direct/rocketpay.card: the own approval was never given" in out
    assert "forwardc approve direct rocketpay.card --env sandbox --by NAME" in out
    assert door("approve", "direct", "rocketpay.card", "--env", "sandbox", "--by", "Ada")[0] == 0
    assert "FC0814" not in door.run("rocketpay.card", "direct", "sandbox", *more)[1]


def test_an_approval_of_another_operation_is_none(door) -> None:
    assert door("approve", "direct", "rocketpay.revoke", "--env", "sandbox", "--by", "Ada")[0] == 0
    assert door.run("rocketpay.card", "direct", "sandbox")[0] == 1
    assert door.sent == []


def test_a_damaged_lock_keeps_back_what_needs_it_only(door) -> None:
    Path("forwardc.lock").write_text("{", encoding="utf-8")
    assert "FC0705" in door.run("rocketpay.card", "direct", "sandbox")[1]
    assert door.sent == []
    assert "FC0705" not in door.run("stripe.payment", "checkout", "sandbox")[1]
    assert door.sent


Edit = Callable[[dict[str, Any]], Any]


def edit(path: str, change: Edit) -> None:
    """Change a plan as somebody does who knows the manifest."""
    plan, manifest = Path("build") / path, Path("build/manifest.json")
    document, known = json.loads(plan.read_text()), json.loads(manifest.read_text())
    change(document)
    plan.write_text(json.dumps(document))
    known["outputs"][path] = file_digest(plan.read_bytes())
    manifest.write_text(json.dumps(known))


def relabelled(document: dict[str, Any]) -> None:
    document["environment"] = "sandbox"
    document.pop("needs_approval")


ROCKETPAY, STRIPE = "direct/rocketpay/sandbox.plan.json", "checkout/stripe/sandbox.plan.json"


@pytest.mark.parametrize(
    ("path", "change", "run"),
    [
        (ROCKETPAY, lambda one: one.pop("needs_approval"), ("rocketpay.card", "direct")),
        (ROCKETPAY, lambda one: one.update(needs_approval=False), ("rocketpay.card", "direct")),
        (
            STRIPE,
            lambda one: one["secrets"]["stripe_api_key"].clear(),
            ("stripe.payment", "checkout"),
        ),
        (STRIPE, lambda one: one.pop("separated_by"), ("stripe.payment", "checkout")),
        (
            "stripe/adyen/sandbox.plan.json",
            lambda one: one["credentials"]["api_key"].pop("shape"),
            ("adyen.card_cit", "stripe"),
        ),
        (
            "checkout/adyen/sandbox.plan.json",
            lambda one: one["hosts"].update(destination=["Core.Spreedly.com.:443"]),
            ("adyen.card_cit", "checkout"),
        ),
        (
            "checkout/adyen/sandbox.plan.json",
            lambda one: one["hosts"].update(vault=["forward.checkout.com"]),
            ("adyen.card_cit", "checkout"),
        ),
    ],
)
def test_a_label_decides_nothing(path: str, change: Edit, run: tuple[str, str], door) -> None:
    edit(path, change)
    code, out = door.run(*run, "sandbox")
    assert (code, door.sent) == (1, [])
    assert f"FC0716 {path} says that it needs no approval: " in out


def test_production_under_the_name_of_the_sandbox(door) -> None:
    live = Path("build/checkout/adyen/production.plan.json").read_text()
    Path("build/checkout/adyen/sandbox.plan.json").write_text(live)
    edit("checkout/adyen/sandbox.plan.json", relabelled)
    code, out = door.run("adyen.card_cit", "checkout", "sandbox")
    assert (code, door.sent) == (1, [])
    assert "FC0716" in out


def test_a_manifest_without_the_live_hosts_is_none(door) -> None:
    path = Path("build/manifest.json")
    manifest = json.loads(path.read_text())
    manifest.pop("live_hosts")
    path.write_text(json.dumps(manifest))
    code, out = door.run("adyen.card_cit", "checkout", "sandbox")
    assert (code, door.sent) == (1, [])
    assert "FC0702" in out


def test_a_shorter_list_of_live_hosts_is_found_by_the_check(door) -> None:
    path = Path("build/manifest.json")
    manifest = json.loads(path.read_text())
    manifest["live_hosts"].remove("api.rocketpay.kz")
    path.write_text(json.dumps(manifest))
    assert door("build", "--check")[0] == 3


@pytest.mark.parametrize(
    ("target", "vault"),
    [("rocketpay.card", "direct"), ("stripe.payment", "checkout"), ("adyen.card_cit", "stripe")],
)
def test_a_sandbox_of_this_machine_needs_none(
    target: str, vault: str, house: Path, capfd, monkeypatch: pytest.MonkeyPatch
) -> None:
    from forwardc.cli.main import run as cli

    params = {
        "rocketpay.card": ("-p", "customer_id=customer_123", "-p", f"token={'0' * 64}"),
        "stripe.payment": ("-p", "amount=1000", "-p", "currency=EUR"),
        "adyen.card_cit": (
            *("-p", "amount=1000", "-p", "currency=EUR", "-p", "reference=ORDER-1"),
            *("-p", "return_url=https://shop.example/return"),
        ),
    }[target]
    source = {"checkout": "src_visa_approved0000000000000", "stripe": "pm_card_visa"}.get(vault)
    given = ("--source", source) if source else ()
    played = ("--sandbox", "--no-history")
    Path("forwardc.lock").write_text("{", encoding="utf-8")
    code = cli(["run", target, "--via", vault, "--env", "sandbox", *given, *params, *played])
    out = "".join(capfd.readouterr())
    assert "FC08" not in out
    assert "FC99" not in out
    assert "FC07" not in out
    assert code != 1


def test_the_review_page_and_diff_say_so(door, house: Path) -> None:
    page = Path("build/direct/rocketpay/review.html").read_text()
    assert "needs an own approval, too: " in page
    assert "own: never approved" in page
    assert "needs an own approval" not in Path("build/checkout/visa/review.html").read_text()
    who = ("-c", "user.name=Ada", "-c", "user.email=ada@shop.example")
    for words in (("init", "-q"), ("add", "."), (*who, "commit", "-qm", "before")):
        subprocess.run(["git", *words], check=True)
    path = Path("destinations/stripe.yaml")
    text = path.read_text().replace("separated_by: credential", "separated_by: none")
    path.write_text(text)
    _, out = door("diff")
    assert "sandbox needs an own approval: nothing tells its sandbox from live" in out


def test_the_list_of_approvals_names_it(door) -> None:
    _, out = door("approvals", "--json")
    listed = {
        (one["vault"], one["destination"], one["environment"])
        for one in json.loads(out)["approvals"]
    }
    assert ("direct", "rocketpay", "sandbox") in listed
    assert ("checkout", "stripe", "sandbox") not in listed
