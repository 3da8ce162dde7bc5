"""Whose a secret is, and the one variable that holds it.

`FORWARDC_SECRET__<ENV>[__<ACCOUNT>]__<OWNER>__<NAME>` is a secret of an owner, and
`FORWARDC_VAULT__<ENV>[__<ACCOUNT>]__<VAULT>__<NAME>` a credential of a vault. No name has `__` in
it or `_` at an end, so that a variable stands for one identity and an identity for one variable.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final, Literal, TypeAlias

from forwardc.core.dataclass import dataclass
from forwardc.core.diagnostics.sink import Sink
from forwardc.core.files.checkout import CheckoutPath
from forwardc.plan.build_folder import read_plans
from forwardc.plan.environment import is_name, parts_of
from forwardc.plan.model import Plan

Kind: TypeAlias = Literal["secret", "vault"]

OURS: Final = ("FORWARDC_SECRET_", "FORWARDC_VAULT_")
"""How every variable begins that holds a secret, also those of the old form."""
_OLD: Final = re.compile(r"FORWARDC_(?:SECRET|VAULT)_(?!_)")
_FORM: Final = re.compile(r"FORWARDC_(SECRET|VAULT)__([A-Z0-9_]+)", re.ASCII)


@dataclass(frozen=True, slots=True)
class SecretId:
    """One secret of an owner (a destination or a vendor), or one credential of a vault.

    `account` is empty where the environment has none. `environment` names its class, too: a name
    has one class in a project.
    """

    kind: Kind
    environment: str
    account: str
    owner: str
    name: str

    @property
    def variable(self) -> str:
        """The environment variable, and the key in a secrets file."""
        account = (self.account,) if self.account else ()
        parts = (self.environment, *account, self.owner, self.name)
        return f"FORWARDC_{self.kind}__{'__'.join(parts)}".upper()

    @property
    def every_variable(self) -> str:
        """What stands in a secrets file where the environment is told elsewhere."""
        return f"FORWARDC_{self.kind}__{self.owner}__{self.name}".upper()

    @property
    def old_variable(self) -> str:
        """The variable of before environments stood in it, which several secrets could share."""
        return f"FORWARDC_{self.kind}_{self.owner}_{self.name}".upper()


def secret_id(plan: Plan, name: str) -> SecretId:
    """The identity of a secret that a plan uses, in its environment and account."""
    spec = plan.secrets.get(name)
    owner = (spec.owner if spec else None) or plan.destination
    return SecretId("secret", plan.environment, plan.account or "", owner, name)


def credential_id(plan: Plan, name: str) -> SecretId:
    """The identity of a credential of the plan's vault, in its environment and account."""
    return SecretId("vault", plan.environment, plan.account or "", plan.vault, name)


def identities(plan: Plan) -> Iterator[SecretId]:
    """Everything that a plan may ask for: credentials, OAuth clients in their place, secrets."""
    for name, credential in plan.credentials.items():
        yield credential_id(plan, name)
        if credential.instead is not None:
            yield credential_id(plan, credential.instead.oauth.client_id)
            yield credential_id(plan, credential.instead.oauth.client_secret)
    for name in plan.secrets:
        yield secret_id(plan, name)


def identities_in(build: Path | CheckoutPath, place: str) -> Iterator[SecretId]:
    """Everything that the readable plans of a place may ask for; what is wrong is told elsewhere.

    Reads the plans only when it is gone through.
    """
    for plan in read_plans(build, Sink(), place):
        yield from identities(plan)


def identity(variable: str) -> SecretId | None:
    """What a variable stands for; None where its name is not of the form."""
    match _parts(variable):
        case [environment, owner, name]:
            return SecretId(_kind(variable), environment, "", owner, name)
        case [environment, account, owner, name]:
            return SecretId(_kind(variable), environment, account, owner, name)
        case _:
            return None


def identity_at(place: str, short: str) -> SecretId | None:
    """What a variable that leaves the environment out stands for at a place; None for no such."""
    match _parts(short):
        case [owner, name]:
            return SecretId(_kind(short), *parts_of(place), owner, name)
        case _:
            return None


def is_short(variable: str) -> bool:
    """Whether a variable leaves the environment out, as in a table of a secrets file."""
    return len(_parts(variable)) == 2


def _parts(variable: str) -> list[str]:
    """The names in a variable of the form, however many; none for another one."""
    match = _FORM.fullmatch(variable)
    parts = match[2].lower().split("__") if match else []
    return parts if all(map(is_name, parts)) else []


def _kind(variable: str) -> Kind:
    return "vault" if variable.startswith("FORWARDC_VAULT") else "secret"


def without_secrets(environ: Mapping[str, str]) -> dict[str, str]:
    """The environment of a program that we start: no variable of a secret, not even an old one."""
    return {name: value for name, value in environ.items() if not name.startswith(OURS)}


def is_old(variable: str) -> bool:
    """Whether a variable is of the form without an environment, which nobody reads any more."""
    return _OLD.match(variable) is not None
