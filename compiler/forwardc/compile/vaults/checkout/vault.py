"""Checkout.com as a vault: its total table over the features of a program, and its parts.

What the table does not say to work is refused; what the facts say decides where they speak.
"""

from collections.abc import Iterator, Mapping
from functools import partial

from forwardc.compile.ir.features import FEATURES
from forwardc.compile.vaults import facts as facts_reader
from forwardc.compile.vaults.checkout import emit, head, requirements
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
from forwardc.compile.vaults.supplied import supplied_atoms, supplied_support
from forwardc.core.atoms import EXPIRIES
from forwardc.core.signatures.names import SIGNATURE_NAMES


def vault() -> Vault:
    """Checkout.com's facts, table and emitter."""
    facts = facts_reader.load("checkout")
    table = _table(facts)

    def examine(context: Context, facts: Facts) -> tuple[Finding, ...]:
        def all_findings() -> Iterator[Finding]:
            yield from from_table(context, table, supplied=supplied_atoms(facts))
            yield from requirements.findings(context, facts)
            yield from bodies_that_may_be_absent(context)
            days = facts.counted("retention", "request_text", "days")
            yield from kept_values(context, days, partial(requirements.readable, context))

        return tuple(all_findings())

    return Vault(
        name="checkout",
        facts=facts,
        support=table,
        stored_secrets=requirements.stored,
        examine=examine,
        emit=emit.emit,
        head=head.head,
        values=head.values,
        account_keys=facts.account_keys("required"),
        asked_keys={
            key: facts.section("account")[key]["reason"] for key in facts.account_keys("asked")
        },
    )


def _degraded(code: str, reason: str) -> Support:
    return Support(Verdict.DEGRADED, code, reason)


def _refused(code: str, reason: str) -> Support:
    return Support(Verdict.REFUSED, code, reason)


_UNESCAPED = _degraded(
    "FC0611", "the vault writes this text unescaped: a quote in it breaks the body"
)
_UNESCAPED_IN_JWE = _degraded(
    "FC0611", "the vault writes this text unescaped: a quote in it breaks the JSON inside the JWE"
)
_MAY_BE_EMPTY = _degraded(
    "FC0612", "only the vault knows whether this is there: it may arrive empty"
)
_LEADING_ZERO = _refused(
    "FC0604", "the vault has it with a leading zero only, which is no number: leave `int` out"
)
_NO_FUNCTION = _refused("FC0601", "the vault cannot compute this function over a vault value")


def _table(facts: Facts) -> Mapping[str, Support]:
    """The verdict on every feature, from the facts where they say it."""
    verdicts: dict[str, Support] = {
        **{
            f"method.{name}": native_by("methods", name, facts) for name in facts.section("methods")
        },
        "body.none": NATIVE,
        "body.json": NATIVE,
        "body.form": NATIVE,
        "body.xml": NATIVE,
        "body.plain": NATIVE,
        **{
            f"atom.{atom}": with_doubts(facts, partial(_atom, atom))
            for atom in facts.section("atoms")
        },
        **{f"optional.{atom}": NATIVE for atom in facts.section("atoms")},
        **{f"atom.{name}": _supplied(name, facts) for name in supplied_atoms(facts)},
        **{f"optional.{name}": NATIVE for name in supplied_atoms(facts)},
        "free-text.json": _UNESCAPED,
        "free-text.jwe": _UNESCAPED_IN_JWE,
        "free-text.xml": _UNESCAPED,
        "free-text.plain": _UNESCAPED,
        "free-text.form": _refused(
            "FC0611", "the vault writes this text unescaped: `&` in it would start another field"
        ),
        "free-text.header": _degraded(
            "FC0611", "the vault writes this text unescaped: a line break in it breaks the header"
        ),
        "base64-text.form": _refused(
            "FC0611", "the vault writes this text unescaped: `+` in it would arrive as a space"
        ),
        "composed.atom": NATIVE,
        **{f"integer.{atom}": with_doubts(facts, partial(_integer, atom)) for atom in EXPIRIES},
        "number.xml": NATIVE,
        "function.jwe": native_by("functions", "jwe", facts),
        "function.text": LOWERED,
        "function.json": LOWERED,
        "header.literal": NATIVE,
        "header.run": NATIVE,
        "header.atom": NATIVE,
        "query.literal": NATIVE,
        "query.run": NATIVE,
        "url.run": LOWERED,
        **{
            f"sign.{name}": native_by("signatures", name, facts)
            for name in facts.section("signatures")
        },
        "sign.rocketpay-gate": _refused(
            "FC0607", "the vault has no general HMAC; without card data, use `--via direct`"
        ),
        **instrument_support(facts),
        "network-token": NATIVE,
        # What is signed outside is a value of a run; over the card it is refused for itself.
        **{f"sign.{scheme}": NATIVE for scheme in SIGNATURE_NAMES},
        "client-certificate": with_doubts(facts, client_certificate_support),
        "step.direct": NATIVE,
    }
    return {feature: verdicts.get(feature, _missing(feature)) for feature in FEATURES}


def _atom(atom: str, facts: Facts) -> Support:
    fact = facts.section("atoms")[atom]
    if "vault" not in (fact[kind] for kind in facts.section("source_kinds")):
        return NATIVE
    facts.value("placeholders", "without_value")
    return _MAY_BE_EMPTY if fact["src_"] == "vault" else NATIVE


def _supplied(name: str, facts: Facts) -> Support:
    days = facts.counted("retention", "request_text", "days")
    return supplied_support(name, f"; it keeps it {days} days")


def _integer(atom: str, facts: Facts) -> Support:
    """Values are put in as they are, so a number needs a form that never begins with a zero."""
    if atom not in facts.section("integers"):
        return _LEADING_ZERO
    facts.value("integers", atom)
    return LOWERED


def _missing(feature: str) -> Support:
    if feature.startswith("function."):
        return _NO_FUNCTION
    return _refused("FC0608", "the vault does not document this")
