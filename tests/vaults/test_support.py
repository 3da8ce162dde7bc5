"""The support tables: every vault answers every feature, and says why where it refuses one."""

import pytest

from forwardc.compile.ir.features import FEATURES
from forwardc.compile.vaults.contract import Vault
from forwardc.compile.vaults.findings import Verdict
from forwardc.compile.vaults.registry import vaults
from forwardc.compile.vaults.supplied import NAME_PARTS
from forwardc.core.atoms import ATOMS
from forwardc.core.diagnostics.codes import CODES, page
from one_rule import one_rule

PAIRS = [(vault, feature) for vault in vaults() for feature in FEATURES]
SILENT = {Verdict.NATIVE, Verdict.LOWERED}
# What a vault never offers, whatever else changes: the heart of the safety argument.
NEVER = {
    "checkout": ["query.atom", "sign.rocketpay-gate", "function.sha256", "function.hmac_sha512"],
    "stripe": ["body.form", "body.plain", "method.GET", "card.expiry.YY", "url.run", "query.run"],
    "direct": ["card.number", "card.cvc", "network_token.number", "network-token"],
}


@one_rule(("vault", "feature"), PAIRS)
def test_every_pair_has_a_verdict_with_its_reason(vault: Vault, feature: str) -> None:
    support = vault.support[feature]
    if support.verdict in SILENT:
        assert (support.code, support.reason) == ("", "")
        return
    assert support.code in CODES
    assert page(support.code)
    assert 10 < len(support.reason) < 90


@pytest.mark.parametrize("vault", vaults(), ids=lambda vault: vault.name)
def test_a_table_answers_no_other_features(vault: Vault) -> None:
    assert set(vault.support) == set(FEATURES)
    assert len(FEATURES) == len(set(FEATURES))


@pytest.mark.parametrize(
    ("name", "feature"), [(name, feature) for name, all_ in NEVER.items() for feature in all_]
)
def test_what_a_vault_must_refuse_is_refused(name: str, feature: str) -> None:
    (vault,) = (vault for vault in vaults() if vault.name == name)
    wanted = feature if feature in FEATURES else f"atom.{feature}"
    assert vault.support[wanted].verdict is Verdict.REFUSED


def test_only_what_the_vendor_does_not_confirm_is_unconfirmed() -> None:
    found = {(vault.name, feature) for vault, feature in PAIRS if vault.support[feature].doubts}
    address = {one for one in ATOMS if "billing" in one and one not in NAME_PARTS}
    may_be_empty = {"card.cvc", "card.holder_name", *address}
    assert found == {
        ("checkout", "sign.visa-x-pay-token"),
        *(("checkout", f"atom.{atom}") for atom in may_be_empty),
        ("checkout", "instrument.brand"),
        ("checkout", "client-certificate"),
        ("stripe", "client-certificate"),
        ("stripe", "integer.card.expiry.M"),
        ("stripe", "integer.card.expiry.MM"),
    }
    assert not any(vault.support[one].verdict is Verdict.UNCONFIRMED for vault, one in PAIRS)
