"""Tells whose callbacks are signed with which secret: for each, the destinations that use it.

A copy of a destination signs with a secret of its own, or with one that a vendor of the project
owns for several. So the secret that verifies a callback says which runs the callback is about.
"""

from collections.abc import Iterable
from typing import Final

from forwardc.core.dataclass import dataclass
from forwardc.core.terms.terms import Ref, walk
from forwardc.plan.environment import parts_of
from forwardc.plan.model import Plan, SignRocketpay
from forwardc.plan.secret_names import SecretId, secret_id
from forwardc.runtime.secret_providers.plan_secrets import SecretResolver, made_up_resolver

NAME: Final = "rocketpay"
"""The integration's name, and that of the destination which had it alone in histories of before."""
_SECRET: Final = "rocketpay_secret"  # noqa: S105 - a name


@dataclass(frozen=True, slots=True)
class CallbackSigner:
    """Destinations whose requests and callbacks are signed with one secret.

    `let_through` names their params with `not_card: true`, whose values come back in callbacks.
    """

    secret: SecretId
    destinations: tuple[str, ...] = (NAME,)
    let_through: frozenset[str] = frozenset()


def signers_in(plans: Iterable[Plan], place: str) -> tuple[CallbackSigner, ...]:
    """The signers of a place, in the order of their variables.

    Where no plan of the integration is built, the one that the shipped destination has: callbacks
    may come before a project is there.
    """
    plans_of: dict[SecretId, list[Plan]] = {}
    for plan in plans:
        if plan.integration == NAME:
            for secret in sorted(_signing_secrets(plan)):
                plans_of.setdefault(secret_id(plan, secret), []).append(plan)
    signers = [_signer(secret, plans_of[secret]) for secret in plans_of]
    return tuple(sorted(signers, key=_variable)) or (shipped_signer(place),)


def shipped_signer(place: str) -> CallbackSigner:
    """The signer of the shipped destination, as the owner of its own secret."""
    return CallbackSigner(SecretId("secret", *parts_of(place), NAME, _SECRET))


def destinations_in(plans: Iterable[Plan]) -> frozenset[str]:
    """The destinations of the integration; where none is built, the shipped one."""
    named = frozenset(plan.destination for plan in plans if plan.integration == NAME)
    return named or frozenset({NAME})


def made_up_secrets(signers: Iterable[CallbackSigner], plans: Iterable[Plan]) -> SecretResolver:
    """The secrets that every sandbox makes up for these signers, by their variables."""
    plans, values = tuple(plans), dict[str, str | None]()
    for signer in signers:
        variable = signer.secret.variable
        values[variable] = made_up_resolver(signer.secret, plans)(variable)
    return values.get


def _signing_secrets(plan: Plan) -> set[str]:
    return {
        term.name.removeprefix("secrets.")
        for operation in plan.operations.values()
        for step in operation.steps
        if isinstance(step.sign, SignRocketpay)
        for term in walk(step.sign.secret)
        if isinstance(term, Ref) and term.name.startswith("secrets.")
    }


def _signer(secret: SecretId, plans: list[Plan]) -> CallbackSigner:
    return CallbackSigner(
        secret,
        tuple(sorted({plan.destination for plan in plans})),
        frozenset(name for plan in plans for name, spec in plan.params.items() if spec.not_card),
    )


def _variable(signer: CallbackSigner) -> str:
    return signer.secret.variable
