"""The types of values, and the closed table of functions: names, types, and what each computes.

The compiler reads the types, the runtime calls `compute`; a vault's facts say which functions it
can compute itself.

One file, since a function is a row of one table, and what it computes stands above it.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final

from forwardc.core.dataclass import dataclass
from forwardc.core.diagnostics.errors import ForwardcError
from forwardc.core.terms.time_formats import formatted_time, http_date
from forwardc.core.terms.values import CONTRADICTION, OTHER_SHAPE, XmlLeaf, is_null, resolve


class Type(StrEnum):
    """What kind of value a term has once it is evaluated."""

    TEXT = "text"
    INTEGER = "integer"
    NUMBER = "number"
    BOOLEAN = "boolean"
    NULL = "null"
    BYTES = "bytes"
    TIME = "time"
    LIST = "list"
    MAP = "map"
    JSON = "json"
    """Any JSON value: a `json` param, or what a destination answered."""


def fits(actual: Type, expected: Type) -> bool:
    """Whether a value of type `actual` may stand where `wanted` is asked for."""
    if Type.JSON in (actual, expected):
        return actual not in (Type.BYTES, Type.TIME)
    return actual is expected or (actual is Type.INTEGER and expected is Type.NUMBER)


# The table, and what stands in it.

Types = frozenset[Type]

_TEXT: Types = frozenset({Type.TEXT})
_INTEGER: Types = frozenset({Type.INTEGER})
_TIME: Types = frozenset({Type.TIME})
_HASHABLE: Types = frozenset({Type.TEXT, Type.BYTES})
_SCALAR: Types = frozenset({Type.TEXT, Type.INTEGER, Type.NUMBER, Type.BOOLEAN})
_ANY: Types = frozenset(Type) - {Type.BYTES, Type.TIME}
_NUMERIC: Types = frozenset({Type.INTEGER, Type.NUMBER})
_MAPPED: Types = _SCALAR - {Type.NUMBER}
_ENTRIES: Types = frozenset({Type.MAP})

_TWICE: Final = "the answer gives this member twice"


class ComputationError(ForwardcError, ValueError):
    """A function has no result for these values. The message never holds one of them."""


@dataclass(frozen=True, slots=True)
class Function:
    """One function: what it takes by place and by name, what it gives, and how."""

    name: str
    args: tuple[Types, ...]
    result: Type
    compute: Callable[..., Any]
    named: tuple[tuple[str, Types, bool], ...] = ()
    """Named arguments: name, types, required."""
    rules_only: bool = False
    """Usable in `when:` only."""
    operator: bool = False
    """Written with a sign or a word, and not called by its name."""
    internal: bool = False
    """Made by the compiler of what an author wrote otherwise; nobody calls it by its name."""
    alternatives: bool = False
    """Whether its named arguments are the author's own: the values of a setting, in any number."""
    table: str | None = None
    """Of what its table is, where it looks up in one that the compiler puts into the plan."""


# No field of a payment has more; Python itself refuses to read a few thousand.
_LONGEST_INTEGER = 64


def _int(value: Any) -> int:
    if isinstance(value, Decimal) and value.adjusted() >= _LONGEST_INTEGER:
        # An answer can say 1e999999999, whose digits fill no memory.
        raise ComputationError(f"int takes at most {_LONGEST_INTEGER} digits")
    if isinstance(value, Decimal) and value == value.to_integral_value():
        return int(value)
    if isinstance(value, str) and value.isascii() and value.isdigit():
        if len(value) > _LONGEST_INTEGER:
            raise ComputationError(f"int takes at most {_LONGEST_INTEGER} digits")
        return int(value)
    if isinstance(value, int):
        return int(value)
    raise ComputationError("int needs a whole number or a text of digits")


def _bytes(value: str | bytes) -> bytes:
    return value.encode() if isinstance(value, str) else value


def _base64url(value: str | bytes) -> str:
    return base64.urlsafe_b64encode(_bytes(value)).rstrip(b"=").decode()


def _digest(algorithm: str) -> Callable[[str | bytes], bytes]:
    # Vendors ask for MD5 and SHA-1 in their checksums; nothing of ours rests on one.
    return lambda data: hashlib.new(algorithm, _bytes(data), usedforsecurity=False).digest()


def _hmac(algorithm: str) -> Callable[[str | bytes, str | bytes], bytes]:
    return lambda key, message: hmac.digest(_bytes(key), _bytes(message), algorithm)


