"""The function that templates may call: `jwe_encrypt`.

Knows no placeholder: its arguments come as text. Source: Checkout.com docs "Forward stored
credentials", section on JWE; named arguments, a first one without name means `data`.
"""

import json
from collections.abc import Mapping
from typing import Any

from forwardc.sandbox.checkout.problems import CheckoutError, invalid
from forwardc.sandbox.crypto import jwe
from forwardc.sandbox.laxness import Lets

# What its guide lists (December 2025): of RFC 7518 that is not all.
ALGS = ("RSA-OAEP", "RSA-OAEP-256", "A256GCMKW")
ENCS = ("A128GCM", "A256GCM", "A128CBC-HS256", "A256CBC-HS512")
_REQUIRED = ("data", "key", "alg", "enc")
_ARGUMENTS = (*_REQUIRED, "headers")


def call(function: str, arguments: tuple[tuple[str, str], ...], lets: Lets) -> str:
    """The text of a call. Raises `CheckoutError` (422); its codes name the argument."""
    if function != "jwe_encrypt":
        raise invalid("template_function_unknown")
    given = _named(arguments)
    wrong = [
        f"jwe_encrypt_{name}_invalid"
        for name, known in (("alg", ALGS), ("enc", ENCS))
        if given[name] not in known
    ]
    if wrong:
        raise invalid(*wrong)
    key = _json(given["key"], "key")
    try:
        return jwe.encrypt(
            given["data"].encode(),
            key,
            alg=given["alg"],
            enc=given["enc"],
            headers=_json(given["headers"], "headers") if given.get("headers") else None,
            padded_key=_is_padded(key) and lets("checkout_padded_key", "jwe_encrypt(key)"),
        )
    except jwe.JweError as error:
        reason = str(error).replace(" ", "_").replace("-", "_").lower()
        raise invalid("jwe_encrypt_failed", f"jwe_encrypt_{reason}") from None


def _is_padded(key: Mapping[str, Any]) -> bool:
    """Whether the key's octets have padding, which RFC 7518 section 6.4.1 does not."""
    return "=" in str(key.get("k", ""))


def _named(arguments: tuple[tuple[str, str], ...]) -> Mapping[str, str]:
    given: dict[str, str] = {}
    for place, (name, value) in enumerate(arguments):
        known = name or ("data" if place == 0 else "")
        if known not in _ARGUMENTS or known in given:
            raise invalid("jwe_encrypt_argument_invalid")
        given[known] = value
    missing = [f"jwe_encrypt_{name}_required" for name in _REQUIRED if name not in given]
    if missing:
        raise invalid(*missing)
    return given


def _json(text: str, argument: str) -> dict[str, Any]:
    problem: CheckoutError = invalid(f"jwe_encrypt_{argument}_invalid")
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        raise problem from None
    if not isinstance(value, dict):
        raise problem
    return value
