"""Each question of a vault's pages has one answer, or the line that somebody owes."""

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from forwardc.compile.language.schema import load_schema
from forwardc.compile.review.checklist.checklist import OF_LETTER
from forwardc.compile.review.checklist.of_step import OF_STEP
from forwardc.compile.vaults.registry import vaults

ROOT = Path(__file__).resolve().parents[2]
Typed = Callable[..., tuple[int, str, str]]
QUESTIONS = {one.name: one.facts.data.get("checklist", {}) for one in vaults()}
ASKED = {name: found for name, found in QUESTIONS.items() if found}
FOLDERS = sorted(
    {path.parent for path in (ROOT / "build").glob("*/*/submission.md")}, key=lambda one: one.parts
)
IDS = [f"{one.parent.name}-{one.name}" for one in FOLDERS]
# What Stripe's page lists of the endpoint, and before and after it; each with our questions.
STRIPE_PAGE = {
    "URL": ["url"],
    "HTTP method": ["method"],
    "documentation": ["documentation"],
    "fields": ["fields"],
    "request headers": ["headers"],
    "encryption keys": ["encryption_keys"],
    "Confirm that we support the destination endpoint": ["endpoint"],
    "account IDs": ["test_account", "live_account"],
    "Supported countries": ["forward_to", "account_country"],
    "third-party API keys": ["credentials"],
    "HTTPS-based APIs that accept JSON/XML": ["formats"],
    "require a different API format": ["arranged"],
    "3DS authentication": ["extras"],
    "refunds or disputes": ["afterwards"],
    "names that you use pass any validation|names you use pass any validation": ["names"],
    "own PCI-compliant token vault": ["own_vault", "compliance"],
    "redacts identified PCI-sensitive data": ["redacted"],
}
CHECKOUT_PAGE = {
    "belongs to a PCI-compliant entity": ["compliance"],
    "An API key": ["permissions"],
    "base URL \\[prefix\\] is unique": ["prefix"],
    "destination_request.url": ["url"],
    "destination_request.method": ["method"],
    "destination_request.headers.raw": ["headers"],
    "headers.encrypted": ["headers"],
    "destination_request.body": ["body", "fields"],
    "query parameters": ["query"],
    "processing_channel_id": ["test_account", "live_account"],
    "source.cvv_token": ["sources"],
    "network_token.request_cryptogram": ["network_tokens"],
    "Define the encryption key": ["encryption_keys"],
    "To store a secret": ["credentials"],
    "sensitive PCI information removed": ["redacted"],
    "captures, refunds, and disputes": ["afterwards"],
    "contact your account manager": ["endpoint", "contact"],
}


def test_who_is_written_to_asks_and_each_question_has_who_answers() -> None:
    assert ASKED.keys() == {one.name for one in vaults() if "submission" in one.facts.data}
    named = {name for found in ASKED.values() for name in found}
    assert named == OF_LETTER.keys() | OF_STEP.keys()
    assert not OF_LETTER.keys() & OF_STEP.keys()


@pytest.mark.parametrize(
    ("vault", "seed", "page"),
    [
        ("stripe", "stripe-vault-and-forward.txt", STRIPE_PAGE),
        ("checkout", "checkout-forward-docs.txt", CHECKOUT_PAGE),
    ],
)
def test_what_a_page_asks_for_is_a_question(
    vault: str, seed: str, page: dict[str, list[str]], shared: Callable[[str], Path]
) -> None:
    text = " ".join(shared(f"seeds/{seed}").read_text("utf-8").split())
    for words, names in page.items():
        assert re.search(words, text, re.IGNORECASE), words
        assert set(names) <= ASKED[vault].keys()


