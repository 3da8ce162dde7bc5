"""Stripe as a vault: its total table over the features of a program, and its parts.

What the table does not say to work is refused; what the facts say decides where they speak.
"""

from collections.abc import Mapping
from functools import partial

from forwardc.compile.ir.features import FEATURES
from forwardc.compile.ir.program import Program, ProgramOperation, ProgramStep
from forwardc.compile.vaults import facts as facts_reader
from forwardc.compile.vaults.client_certificate import client_certificate_support
from forwardc.compile.vaults.common_findings import (
    bodies_that_may_be_absent,
    from_table,
    kept_values,
)
from forwardc.compile.vaults.contract import Context, Vault
from forwardc.compile.vaults.facts import Facts
from forwardc.compile.vaults.findings import (
    LOWERED,
    NATIVE,
    Finding,
    Support,
    Verdict,
    native_by,
    with_doubts,
)
from forwardc.compile.vaults.instrument import instrument_support
from forwardc.compile.vaults.stripe import emit, requirements
from forwardc.compile.vaults.stripe.review_surface import wallet_atoms
from forwardc.compile.vaults.supplied import supplied_atoms, supplied_support
from forwardc.core.atoms import ATOMS, EXPIRIES
from forwardc.core.dataclass import replace
from forwardc.core.signatures.names import SIGNATURE_NAMES
from forwardc.core.terms.terms import Term


def _none_stored(_program: Program, _operation: ProgramOperation) -> frozenset[str]:
    """The vault keeps no secrets: it asks for the destination's key on every call."""
    return frozenset()


def _body(step: ProgramStep) -> list[Term]:
    """What its object of a request shows for as long as it is there."""
    return [step.request.body.tree] if step.request.body else []


def vault() -> Vault:
    """Stripe's facts, table and emitter."""
    facts = facts_reader.load("stripe")
    table = _table(facts)

    def examine(context: Context, facts: Facts) -> tuple[Finding, ...]:
        return (
            *from_table(context, table, lambda step: _agreed(step, facts), supplied_atoms(facts)),
            *requirements.findings(context, facts),
            *bodies_that_may_be_absent(context),
            *kept_values(context, facts.counted("retention", "request", "days"), _body),
        )

    return Vault(
        name="stripe",
        facts=facts,
        support=table,
        stored_secrets=_none_stored,
        examine=examine,
        emit=emit.emit,
        head=emit.head,
        values=emit.values,
        address=lambda request: requirements.address(request, facts),
        account_keys=facts.account_keys("required"),
    )


def _refused(code: str, reason: str) -> Support:
    return Support(Verdict.REFUSED, code, reason)


def _degraded(code: str, reason: str) -> Support:
    return Support(Verdict.DEGRADED, code, reason)


_MAY_BE_BLANK = _degraded("FC0612", "only the vault knows whether this is there: it may stay blank")
_ONLY_BODY = "the vault fills fields of the body only"


def _table(facts: Facts) -> Mapping[str, Support]:
    """The verdict on every feature, from the facts where they say it."""
    verdicts: dict[str, Support] = {
        **{feature: _refused_by_kind(feature) for feature in FEATURES},
        **{
            f"method.{name}": native_by("methods", name, facts) for name in facts.section("methods")
        },
        "body.json": NATIVE,
        "body.xml": NATIVE,
        **{
            f"atom.{atom}": with_doubts(facts, partial(_native_or_blank, atom))
            for atom in facts.section("atoms")
        },
        **{f"atom.{name}": supplied_support(name) for name in supplied_atoms(facts)},
        **{f"optional.{name}": NATIVE for name in ATOMS},
        "free-text.json": NATIVE,
        "free-text.xml": NATIVE,
        # What is refused there is the function.
        "free-text.jwe": NATIVE,
        **{
            f"integer.{atom}": replace(native_by("integers", atom, facts), verdict=Verdict.LOWERED)
            for atom in facts.section("integers")
        },
        "header.literal": NATIVE,
        "header.run": NATIVE,
        "query.literal": NATIVE,
        # What is signed outside is a value of a run; over the card it is refused for itself.
        **{f"sign.{scheme}": NATIVE for scheme in SIGNATURE_NAMES},
        **instrument_support(facts),
        "client-certificate": with_doubts(facts, client_certificate_support),
        "step.direct": NATIVE,
    }
    return {feature: verdicts[feature] for feature in FEATURES}


def _agreed(step: ProgramStep, facts: Facts) -> Mapping[str, Support]:
    """What a step may do beyond the table, because the vault agreed to it."""
    verdicts: dict[str, Support] = {}
    for agreed in step.agreed:
        if agreed.arrangement.method is not None:
            verdicts[f"method.{agreed.arrangement.method}"] = NATIVE
        if agreed.arrangement.wallets:
            verdicts |= _wallets(facts)
    return verdicts


def _wallets(facts: Facts) -> dict[str, Support]:
    """The tokens of wallets: whether a payment method is of one, only the vault knows."""
    atoms = wallet_atoms(facts)
    return {
        "network-token": NATIVE,
        "atom.network_token.expiry.YY": _refused_by_kind("atom.card.expiry.YY"),
        **{f"atom.{atom}": _atom(fact["pm_"]) for atom, fact in atoms.items()},
        **{f"optional.{atom}": NATIVE for atom in atoms},
        **{f"integer.{atom}": LOWERED for atom in atoms if atom in EXPIRIES},
    }


def _native_or_blank(atom: str, facts: Facts) -> Support:
    return _atom(facts.section("atoms")[atom]["pm_"])


def _atom(presence: str) -> Support:
    return _MAY_BE_BLANK if presence == "vault" else NATIVE


def _refused_by_kind(feature: str) -> Support:
    kind, _, name = feature.partition(".")
    match kind:
        case "method":
            return _refused("FC0602", f"the vault sends POST only, not {name}")
        case "body" | "free-text" | "base64-text":
            return _refused("FC0603", "the vault carries JSON and XML bodies only")
        case "function":
            return _refused("FC0601", "the vault computes no functions over card values")
        case "sign":
            return _refused("FC0607", "a signature is set up by the vault for each destination")
        case "composed":
            return _refused("FC0619", "a blank stands alone: bespoke format, ask the vault")
        case "atom" | "integer" | "optional" if name.startswith("card.expiry."):
            return _refused("FC0604", "two-digit month and four-digit year only: bespoke format")
        case "number":
            return _refused("FC0604", "XML has no numbers, and the vault fills a month `08` there")
        case "network-token":
            return _refused("FC0608", "network tokens only of wallets, and by arrangement")
        case "header" | "query" if name == "atom":
            return _refused("FC0608", _ONLY_BODY)
        case "url":
            return _refused("FC0609", "the vault's URL is exact and static")
        case "query":
            return _refused("FC0620", "the vault's URL is exact, its query included")
        case _:
            return _refused("FC0608", "the vault does not offer this value for forwarding")
