"""What Stripe agreed to of a step, in the words of its request and of its reviewers.

Knows the step as it is sent: dates in an agreed form and signatures are blanks there already.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from forwardc.compile.ir.arrangements import Agreed, Signature
from forwardc.compile.ir.program import Step
from forwardc.compile.vaults.facts import Facts
from forwardc.compile.vaults.model import Json
from forwardc.compile.vaults.stripe.support import wallet_atoms
from forwardc.core.terms.terms import Lit


def filled_atoms(facts: Facts) -> Mapping[str, Any]:
    """Every atom that can be filled, those of wallets where that was agreed included."""
    return {**facts.section("atoms"), **wallet_atoms(facts)}


def agreed_formats(step: Step) -> dict[str, str]:
    """The agreed form of the expiry date, by its place in the body."""
    return {fill.at: fill.format for one in step.agreed for fill in one.arrangement.fills}


def signatures(step: Step) -> Iterator[Signature]:
    """The signatures that the vault computes."""
    for one in step.agreed:
        if one.arrangement.signature is not None:
            yield one.arrangement.signature


def signature_fields(step: Step) -> list[Json]:
    """The places of signatures, as fields that the vault fills."""
    return [
        {
            "at": Lit(one.at, span=one.span),
            "atom": "signature",
            "replacement": one.replacement,
            "json_type": "string",
            "format": "signature",
            "required": True,
        }
        for one in signatures(step)
    ]


def signed_headers(step: Step) -> dict[str, Lit]:
    """What stands in the headers that the vault signs, by their names in lower case.

    A header has no blank: the API takes an empty value for none (forms of its reference, January
    2026). So it holds the replacement's name; no document tells of either.
    """
    return {
        one.header.lower(): Lit(one.replacement, span=one.span)
        for one in signatures(step)
        if one.header
    }


def agreed_method(step: Step) -> Json:
    """Where the vault tells its method, and the agreed one; nothing where none was agreed.

    The vault has no parameter for it, and its schema knows POST alone (OpenAPI 2026-09-30).
    """
    said = [one.arrangement.method for one in step.agreed if one.arrangement.method]
    return {"method": {"at": "/request_details/http_method", "is": said[-1]}} if said else {}


def stated(step: Step) -> list[Json]:
    """The arrangements as an approval shows them; one without a ticket is played as if agreed."""
    return [_stated(one) for one in step.agreed]


def _stated(one: Agreed) -> Json:
    id_ = Lit(one.id, span=one.arrangement.span)
    wallets = {"wallets": list(one.arrangement.wallets)} if one.arrangement.wallets else {}
    if one.grant is None:
        return {"id": id_, **wallets, "as_if_agreed": True}
    grant = one.grant
    return {
        "id": id_,
        "ticket": Lit(grant.ticket, span=grant.span),
        "date": grant.date,
        **({"expires": grant.expires} if grant.expires else {}),
        **wallets,
    }
