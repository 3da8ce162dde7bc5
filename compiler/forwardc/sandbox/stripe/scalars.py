"""Check and convert one value of a parameter. Knows no endpoint and no shape.

Texts of the refusals were seen in public code, but for those of objects, arrays and lengths.
"""

import re
from typing import Any

from forwardc.sandbox.stripe.errors import StripeError, invalid
from forwardc.sandbox.stripe.kinds import BooleanParam, IntegerParam, TextParam
from forwardc.sandbox.stripe.tables.countries import COUNTRIES

MOST_KEYS = 50
EMPTY = "parameter_invalid_empty"
_EMAIL = re.compile(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+")
_URL = re.compile(r"[a-z][a-z0-9+.-]*://[^\s/?#]+\S*")
_FORMS = {
    "email": (_EMAIL, "Invalid email address", "email_invalid"),
    "url": (_URL, "Not a valid URL", "url_invalid"),
}


def text_of(kind: TextParam, value: Any, name: str) -> str:
    """A text of this kind. Raises 400."""
    if not isinstance(value, str):
        raise invalid("Invalid string", param=name)
    if value == "":
        raise empty(name)
    if len(value) > kind.limit:
        raise invalid(f"Invalid string: must be at most {kind.limit} characters", param=name)
    if kind.choices and value not in kind.choices:
        raise invalid(f"Invalid {name}: must be {_either(kind.choices)}", param=name)
    if kind.form is not None:
        pattern, text, code = _FORMS[kind.form]
        if pattern.fullmatch(value) is None:
            raise invalid(text, param=name, code=code)
    return value


def country_of(value: Any, name: str) -> str:
    """The code of a country. Raises 400."""
    text = text_of(TextParam(), value, name)
    if text in COUNTRIES:
        return text
    shown = f" '{text}'" if text.isascii() and text.isalpha() and len(text) <= 20 else ""
    raise invalid(
        f"Country{shown} is unknown. Try using a 2-character alphanumeric country code instead, "
        "such as 'US', 'EG', or 'GB'. A full list of country codes is available at "
        "https://en.wikipedia.org/wiki/ISO_3166-1_alpha-2#Officially_assigned_code_elements",
        param=name,
    )


def _either(choices: tuple[str, ...]) -> str:
    if len(choices) == 1:
        return choices[0]
    return f"one of {', '.join(choices[:-1])} or {choices[-1]}"


def whole_of(kind: IntegerParam, value: Any, name: str) -> int:
    """An integer within its bounds. Raises 400 `parameter_invalid_integer`."""
    if value == "":
        raise empty(name)
    digits = value.removeprefix("-") if isinstance(value, str) else ""
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 18):
        raise _integer("Invalid integer", name)
    number = int(value)
    if kind.low is not None and number < kind.low:
        raise _integer(f"This value must be greater than or equal to {kind.low}.", name)
    if kind.high is not None and number > kind.high:
        raise _integer(f"This value must be less than or equal to {kind.high}.", name)
    return number


def _integer(text: str, name: str) -> StripeError:
    return invalid(text, param=name, code="parameter_invalid_integer")


def flag_of(kind: BooleanParam, value: Any, name: str) -> bool | str:
    """True, False, or one of the kind's words. Raises 400."""
    if value == "":
        raise empty(name)
    if value in ("true", "false"):
        return bool(value == "true")
    if isinstance(value, str) and value in kind.words:
        return value
    raise invalid("Invalid boolean", param=name)


def metadata_of(value: Any, name: str) -> dict[str, str]:
    """Metadata as given: an empty value stays, for an update to remove its key. Raises 400."""
    if not isinstance(value, dict) or not all(isinstance(item, str) for item in value.values()):
        raise invalid("Metadata must be a map of strings.", param=name)
    if len(value) > MOST_KEYS:
        raise too_many_keys(name)
    if any(len(key) > 40 for key in value):
        raise invalid("Metadata keys may have at most 40 characters.", param=name)
    if any(len(item) > 500 for item in value.values()):
        raise invalid("Metadata values may have at most 500 characters.", param=name)
    return dict(value)


def too_many_keys(name: str) -> StripeError:
    """The refusal of more metadata than there may be."""
    return invalid(f"Metadata may have at most {MOST_KEYS} keys.", param=name)


def empty(name: str) -> StripeError:
    """The refusal of an empty value: 400 `parameter_invalid_empty`."""
    text = (
        f"You passed an empty string for '{name}'. We assume empty values are an attempt to unset "
        f"a parameter; however '{name}' cannot be unset. You should remove '{name}' from your "
        "request or supply a non-empty value."
    )
    return invalid(text, param=name, code=EMPTY)
