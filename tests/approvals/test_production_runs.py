"""Runs in production: refused before anything is looked at, rehearsed against the sandbox."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from forwardc.cli.main import run

Typed = Callable[..., tuple[int, str, str]]
SOURCES = {"checkout": "src_visa_adyen_approved0000000", "stripe": "pm_card_visa"}
PARAMS = (
    *("-p", "amount=1000", "-p", "currency=EUR", "-p", "reference=ORDER-1"),
    *("-p", "return_url=https://shop.example/return"),
)


@pytest.fixture
def typed(project: Path, capsys: pytest.CaptureFixture[str]) -> Typed:
    """A function from arguments to the exit code, standard output and standard error."""

    def call(*arguments: str) -> tuple[int, str, str]:
        code = run(arguments)
        out, err = capsys.readouterr()
        return code, out, err

    return call


def rehearse(typed: Typed, vault: str, *more: str) -> tuple[int, str, str]:
    options = ("--via", vault, "--env", "production", "--source", SOURCES[vault], *PARAMS)
    return typed("run", "adyen.card_cit", *options, "--sandbox", *more)


def approve(typed: Typed, vault: str) -> None:
    ticket = ("--psp-ticket", "SUP-1042") if vault == "stripe" else ()
    arguments = ("approve", vault, "adyen.card_cit", "--env", "production", "--by", "Ada", *ticket)
    assert typed(*arguments)[0] == 0


@pytest.mark.parametrize("more", [(), ("--sandbox",), ("--dry-run",), ("--sandbox", "--dry-run")])
def test_no_option_runs_what_is_not_approved(
    more: tuple[str, ...], typed: Typed, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unread(*_: object) -> None:
        raise AssertionError("no secret may be looked up")

    monkeypatch.setattr("forwardc.runtime.secret_providers.resolver.open_resolver", unread)
    monkeypatch.setattr("forwardc.runtime.secret_providers.plan_secrets.sandbox_resolver", unread)
    # Source and params are wrong, too: what is not approved is not looked at.
    arguments = ("--via", "checkout", "--env", "production", "--source", "no", "-p", "no")
    code, out, err = typed("run", "adyen.card_cit", *arguments, *more)
    assert (code, out) == (1, "")
    assert "FC0814 checkout/adyen.card_cit: the own approval was never given" in err
    assert "FC08" not in err.replace("FC0814", "")
    assert "forwardc approve checkout adyen.card_cit --env production --by NAME" in err


@pytest.mark.parametrize("vault", ["checkout", "stripe"])
def test_what_is_approved_plays_against_the_sandbox(vault: str, typed: Typed) -> None:
    approve(typed, vault)
    code, out, err = rehearse(typed, vault, "--json")
    assert err == ""
    assert code == 0
    result = json.loads(out)
    assert result["outcome"] == "approved"
    assert "-checkout-live.adyenpayments.com" in out


def test_a_change_since_is_named_in_the_refusal(typed: Typed) -> None:
    for vault in SOURCES:
        approve(typed, vault)
    path = Path("destinations/adyen.yaml")
    text = path.read_text("utf-8").replace("{X-API-Key:", '{X-Extra: "1", X-API-Key:')
    path.write_text(text, encoding="utf-8")
    assert typed("build")[0] == 0
    code, _, err = rehearse(typed, "checkout")
    assert code == 1
    assert "added /steps/0/http/body/$json/destination_request/headers/raw/X-Extra" in err
    assert "PSP" not in err
    code, _, err = rehearse(typed, "stripe")
    assert code == 1
    assert "the PSP's approval" in err
    assert "added /0/headers/3 (X-Extra)" in err


def test_an_edited_plan_is_refused_whatever_its_manifest_says(typed: Typed) -> None:
    from forwardc.core.files.digest import file_digest

    approve(typed, "checkout")
    name = "checkout/adyen/production.plan.json"
    plan, manifest = Path("build", name), Path("build/manifest.json")
    old = plan.read_bytes()
    plan.write_bytes(old.replace(b"Ecommerce", b"Moto"))
    digests = (file_digest(old), file_digest(plan.read_bytes()))
    manifest.write_text(manifest.read_text("utf-8").replace(*digests), encoding="utf-8")
    code, _, err = rehearse(typed, "checkout")
    assert code == 1
    assert "$json/shopperInteraction" in err


def test_a_damaged_lock_refuses_production_and_leaves_the_sandbox_alone(typed: Typed) -> None:
    Path("forwardc.lock").write_text("{", encoding="utf-8")
    code, _, err = rehearse(typed, "checkout")
    assert code == 1
    assert "FC0705" in err
    code, out, err = typed(
        *("run", "adyen.card_cit", "--via", "stripe", "--env", "sandbox", "--sandbox"),
        *("--source", SOURCES["stripe"], *PARAMS),
    )
    assert (code, err) == (0, "")
    assert out.endswith("approved\n")


def test_the_refusal_as_json(typed: Typed) -> None:
    code, out, err = rehearse(typed, "checkout", "--json")
    assert (code, err) == (1, "")
    assert [problem["code"] for problem in json.loads(out)["problems"]] == ["FC0814"]