@pytest.mark.parametrize("folder", FOLDERS, ids=IDS)
def test_every_question_has_an_answer_in_the_set_up_and_in_the_letter(folder: Path) -> None:
    asked = ASKED[folder.parent.name]
    (setup,) = [
        found
        for path in folder.glob("*.setup.json")
        if "checklist" in (found := json.loads(path.read_text("utf-8")))
    ]
    assert list(Draft202012Validator(load_schema("setup")).iter_errors(setup)) == []
    rows = setup["checklist"]
    assert [row["asks"] for row in rows] == [fact["value"] for fact in asked.values()]
    letter = (folder / "submission.md").read_text("utf-8")
    for row in rows:
        assert row["asks"].replace("[", "\\[") in letter
        for one in row["answers"]:
            assert one["lines"] or one["missing"], row["asks"]
    owed = sum(len(one["missing"]) for row in rows for one in row["answers"])
    assert letter.count("**missing**: write ") == owed
    assert (f"> Not complete: {owed} answer" in letter) is (owed > 0)


@pytest.mark.parametrize("folder", FOLDERS, ids=IDS)
def test_the_vendors_words_come_first_and_ours_at_the_end(folder: Path) -> None:
    letter = (folder / "submission.md").read_text("utf-8")
    before = letter.partition("## Not done by forwardc")[0]
    for word in ("degraded", "FC0", "card.number", "card.expiry", "AE863ADA", "unconfirmed"):
        assert word not in before
    for line in before.splitlines():
        if line.startswith("### "):
            assert re.fullmatch(r"### .+ \(`\w+\.\w+`\)", line)


FULL = {
    "merchant": ", country: FR, contact: 'Ada, ada@shoes.example', volume: 20000 a month",
    "prefix": ", prefix: vkuhvk4v",
}
PCI = 'pci: {status: confirmed, confirmed_by: "A list of providers", date: 2026-11-12}\n'


def told(folder: str, name: str) -> list[str]:
    """The lines of one answer, of all requests, and what is missing of it."""
    vault = folder.split("/")[1]
    setup = json.loads(Path(folder, "production.setup.json").read_text("utf-8"))
    row = setup["checklist"][list(ASKED[vault]).index(name)]
    return [line for one in row["answers"] for line in (*one["lines"], *one["missing"])]


def built(shop: Any, typed: Typed, shoes: str, **said: str) -> None:
    shop(shoes, **said)
    assert typed("build")[0] == 0


@pytest.fixture
def whole(shop: Any, typed: Typed) -> Callable[..., None]:
    """Build a project that owes nothing but one prefix."""
    from_conftest = Path("destinations/shoes.yaml")

    def build(edit: Callable[[str], str] = str, **said: str) -> None:
        shop(**{**FULL, **said})
        text = from_conftest.read_text("utf-8").replace("docs:", f"{PCI}docs:")
        from_conftest.write_text(edit(text), encoding="utf-8")
        assert typed("build")[0] == 0

    return build


def test_a_project_that_says_everything_owes_nothing(whole: Callable[..., None]) -> None:
    whole()
    letter = Path("build/stripe/shoes/submission.md").read_text("utf-8")
    assert "missing" not in letter
    assert "NOT FOR SENDING" not in letter
    for line in (
        "- In which country is the account registered? FR",
        "- To which countries are requests forwarded? FR, where our account is",
        "- Whom may support ask? Ada, ada@shoes.example",
        "- How many requests are expected? 20000 a month",
        "complies with PCI DSS? yes: confirmed by A list of providers on 2026-11-12",
        "- Which account is for tests? acct\\_1PwTk8nVr4HcYq6D",
        "- Encryption keys: none: nothing in the request is encrypted",
        "  - Authorization: a credential of the endpoint (Key of the bank)",
    ):
        assert line.replace("\\_", "_") in letter.replace("\\_", "_")
    config = json.loads(
        Path("build/stripe/shoes/payment.pay.production.config.json").read_text("utf-8")
    )
    assert config["merchant"] == {
        "name": "Shoes of Paris",
        "country": "FR",
        "contact": "Ada, ada@shoes.example",
        "volume": "20000 a month",
    }
    assert config["test_urls"] == ["https://test.bank.example/payments"]
    assert config["encryption_keys"] == []
    assert config["pci"]["confirmed_by"] == "A list of providers"
    (header,) = [one for one in config["request_headers"] if one["sealed"]]
    assert header["sealed"] == {
        "what": "the value without `Bearer`",
        "file": "shoes.Authorization.encrypted_hashed_key.txt",
        "confirmed": True,
    }
    assert Path("build/checkout/shoes/submission.md").read_text("utf-8").count("**missing**") == 1


