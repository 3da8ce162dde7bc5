"""Which secrets of a plan travel in headers through a vault, and what of them is hashed.

Reads plans and holds no value longer than a call. Encrypts and writes nothing.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from forwardc.diagnostics.sink import Sink
from forwardc.plan.model import Plan
from forwardc.plan.terms import Encoded, If, Limit, Lit, Map, Ref, Term, Text, walk

_SCHEMES = ("basic ", "bearer ")


@dataclass(frozen=True, slots=True)
class HeaderSecret:
    """A secret and the headers that carry it, those where it is part of a computation apart."""

    name: str
    headers: tuple[str, ...]
    computed_in: tuple[str, ...]


def header_secrets(plan: Plan) -> list[HeaderSecret]:
    """The secrets in headers that the vault sends for us, sorted by name."""
    found = sorted(set(_places(plan)))
    return [
        HeaderSecret(
            name,
            tuple(header for secret, header, _ in found if secret == name),
            tuple(header for secret, header, computed in found if secret == name and computed),
        )
        for name in sorted({secret for secret, _, _ in found})
    ]


def _places(plan: Plan) -> Iterator[tuple[str, str, bool]]:
    """Secret, header, and whether the header is more than a scheme and the secret."""
    for operation in plan.operations.values():
        for step in operation.steps:
            body = step.http.body if step.deliver == "vault" else None
            for node in walk(body) if body is not None else ():
                entries = dict(node.entries) if isinstance(node, Map) else {}
                header, value = entries.get("name"), entries.get("value")
                if isinstance(header, Lit) and value is not None:
                    yield from (
                        (ref.name.removeprefix("secrets."), str(header.value), _computed(value))
                        for ref in walk(value)
                        if isinstance(ref, Ref) and ref.root == "secrets"
                    )


def _computed(value: Term) -> bool:
    match value:
        case Limit(term=inner) | Encoded(tree=inner) | If(then=inner):
            return _computed(inner)
        case Ref():
            return False
        case Text(parts=(Lit(value=str(scheme)), Ref())):
            return scheme.lower() not in _SCHEMES
        case _:
            return True


def can_be_hashed(secret: HeaderSecret, variable: str, value: str, sink: Sink) -> bool:
    """Whether the vault would find this hash again; reports FC0816 and FC0616 where in doubt.

    The vault compares the key without `Basic` or `Bearer` (docs: production details).
    """
    if value.lower().startswith(_SCHEMES):
        sink.error(
            "FC0816",
            f"{variable} starts with the scheme of a header, and the hash is of the key alone",
            hint="write the scheme into the destination and the key alone into the secret",
        )
        return False
    if secret.computed_in:
        sink.warning(
            "FC0616",
            f"{secret.name} is only a part of {', '.join(secret.computed_in)}: the documents do "
            "not say whether the vault hashes the part or the whole",
            hint="ask the vault's support before you send the file",
        )
    return True
