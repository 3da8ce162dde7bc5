"""Puts the environment and the account into a reference that asks for them. Fetches nothing.

`{env}` is the environment's name, `{account}` that of the account, as one part of a path of its
own; where the account has no name, that part is left out. Names have no `/`, no space and no quote,
so that two places never lead to the same text.
"""

import re
from typing import Final

ENVIRONMENT: Final = "{env}"
ACCOUNT: Final = "{account}"
_PART: Final = re.compile(r"/\{account\}(?=$|[/#\s\"'])")


def problem(text: str) -> str | None:
    """What is wrong with the placeholders of a reference; None where they are well-formed."""
    rest = _PART.sub("", text)
    if ACCOUNT in rest:
        return "has {account} elsewhere than as a whole part of a path, behind a /"
    if ACCOUNT in text and ENVIRONMENT not in text:
        return "has {account} and no {env}"
    return None


def filled(text: str, environment: str, account: str) -> str:
    """The reference of one place."""
    part = f"/{account}" if account else ""
    return _PART.sub(lambda _: part, text).replace(ENVIRONMENT, environment)
