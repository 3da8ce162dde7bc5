"""Make ids in the shapes of Stripe's. Knows no object."""

import secrets
import string

_LETTERS = string.ascii_letters + string.digits


def new_id(prefix: str, length: int = 24) -> str:
    """A fresh id such as `pm_1Qx...`."""
    return f"{prefix}_" + "".join(secrets.choice(_LETTERS) for _ in range(length))
