"""Reads `sign:`: the scheme, its secret, and what else is said of it.

The schema says which keys a scheme takes; a value of them is a line that may name settings, a mark,
or a list of names.
"""

from typing import Final

from forwardc.compile.language import access
from forwardc.compile.language.destination import DeclaredSignature
from forwardc.compile.language.nodes import Node, YamlScalar, YamlSeq
from forwardc.compile.language.read_values import ValueReader
from forwardc.core.terms.terms import Lit, Map, Ref, Seq, Term

# What every scheme has, or one that a vault computes; the other keys are options of a named one.
_COMMON: Final = frozenset({"scheme", "secret", "remove_path_prefix", "into"})


def read_signature(node: Node | None, values: ValueReader) -> DeclaredSignature | None:
    """The signature of a request; None where there is none, or its secret has a mistake."""
    place = access.get(node, "secret")
    if node is None or place is None:
        return None
    secret = read_secret(place, values, "a signature")
    if secret is None:
        return None
    return DeclaredSignature(
        scheme=access.text(node, "scheme") or "",
        secret=secret,
        span=node.span,
        pointer=node.pointer,
        remove_path_prefix=access.text(node, "remove_path_prefix"),
        into=access.text(node, "into"),
        options=_options(node, values),
    )


def read_secret(place: Node, values: ValueReader, subject: str) -> Ref | None:
    """One of the secrets and nothing else; None with FC0303. `subject` is who takes it."""
    secret = values.line(place, "a secret")
    if secret is None or (isinstance(secret, Ref) and secret.root == "secrets"):
        return secret
    message = f"{subject} takes one of the secrets, as it is"
    values.report.at(place).error("FC0303", message, secret.span, "write ${secrets.<name>}")
    return None


def _options(node: Node, values: ValueReader) -> Map:
    options: list[tuple[str, Term]] = []
    for entry in access.entries(node):
        if entry.key in _COMMON:
            continue
        term = _option(entry.value, values)
        if term is not None:
            options.append((entry.key, term))
    return Map(tuple(options), span=node.span)


def _option(value: Node, values: ValueReader) -> Term | None:
    if isinstance(value, YamlSeq):
        scalars = (item for item in value.items if isinstance(item, YamlScalar))
        return Seq(tuple(Lit(item.value, span=item.span) for item in scalars), span=value.span)
    if isinstance(value, YamlScalar) and isinstance(value.value, bool):
        return Lit(value.value, span=value.span)
    term = values.line(value, "what is said of a signature")
    if term is not None and values.may_be_absent(term):
        message = "what is said of a signature cannot be left out"
        hint = "use a value that is always there"
        values.report.at(value).error("FC0315", message, term.span, hint)
        return None
    return term