@pytest.mark.parametrize(
    ("held", "way"),
    [
        ("{}", "in `headers.raw`, where you put the stored secret in"),
        ("{held: runtime}", "in `headers.encrypted`"),
    ],
)
def test_a_credential_says_in_which_of_two_ways_it_comes_and_has_a_name(
    whole: Callable[..., None], held: str, way: str
) -> None:
    whole(
        lambda text: text.replace("bank_key: {description: Key of the bank}", f"bank_key: {held}")
    )
    line = "Authorization: a credential of the endpoint (bank_key)"
    assert f"{line}, {way}" in told("build/checkout/shoes", "headers")
    assert line in told("build/stripe/shoes", "headers")


def test_who_reads_the_page_finds_the_country_and_the_pci_status(
    whole: Callable[..., None],
) -> None:
    whole()
    page = Path("build/stripe/shoes/review.html").read_text("utf-8")
    assert "FR, where the merchant's account is" in page
    assert "confirmed by A list of providers on 2026-11-12" in page
    assert "no level given" not in page


def test_what_an_answer_of_the_endpoint_must_not_show_is_told(whole: Callable[..., None]) -> None:
    outputs = "response: {outputs: {token: {at: /card/token, sensitive: true}, id: {at: /id}}, "
    whole(lambda text: text.replace("response: {", outputs))
    # What a run reads must come back: a reviewer who redacts it there too would break the run.
    only = "where the answer is kept or shown; our call reads it, and must get it as it is"
    assert told("build/stripe/shoes", "redacted") == [f"/card/token (token): {only}"]
    assert told("build/checkout/shoes", "redacted") == [f"/card/token (token): {only}"]
    path = Path("build/stripe/shoes/payment.pay.production.config.json")
    assert json.loads(path.read_text("utf-8"))["redact"] == [
        {"at": "/card/token", "name": "token", "where": only}
    ]
    assert only in " ".join(Path("build/stripe/shoes/review.html").read_text("utf-8").split())


def test_a_status_that_was_asked_for_is_said_and_still_owed(whole: Callable[..., None]) -> None:
    asked = "pci: {status: asked, date: 2026-11-12}\n"
    whole(lambda text: text.replace(PCI, asked))
    assert told("build/stripe/shoes", "compliance")[0] == (
        "asked for on 2026-11-12, not answered yet"
    )
    assert "write `pci: {status: confirmed" in told("build/stripe/shoes", "compliance")[1]


SEALED = """\
        let: {box: {pan: "${card.number}"}}
        request:
          POST: /payments
          headers: {Authorization: "Bearer ${secrets.bank_key}"}
          json: {box: "${jwe(box, key=secrets.box_key, alg='A256GCMKW', enc='A256GCM')}"}
        response: {outcome: by_status}
"""


def test_the_key_of_a_jwe_is_the_destinations(whole: Callable[..., None]) -> None:
    def sealed(text: str) -> str:
        text = text[: text.index("        request:")] + SEALED
        return text.replace("secrets:\n", "secrets:\n  box_key: {as_key: sha256_base64url}\n")

    whole(sealed)
    (line,) = told("build/checkout/shoes", "encryption_keys")
    assert "A256GCMKW and A256GCM, under SHA-256 of the secret box_key" in line


