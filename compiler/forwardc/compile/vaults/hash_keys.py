"""Secrets that key a hash: what leaves is the hash, which we compute, and nobody learns the key.

Knows no vault. A key that is derived for `jwe` is a key still, and counts as the secret.
"""

from collections.abc import Iterator
from typing import Final

from forwardc.compile.ir.program import Step
from forwardc.compile.vaults.model import Finding, Verdict
from forwardc.core.terms.terms import Call, Ref, Term, children

_KEYED: Final = frozenset({"hmac_sha256", "hmac_sha512"})
_KEY: Final = "key of a hash"


def references(term: Term, around: tuple[str, ...] = ()) -> Iterator[tuple[Ref, tuple[str, ...]]]:
    """Every reference with the functions around it, as often as it stands there.

    `pick` is none: it is gone where its setting has a value.
    """
    match term:
        case Ref():
            yield term, around
        case Call(function=function, args=(key, message)) if function in _KEYED:
            yield from references(key, (*around, function, _KEY))
            yield from references(message, (*around, function))
        case Call(function=function) if function != "pick":
            for child in children(term):
                yield from references(child, (*around, function))
        case _:
            for child in children(term):
                yield from references(child, around)


def is_hash_key(around: tuple[str, ...]) -> bool:
    """Whether a reference with these functions around it only keys a hash."""
    return _KEY in around and "jwe" not in around


def kept_hash(key: Ref, days: int, step: Step) -> Finding:
    """The loss: the vault keeps the hash, for so many days, as it keeps the rest of the body."""
    reason = f"a hash by `{key.name}` stands there, and the vault keeps it for {days} days"
    return Finding(Verdict.DEGRADED, "FC0633", reason, key.span, step.name)
