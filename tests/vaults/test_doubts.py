"""What rests on a fact that nobody confirms is unconfirmed, because of that fact and by no list."""

import copy
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from compiled import ACCOUNTS, program_of
from forwardc.compile.vaults import facts as facts_reader
from forwardc.compile.vaults.assess import Assessment, Status, VaultAccount, assess
from forwardc.compile.vaults.checkout.vault import vault as checkout
from forwardc.compile.vaults.contract import Vault
from forwardc.compile.vaults.facts import Facts
from forwardc.compile.vaults.findings import Verdict
from forwardc.compile.vaults.stripe.vault import vault as stripe

ROOT = Path(__file__).resolve().parents[2]
MAKERS = {"checkout": checkout, "stripe": stripe}
HEAD = """forwardc: 1
name: case
title: A case
environments: {sandbox: {base_url: "https://api.case.example"}}
"""
PAY = """operations:
  pay:
    initiator: customer
    steps:
      send:
        request: {POST: /c, json: {number: "${card.number}"%s}%s}
        response: {outcome: by_status}
"""
SECRET = "secrets: {key: {description: Key}}\n"
ENCRYPTED = HEAD + SECRET + PAY % ("", ', headers: {X-Key: "${base64(secrets.key)}"}')
STORED = HEAD + SECRET + PAY % ("", ', headers: {X-Key: "${secrets.key}"}')
PLAIN = HEAD + PAY % ("", "")
NAMED = HEAD + PAY % (', holder: "${card.holder_name}"', "")
MONTH = HEAD + PAY % (', month: "${int(card.expiry.MM)}"', "")
YEAR = HEAD + PAY % (', year: "${int(card.expiry.YYYY)}", month: "${card.expiry.MM}"', "")
SIGNED = HEAD + SECRET + PAY % ("", ', sign: {scheme: visa-x-pay-token, secret: "${secrets.key}"}')


def assessed(text: str, vault: Vault) -> Assessment:
    program = program_of(text)
    return assess(vault, program, program.operations[0], VaultAccount(ACCOUNTS[vault.name]))


def doubts(text: str, vault: Vault) -> list[str]:
    found = assessed(text, vault)
    reasons = [one.reason for one in found.findings if one.verdict is Verdict.UNCONFIRMED]
    assert (found.status is Status.UNCONFIRMED) is bool(reasons)
    assert all(one.code == "FC0616" for one in found.findings if one.reason in reasons)
    return reasons


@pytest.mark.parametrize(
    ("vault", "text", "part"),
    [
        ("checkout", ENCRYPTED, "algorithm of the published key"),
        ("checkout", NAMED, "placeholder without a value"),
        ("checkout", SIGNED, "signature type `visa`"),
        ("stripe", NAMED, "a blank without a value"),
        ("stripe", MONTH, "a month as a number"),
    ],
    ids=["header", "placeholder", "signature", "blank", "month"],
)
def test_what_rests_on_it_says_so(vault: str, text: str, part: str) -> None:
    (reason,) = doubts(text, MAKERS[vault]())
    assert part in reason


@pytest.mark.parametrize(
    ("vault", "text"),
    [
        ("checkout", PLAIN),
        ("checkout", STORED),
        ("checkout", MONTH),
        ("checkout", YEAR),
        ("stripe", PLAIN),
        ("stripe", ENCRYPTED),
        ("stripe", YEAR),
    ],
    ids=str,
)
def test_what_does_not_rest_on_it_is_documented(vault: str, text: str) -> None:
    assert doubts(text, MAKERS[vault]()) == []


def facts_that_emit(vault: str) -> Iterator[tuple[str, str]]:
    """Facts that a plan of the wide file below is made of, as section and name."""
    yield from {
        "checkout": [
            ("hosts", "forward"),
            ("paths", "forward"),
            ("methods", "POST"),
            ("atoms", "card.number"),
            ("atoms", "card.holder_name"),
            ("integers", "card.expiry.MM"),
            ("limits", "body"),
            ("retention", "request_text"),
            ("authentication", "secret_key"),
        ],
        "stripe": [
            ("hosts", "api"),
            ("paths", "forward"),
            ("methods", "POST"),
            ("atoms", "card.number"),
            ("atoms", "card.holder_name"),
            ("integers", "card.expiry.MM"),
            ("failures", "upstream"),
            ("reconcile", "list"),
            ("api_version", ""),
            ("mode", ""),
            ("review_surface", ""),
        ],
    }[vault]


WIDE = HEAD + PAY % (', month: "${int(card.expiry.MM)}", holder: "${card.holder_name}"', "")


@pytest.mark.parametrize(
    ("vault", "section", "name"),
    [(vault, *fact) for vault in MAKERS for fact in facts_that_emit(vault)],
)
def test_any_fact_of_a_plan_is_enough(
    vault: str, section: str, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    data: dict[str, Any] = copy.deepcopy(dict(facts_reader.load(vault).data))
    fact = data[section][name] if name else data[section]
    fact |= {"confirmed": False, "reason": "somebody only said so"}
    monkeypatch.setattr(facts_reader, "load", lambda _: Facts(vault, data["title"], data))
    if vault == "stripe":
        # A version that the account pins rests on no fact.
        monkeypatch.setitem(ACCOUNTS, "stripe", {"account": "acct_1"})
    assert "somebody only said so" in doubts(WIDE, MAKERS[vault]())


def unconfirmed_facts(vault: str) -> list[str]:
    """The reasons of all facts that nobody confirms, each once."""
    facts = facts_reader.load(vault)
    # A checklist has questions of people, and no plan rests on a question.
    others = ("vault", "title", "sources", "checklist")
    sections = [one for name, one in facts.data.items() if name not in others]
    entries = [
        entry
        for section in sections
        for entry in ([section] if "source" in section else section.values())
    ]
    return list(dict.fromkeys(reason for one in entries if (reason := facts.doubt(one))))


@pytest.mark.parametrize("vault", MAKERS)
def test_every_doubt_has_its_reason(vault: str) -> None:
    assert all(len(reason) > 20 for reason in unconfirmed_facts(vault))


def test_the_document_lists_them_all() -> None:
    text = (ROOT / "docs/vaults.md").read_text("utf-8")
    shown = re.findall(r"^\| (Checkout\.com|Stripe) \| (.+) \|$", text, re.M)
    titles = {"checkout": "Checkout.com", "stripe": "Stripe"}
    known = [(titles[vault], one) for vault in MAKERS for one in unconfirmed_facts(vault)]
    assert shown == known
