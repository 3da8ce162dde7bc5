"""Where a plan belongs: an environment, its class, and an account of it.

The name is the merchant's word, the class decides the rules, and the place is the key of files,
approvals and records: `production@us` is the account `us` of the environment `production`.
"""

import re
from typing import Final, Literal, TypeAlias

from forwardc.core.dataclass import dataclass

EnvironmentClass: TypeAlias = Literal["sandbox", "production"]

CLASSES: Final[tuple[EnvironmentClass, ...]] = ("sandbox", "production")
"""Names that imply their class, in the order in which they are built."""

NAME: Final = r"[a-z][a-z0-9]*(?:_[a-z0-9]+)*"
"""A name that stands in a path, a variable and a place: no `__`, `-`, `@` or `/` in it."""
_NAME: Final = re.compile(NAME, re.ASCII)

MAX_NAME: Final = 64
"""Characters of a name at the most, so that it can be read in a path."""


def is_name(text: str) -> bool:
    """Whether a text may name an environment, an account, a destination or a secret."""
    return len(text) <= MAX_NAME and _NAME.fullmatch(text) is not None


def check_name(text: str) -> None:
    """Raise `ValueError` for a text that is no name."""
    if not is_name(text):
        raise ValueError("must be a name")


@dataclass(frozen=True, slots=True)
class Environment:
    """One environment, or one account of it. Without an account the text is empty."""

    name: str
    class_: EnvironmentClass
    account: str = ""

    @property
    def place(self) -> str:
        """The key in paths, approvals and records."""
        return place_of(self.name, self.account)


def place_of(environment: str, account: str = "") -> str:
    """The key of an environment and an account in paths, approvals and records."""
    return f"{environment}@{account}" if account else environment


def parts_of(place: str) -> tuple[str, str]:
    """Environment and account of a place; the account is empty where there is none."""
    environment, _, account = place.partition("@")
    return environment, account


def place_in_words(place: str) -> str:
    """A place in a message."""
    environment, account = parts_of(place)
    return (
        f"the account {account} of {environment}" if account else f"the environment {environment}"
    )


def implied(name: EnvironmentClass) -> Environment:
    """The environment whose name is its class, without an account."""
    return Environment(name, name)


def is_class(name: str) -> bool:
    """Whether a name implies its class."""
    return name in CLASSES