def test_a_project_without_production_owes_its_address_and_tells_no_other(
    shop: Any, typed: Typed
) -> None:
    shop()
    path = Path("destinations/shoes.yaml")
    text = path.read_text("utf-8")
    path.write_text(text.replace("  production: {base_url: https://api.bank.example}\n", ""))
    assert typed("build")[0] == 0
    letter = Path("build/stripe/shoes/submission.md").read_text("utf-8")
    line = (
        "write `environments: {production: {base_url: https://...}}` into destinations/shoes.yaml"
    )
    assert f"- URL: **missing**: {line}" in letter
    assert f"published list? **missing**: {line}" in letter
    assert "\n- URL: https://" not in letter


def test_nobody_is_told_back_a_key_of_his_own(whole: Callable[..., None]) -> None:
    whole()
    for path in Path("build/stripe/shoes").glob("*.json"):
        assert "AE863ADA" not in path.read_text("utf-8")
    for name in ("submission.md", "review.html"):
        assert "AE863ADA" not in Path("build/stripe/shoes", name).read_text("utf-8")


ATTESTED = "destinations/shoes.yaml"
OWN = (
    "own_vault: true\npci: {level: 1, attestation: destinations/shoes.yaml, expires: 2999-12-31}\n"
)


def test_an_own_vault_is_held_against_what_is_asked_of_one(whole: Callable[..., None]) -> None:
    whole(lambda text: text.replace(PCI, OWN))
    assert told("build/stripe/shoes", "own_vault") == [
        "yes, without client certificates",
        "HTTPS, with JSON in the request and in the answer",
        "one fixed address",
        "a credential in the header Authorization",
        f"PCI DSS: level 1, attestation of compliance {ATTESTED}, valid until 2999-12-31",
    ]
    key = 'headers: {X-Key: "${secrets.bank_key}"}'
    whole(
        lambda text: (
            text.replace(PCI, OWN)
            .replace('headers: {Authorization: "Bearer ${secrets.bank_key}"}', key)
            .replace('json: {number: "${card.number}"', 'xml: {card: {number: "${card.number}"')
            .replace('year: "${card.expiry.YYYY}"}', 'year: "${card.expiry.YYYY}"}}')
        )
    )
    found = told("build/stripe/shoes", "own_vault")
    assert (
        "payment.pay has xml in the request and json in the answer, where JSON is asked for"
        in found
    )
    assert "a credential in the header X-Key, where only a bearer key is asked for" in found


VENDORS = sorted((ROOT / "tests" / "arrangements" / "vendors").iterdir())


@pytest.mark.parametrize("vendor", VENDORS, ids=lambda one: one.name)
def test_what_was_agreed_stands_in_the_letter_with_its_ticket(
    vendor: Path, typed: Typed, tmp_path: Path
) -> None:
    for name in ("destinations", "forwardc.yaml"):
        copy = shutil.copytree if (vendor / name).is_dir() else shutil.copy
        copy(vendor / name, tmp_path / name)
    assert typed("build")[0] == 0
    (path,) = Path("build/stripe").glob("*/submission.md")
    letter = path.read_text("utf-8").replace("\\_", "_")
    (config,) = [
        json.loads(one.read_text("utf-8")) for one in path.parent.glob("*.production.config.json")
    ]
    (agreed,) = config["arrangements"]
    assert f"under {agreed['ticket']} of {agreed['date']}, by {agreed['by']}" in letter
    for field in config["fields"]:
        assert f" at {field['at']}: " in letter
    # Nobody has agreed: the letter asks, and the one for production is not there.
    text = Path("forwardc.yaml").read_text("utf-8")
    start = re.search(r"(?m)^( +)arrangements:\n(?:\1 .*\n?)+", text)
    assert start is not None
    Path("forwardc.yaml").write_text(text.replace(start[0], ""), encoding="utf-8")
    assert typed("build")[0] == 0
    asked = path.read_text("utf-8")
    assert f"please set up: {agreed['needs']}, for {config['url']}" in asked
    assert f"  - {config['url']}\n  - **missing**: write `environments: {{production: " in asked
    assert agreed["ticket"] not in asked.replace("\\_", "_")
