"""Every fact of a vault is read by something: one that nothing reads may say what it likes."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from forwardc.compile.language.load import load_files
from forwardc.compile.pipeline import compile_loaded, compile_project
from forwardc.compile.vaults import facts as facts_reader
from forwardc.compile.vaults import registry
from forwardc.compile.vaults.encode import to_bytes
from forwardc.compile.vaults.facts import Facts
from forwardc.core.diagnostics.sink import Sink
from read_facts import Noted, leaves

ROOT = Path(__file__).resolve().parents[2]
VAULTS = ("checkout", "stripe", "direct")
CODE = ROOT / "compiler" / "forwardc"

# What no compilation reads, with the file that does, and a word that it reads it by.
ELSEWHERE = {
    "checkout/live_hosts/value": ("plan/separation.py", "live_hosts.json"),
    "stripe/live_hosts/value": ("plan/separation.py", "live_hosts.json"),
    "stripe/key_sealing/fingerprint/value": ("cli/submit.py", '"fingerprint"'),
    "stripe/key_sealing/subkey/value": ("cli/submit.py", '"subkey"'),
    "stripe/key_sealing/bits/value": ("cli/submit.py", '"bits"'),
}

SHOP = """forwardc: 1
name: shop
title: Card payments of a shop
docs: https://shop.example/docs
countries: [DE]
environments:
  sandbox: {base_url: https://api.test.shop.example}
  production: {base_url: "https://x.cardconnect.com"}
secrets: {key: {description: Key}}
operations:
  token:
    initiator: customer
    fallback: card
    steps:
      pay:
        request: {POST: /p, json: {n: "${network_token.number}", c: "${network_token.cryptogram}"}}
        response: {outcome: by_status}
  later:
    initiator: merchant
    steps:
      pay:
        request: {POST: /p, json: {number: "${network_token.number}"}}
        response: {outcome: by_status}
  card:
    initiator: customer
    steps:
      pay:
        request:
          POST: /p
          json:
            number: ${card.number}
            holder: ${card.holder_name?}
            a: ${billing.line1?}
            b: ${billing.line2?}
            c: ${billing.city?}
            d: ${billing.state?}
            e: ${billing.postal_code?}
            f: ${billing.country?}
        response: {outcome: by_status}
  known:
    initiator: customer
    steps:
      pay:
        request:
          POST: /k
          json:
            n: ${card.number}
            brand: ${instrument.brand}
            last4: ${instrument.last4}
            funding: ${instrument.funding}
            country: ${instrument.country}
        response: {outcome: by_status}
  known_first:
    initiator: customer
    steps:
      pay:
        request: {POST: /k, json: {n: "${card.number}", bin: "${instrument.bin?}"}}
        response: {outcome: by_status}
  stores:
    initiator: customer
    steps:
      pay:
        request:
          POST: /cardconnect/rest/auth
          headers: {X: "${secrets.key}"}
          json: {n: "${card.number}"}
        response: {outcome: by_status}
  put:
    initiator: customer
    steps:
      pay:
        request: {PUT: /cardconnect/rest/auth, json: {n: "${card.number}"}}
        response: {outcome: by_status}
  relay:
    initiator: customer
    steps:
      pay:
        request: {POST: /, json: {n: "${card.number}"}}
        response: {outcome: by_status}
  wallet:
    initiator: customer
    steps:
      pay:
        request:
          POST: /w
          json:
            n: ${network_token.number}
            c: ${network_token.cryptogram}
            e: ${network_token.eci}
            m: ${network_token.expiry.MM}
            y: ${network_token.expiry.YYYY}
        response: {outcome: by_status}
  signed:
    initiator: customer
    steps:
      pay:
        request: {POST: /s, json: {n: "${card.number}", hash: ""}}
        response: {outcome: by_status}
arrangements:
  put: {vault: stripe, steps: [put.pay], method: PUT, asks: PUT}
  wallet: {vault: stripe, steps: [wallet.pay], network_token: {kinds: [apple_pay]}, asks: wallets}
  signed:
    vault: stripe
    steps: [signed.pay]
    signature: {replacement: request_signature, at: /hash, covers: body}
    asks: a signature
"""
PROJECT = """forwardc: 1
merchant: {name: Shop, country: DE}
environments:
  sandbox: &all
    vaults:
      checkout:
        processing_channel_id: pc_qk7wz3mvr5xtn2bhgyd6ufap4e
        prefix: shop1234
        card_details: ask
      stripe: {account: acct_1QzTk3mWv7RbXn2L, card_details: ask}
  production: *all
"""


@pytest.fixture(scope="module")
def looked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, set[str]]]:
    """The leaves that were read while all cases, the project and the file above were compiled."""
    seen: dict[str, set[str]] = {vault: set() for vault in VAULTS}
    patch = pytest.MonkeyPatch()

    def load(vault: str) -> Facts:
        # A vault that the project above has no account for is compiled for nobody.
        data = Noted(raw(vault), (), seen.get(vault, set()))
        return Facts(data["vault"], data["title"], data)

    patch.setattr(facts_reader, "load", load)
    registry.vaults.cache_clear()
    try:
        _compile_all(tmp_path_factory.mktemp("shop"))
        yield seen
    finally:
        patch.undo()
        registry.vaults.cache_clear()


def raw(vault: str) -> dict[str, Any]:
    facts = CODE / "compile" / "vaults" / vault / "facts.yaml"
    data: dict[str, Any] = yaml.safe_load(facts.read_text())
    return data


def _compile_all(shop: Path) -> None:
    for folder in sorted((*CASES.glob("coverage/*"), *CASES.glob("emit/*"))):
        sink = Sink()
        found = compile_loaded(load_files(folder, ["destination.yaml"], sink), sink)
        _write(found.documents())
    (shop / "destinations").mkdir()
    (shop / "destinations/shop.yaml").write_text(SHOP)
    (shop / "forwardc.yaml").write_text(PROJECT)
    for project in (ROOT, shop):
        sink = Sink()
        compiled = compile_project(project, sink)
        assert not sink.has_errors, [one.message for one in sink.sorted()]
        _write(compiled.documents())


CASES = ROOT / "tests" / "cases"


def _write(documents: dict[str, Any]) -> None:
    for content in documents.values():
        _ = content if isinstance(content, str) else to_bytes(content)


@pytest.mark.costly
@pytest.mark.parametrize("vault", VAULTS)
def test_every_leaf_is_read(vault: str, looked: dict[str, set[str]]) -> None:
    known = {f"{vault}/{leaf}" for leaf in leaves(raw(vault)) if not provenance(leaf)}
    unread = known - {f"{vault}/{leaf}" for leaf in looked[vault]}
    assert sorted(unread - set(ELSEWHERE)) == []


def provenance(leaf: str) -> bool:
    """Where a fact is from, for who doubts it: the sources, and the reason of a choice of ours."""
    return leaf.startswith("sources/") or leaf.endswith("/reason")


@pytest.mark.parametrize("leaf", ELSEWHERE)
def test_what_is_read_elsewhere_is_read_there(leaf: str) -> None:
    file, word = ELSEWHERE[leaf]
    assert word in (CODE / file).read_text("utf-8")


@pytest.mark.parametrize("vault", VAULTS)
def test_no_source_is_cut_at_a_comma(vault: str) -> None:
    for source in raw(vault)["sources"].values():
        assert set(source) <= {"title", "url", "date", "confidence"}


def test_a_fact_that_nothing_reads_is_found() -> None:
    seen: set[str] = set()
    facts = {"a": {"x": {"value": {"p": 1, "q": 2}, "source": "s"}}}
    data = Noted(facts, (), seen)
    assert data["a"]["x"]["value"]["p"] == 1
    assert set(leaves(facts)) - seen == {"a/x/value/q"}
    assert {**data["a"]["x"]["value"]} == {"p": 1, "q": 2}
    assert set(leaves(facts)) <= seen