def _iso8601(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def _format_time(moment: datetime, text: str, **offset: str) -> str:
    try:
        return formatted_time(moment, text, **offset)
    except ValueError:
        raise ComputationError("`format_time` has no such format or offset") from None


def _unix_ms(moment: datetime) -> int:
    return int(moment.timestamp()) * 1000 + moment.microsecond // 1000


def _as_amount(*_args: Any) -> Any:
    """The digits are the destination's, so that these stand in a plan as an amount."""
    raise ComputationError("how many digits a currency has is said by the destination")


def _as_picked(*_args: Any, **_alternatives: Any) -> Any:
    """One alternative is left where the setting has its value: a plan never holds this call."""
    raise ComputationError("an alternative is picked at build time")


def _mapped(value: Any, entries: Mapping[str, Any], **otherwise: Any) -> Any:
    """The entry of a value, found by its text: `1` and `"1"` are one, as in a comparison."""
    if not isinstance(value, str | int | Decimal):
        raise ComputationError("`map` looks up texts and numbers, true and false")
    key = str(value).lower() if isinstance(value, bool) else str(value)
    if key in entries:
        return entries[key]
    if "else" not in otherwise:
        raise ComputationError("`map` has no entry for this value")
    return otherwise["else"]


def _member_at(document: Any, pointer: str) -> Any:
    """A member of a param, which its schema says to be there. Null where the caller gave null."""
    return resolve(document, pointer)


def _text_of(item: Any) -> str:
    if isinstance(item, Decimal):
        return format(item, "f")
    return str(item).lower() if isinstance(item, bool) else str(item)


def _join(items: Any, separator: str) -> str:
    """The items as one text, in which each can be told again."""
    texts = [_text_of(item) for item in items]
    if any(separator in text for text in texts):
        raise ComputationError("an item of a list holds the separator that `join` puts between")
    return separator.join(texts)


def _code(value: str, table: str) -> str:
    """The other code of a currency or country, whose own is written in either case.

    `table` is the plan's own: `AUD=036 EUR=978`.
    """
    for entry in table.split():
        code, _, other = entry.partition("=")
        if code == value.upper():
            return other
    raise ComputationError("there is no such code for this currency or country")


def _jwe(data: str, *, key: str, alg: str, enc: str, headers: str | None = None) -> str:
    from jwcrypto import jwe

    recipient = _public_jwk(key)
    protected: dict[str, Any] = {"alg": alg, "enc": enc}
    if recipient.get("kid"):
        protected["kid"] = recipient["kid"]
    if headers:
        protected |= json.loads(headers)
    token = jwe.JWE(data.encode(), protected=json.dumps(protected, separators=(",", ":")))
    try:
        token.add_recipient(recipient)
    except Exception:
        # Not chained: what the library says may quote the key.
        raise ComputationError("the key does not fit the JWE algorithm") from None
    return str(token.serialize(compact=True))


def _public_jwk(key: str) -> Any:
    from jwcrypto import jwk
    from jwcrypto.common import JWException

    try:
        return jwk.JWK.from_json(key)
    except (ValueError, JWException):
        raise ComputationError("the key is not a JWK") from None


def _request_signature(text: str, **named: str) -> str:
    from forwardc.core.signatures.keys import SigningError
    from forwardc.core.signatures.schemes import request_signature

    try:
        return request_signature(text, **named)
    except SigningError as problem:
        raise ComputationError(str(problem)) from None


def _equal(left: Any, right: Any) -> bool | None:
    """Whether two values are equal; null where one is missing, or only one is a map or list.

    A number equals a text of its own digits (`1` and `"1"`, not `1.0` and `"1"`): destinations
    write codes either way. True and false equal no text and no number.
    """
    if is_null(left) or is_null(right):
        return None
    if isinstance(left, dict | list) is not isinstance(right, dict | list):
        return None
    if isinstance(left, bool) is not isinstance(right, bool):
        return False
    if isinstance(left, str) is not isinstance(right, str) and not isinstance(left, dict | list):
        return str(left) == str(right)
    if _holds_contradiction(left) or _holds_contradiction(right):
        raise ComputationError(_TWICE)
    return bool(left == right)


def _holds_contradiction(value: Any) -> bool:
    if isinstance(value, dict):
        return any(map(_holds_contradiction, value.values()))
    if isinstance(value, list):
        return any(map(_holds_contradiction, value))
    return value is CONTRADICTION


def _unequal(left: Any, right: Any) -> bool | None:
    equal = _equal(left, right)
    return None if equal is None else not equal


def _ordered(test: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool | None]:
    def compare(left: Any, right: Any) -> bool | None:
        """Null where one is missing. Raises `ComputationError` for values of unlike types."""
        if is_null(left) or is_null(right):
            return None
        texts = isinstance(left, str) and isinstance(right, str)
        if not texts and not (_is_number(left) and _is_number(right)):
            raise ComputationError("an order is asked of values that have none")
        return test(left, right)

    return compare


def _is_number(value: Any) -> bool:
    return isinstance(value, int | Decimal) and not isinstance(value, bool)


def _in(left: Any, right: Any) -> bool | None:
    if is_null(right):
        return None
    if not isinstance(right, list):
        raise ComputationError("`in` looks into something that is no list")
    results = [_equal(left, item) for item in right]
    if True in results:
        return True
    return None if is_null(left) or None in results else False


def _not(value: Any) -> bool | None:
    if is_null(value):
        return None
    if not isinstance(value, bool):
        raise ComputationError("`not` is asked of something that is neither true nor false")
    return not value


def is_present(value: Any) -> bool | None:
    """Whether something is there; null where a value of another shape was asked for it."""
    return None if value is OTHER_SHAPE else not is_null(value)


def combine_truths(word: str, sides: Iterable[Callable[[], Any]]) -> bool | None:
    """`and` or `or` of three values, as in SQL. What the left side has decided asks no further.

    Raises `ComputationError` for a side that is neither true, false nor null.
    """
    decisive, doubt = word == "or", False
    for side in sides:
        value = side()
        if is_null(value):
            doubt = True
        elif not isinstance(value, bool):
            raise ComputationError(f"`{word}` is asked of something that is neither true nor false")
        elif value is decisive:
            return decisive
    return None if doubt else not decisive


LAZY: Final = frozenset({"and", "or"})
"""The operators whose right side may not be asked."""


def _connected(word: str) -> Callable[[Any, Any], bool | None]:
    return lambda left, right: combine_truths(word, (lambda: left, lambda: right))


def _get(value: Any, key: Any) -> Any:
    member = _member(value, key)
    if member is CONTRADICTION:
        raise ComputationError(_TWICE)
    return member


def _member(value: Any, key: Any) -> Any:
    if isinstance(value, dict | XmlLeaf) and isinstance(key, str):
        return value.get(key)
    if isinstance(key, int) and not isinstance(key, bool):
        if isinstance(value, list):
            return value[key] if 0 <= key < len(value) else None
        if isinstance(value, dict | XmlLeaf) and type(value) is not dict:
            # An element that is not repeated is the first of its name: it knows the place 0.
            return value.get(key)
    if value is None:
        return None
    if value is OTHER_SHAPE or isinstance(value, dict | list | XmlLeaf):
        # Destinations answer with one of several shapes: another one is merely not this one.
        return OTHER_SHAPE
    raise ComputationError("a value that has nothing inside is indexed")


_SIGNATURE_NAMED = (("scheme", _TEXT, True), ("gives", _TEXT, True), ("key", _TEXT, True))
_JWE_NAMED = (
    ("key", _TEXT | {Type.MAP}, True),
    ("alg", _TEXT, True),
    ("enc", _TEXT, True),
    ("headers", _TEXT | {Type.MAP}, False),
)


_OFFSET = (("offset", _TEXT, False),)


def _rule(
    name: str, args: tuple[Types, ...], result: Type, compute: Callable[..., Any]
) -> Function:
    return Function(name, args, result, compute, rules_only=True, operator=True)


DIGESTS: Final = frozenset({"sha256", "sha512", "sha1", "md5"})
"""The functions that hash without a key."""
HMACS: Final = frozenset({"hmac_sha256", "hmac_sha512", "hmac_sha1"})
"""The functions that hash with a key, their first argument."""
OVER_JSON: Final = frozenset({"jwe", "request_signature"})
"""The functions that take maps as their JSON text."""
WEAK_DIGESTS: Final = frozenset({"sha1", "md5", "hmac_sha1"})
"""What is computed because a vendor asks for it, and named as weak where it is reviewed."""

FUNCTIONS: dict[str, Function] = {
    function.name: function
    for function in [
        Function("text", (_SCALAR,), Type.TEXT, lambda value: value),
        Function("int", (_SCALAR,), Type.INTEGER, _int),
        Function("json", (_ANY,), Type.TEXT, lambda value: value),
        Function("lower", (_TEXT,), Type.TEXT, str.lower),
        Function("upper", (_TEXT,), Type.TEXT, str.upper),
        Function("slice", (_TEXT, _INTEGER, _INTEGER), Type.TEXT, lambda text, a, b: text[a:b]),
        Function(
            "base64", (_HASHABLE,), Type.TEXT, lambda data: base64.b64encode(_bytes(data)).decode()
        ),
        Function("base64url", (_HASHABLE,), Type.TEXT, _base64url),
        Function("hex", (_HASHABLE,), Type.TEXT, lambda data: _bytes(data).hex()),
        *(
            Function(name, (_HASHABLE,), Type.BYTES, _digest(name))
            for name in ("sha256", "sha512", "sha1", "md5")
        ),
        Function("hmac_sha256", (_HASHABLE, _HASHABLE), Type.BYTES, _hmac("sha256")),
        Function("hmac_sha512", (_HASHABLE, _HASHABLE), Type.BYTES, _hmac("sha512")),
        Function("hmac_sha1", (_HASHABLE, _HASHABLE), Type.BYTES, _hmac("sha1")),
        Function("unix", (_TIME,), Type.INTEGER, lambda moment: int(moment.timestamp())),
        Function("unix_ms", (_TIME,), Type.INTEGER, _unix_ms),
        Function("iso8601", (_TIME,), Type.TEXT, _iso8601),
        Function("format_time", (_TIME, _TEXT), Type.TEXT, _format_time, named=_OFFSET),
        Function("http_date", (_TIME,), Type.TEXT, http_date),
        Function("map", (_MAPPED, _ENTRIES), Type.JSON, _mapped, named=(("else", _SCALAR, False),)),
        Function("currency_number", (_TEXT,), Type.TEXT, _code, table="currency"),
        Function("country_alpha3", (_TEXT,), Type.TEXT, _code, table="country"),
        Function("country_number", (_TEXT,), Type.TEXT, _code, table="country"),
        Function("join", (_ANY, _TEXT), Type.TEXT, _join),
        Function("member", (_ANY, _TEXT), Type.JSON, _member_at, internal=True),
        Function("iso", (_INTEGER,), Type.INTEGER, _as_amount),
        Function("exponent", (_TEXT,), Type.INTEGER, _as_amount),
        Function("decimal", (_INTEGER, _TEXT), Type.NUMBER, _as_amount),
        Function("pick", (_SCALAR,), Type.JSON, _as_picked, alternatives=True),
        Function("jwe", (_TEXT | {Type.MAP, Type.JSON},), Type.TEXT, _jwe, named=_JWE_NAMED),
        Function(
            "request_signature",
            (frozenset({Type.MAP}),),
            Type.TEXT,
            _request_signature,
            named=_SIGNATURE_NAMED,
            internal=True,
        ),
        _rule("eq", (_ANY, _ANY), Type.BOOLEAN, _equal),
        _rule("ne", (_ANY, _ANY), Type.BOOLEAN, _unequal),
        _rule("lt", (_ANY, _ANY), Type.BOOLEAN, _ordered(lambda a, b: a < b)),
        _rule("le", (_ANY, _ANY), Type.BOOLEAN, _ordered(lambda a, b: a <= b)),
        _rule("gt", (_ANY, _ANY), Type.BOOLEAN, _ordered(lambda a, b: a > b)),
        _rule("ge", (_ANY, _ANY), Type.BOOLEAN, _ordered(lambda a, b: a >= b)),
        _rule("in", (_ANY, _ANY), Type.BOOLEAN, _in),
        _rule("and", (_ANY, _ANY), Type.BOOLEAN, _connected("and")),
        _rule("or", (_ANY, _ANY), Type.BOOLEAN, _connected("or")),
        _rule("not", (_ANY,), Type.BOOLEAN, _not),
        Function("present", (_ANY,), Type.BOOLEAN, is_present, rules_only=True),
        _rule("get", (_ANY, _ANY), Type.JSON, _get),
    ]
}
"""Every function by name. `+` and interpolation are the node `Text`, not functions."""
