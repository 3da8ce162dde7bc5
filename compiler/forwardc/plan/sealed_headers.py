"""Which headers that a vault sends hold a secret, and what of each value is hashed for the vault.

The vault compares the hash of a header's value without its scheme: of a key alone, or of what comes
after `Basic`. A value is computed from the terms of its header, and lives for one call.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from forwardc.core.dataclass import dataclass
from forwardc.core.diagnostics.errors import ForwardcError
from forwardc.core.terms.escaping import NotExpressibleError
from forwardc.core.terms.evaluator import Scope, TextTooLongError, evaluate
from forwardc.core.terms.functions import ComputationError
from forwardc.core.terms.terms import If, Lit, Map, Ref, Seq, Term, Text, root_bit, unwrapped, walk
from forwardc.core.terms.values import Secret
from forwardc.plan.model import Plan

# RFC 9110, section 11.1: a scheme is a token, and a space stands after it.
_SCHEME: Final = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]+) +")
# The registry of HTTP's authentication schemes (IANA), and those that vendors made for their keys.
_SCHEMES: Final = frozenset(
    "apikey api-key aws4-hmac-sha256 basic bearer concealed digest dpop geniekey gnap googlelogin"
    " hmac hoba key mutual negotiate oauth privatetoken scram-sha-1 scram-sha-256 ssws token"
    " vapid".split()
)
_PLAIN: Final = re.compile(r"[A-Za-z0-9-]")

Place = tuple[str, str, Term]
"""Operation and step as `pay.auth`, the header's name, and its value."""


class NotSealableError(ForwardcError, ValueError):
    """What a header holds cannot be sealed. The reason is safe to show."""


@dataclass(frozen=True, slots=True)
class SealedHeader:
    """A header with a secret, where it is sent, and what of its value is sealed.

    `scheme` is left out of it. `doubt` says why the documents do not tell that the vault hashes
    just this; it is empty where they do. `file` is a name for it that no other header has.
    """

    header: str
    places: tuple[str, ...]
    secrets: tuple[str, ...]
    scheme: str
    doubt: str
    file: str
    term: Term

    @property
    def description(self) -> str:
        """What is sealed, in words."""
        return f"the value without `{self.scheme}`" if self.scheme else "the whole value"


def file_name(destination: str, file: str) -> str:
    """The name of the file for a header, whose own part is `SealedHeader.file`."""
    return f"{destination}.{file}.encrypted_hashed_key.txt"


def places_in(plan: Plan) -> Iterator[Place]:
    """Every header that the vault sends for a plan."""
    for name, operation in plan.operations.items():
        for step in operation.steps:
            if step.deliver == "vault":
                headers = _at(_at(step.http.body, "request"), "headers")
                for item in headers.items if isinstance(headers, Seq) else ():
                    header, value = _at(item, "name"), _at(item, "value")
                    if isinstance(header, Lit) and value is not None:
                        yield f"{name}.{step.name}", str(header.value), value


def sealed_headers(places: Iterable[Place], documented: Sequence[str] = ()) -> list[SealedHeader]:
    """The headers with secrets, each value once, in the order of their places.

    `documented` are the schemes of which the vault's documents say that they are left out.
    """
    groups: dict[tuple[str, Term], tuple[Place, list[str]]] = {}
    for place in places:
        where, header, term = place
        if secrets_in(term):
            same = header.lower(), unwrapped(term)
            groups.setdefault(same, (place, []))[1].append(where)
    names = Counter(header for header, _ in groups)
    return [
        _sealed(first, where, documented, is_shared=names[first[1].lower()] > 1)
        for first, where in groups.values()
    ]


def secrets_in(term: Term) -> list[str]:
    """Names of the secrets in a value, each once."""
    nodes = walk(term, root_bit("secrets"))
    refs = [node for node in nodes if isinstance(node, Ref) and node.root == "secrets"]
    return list(dict.fromkeys(ref.name.removeprefix("secrets.") for ref in refs))


def scheme_of(term: Term) -> str:
    """The scheme that a header's value begins with, in lower case; empty where none is known."""
    written = _SCHEME.match(_leading(term))
    word = written[1].lower() if written else ""
    return word if word in _SCHEMES else ""


def value_of(header: SealedHeader, secrets: Mapping[str, Secret]) -> Secret:
    """What is hashed of a header, with these values of its secrets. Raises `NotSealableError`."""
    if _varies(header.term):
        raise NotSealableError(
            f"{header.header} is another one in each run, and no hash is of all of them"
        )
    present = frozenset(node.present for node in walk(header.term) if isinstance(node, If))
    values = {f"secrets.{name}": secrets[name] for name in header.secrets}
    try:
        text = str(evaluate(header.term, Scope(values, present, reveal=True)))
    except (NotExpressibleError, ComputationError, TextTooLongError) as problem:
        raise NotSealableError(f"{header.header}: {problem}") from None
    return Secret(text[len(header.scheme) :].strip())


def starts_with_scheme(header: SealedHeader, value: str, documented: Sequence[str]) -> bool:
    """Whether a secret that is all of what is sealed brings its own scheme along."""
    schemes = tuple(f"{scheme.lower()} " for scheme in documented)
    return isinstance(_rest(header.term), Ref) and value.lower().startswith(schemes)


def _sealed(
    place: Place, where: list[str], documented: Sequence[str], *, is_shared: bool
) -> SealedHeader:
    _, header, term = place
    written = _SCHEME.match(_leading(term))
    word = written[1] if written else ""
    scheme = word if word.lower() in _SCHEMES else ""
    name = "".join(
        character if _PLAIN.match(character) else f"_{ord(character):02x}" for character in header
    )
    return SealedHeader(
        header,
        tuple(where),
        tuple(secrets_in(term)),
        scheme,
        _doubt(term, word, scheme, documented),
        f"{name}.{where[0]}" if is_shared else name,
        term,
    )


def _doubt(term: Term, word: str, scheme: str, documented: Sequence[str]) -> str:
    if scheme and scheme.lower() not in (name.lower() for name in documented):
        return f"the documents name {' and '.join(documented)}, and not `{scheme}`"
    if word and not scheme:
        return f"`{word}` is no scheme that is known"
    if scheme.lower() == "basic" or isinstance(_rest(term), Ref):
        return ""
    return "the documents speak of a key, and this is more than one"


def _varies(term: Term) -> bool:
    """Whether more than secrets decides what the value is."""
    return any(isinstance(node, Ref) and node.root != "secrets" for node in walk(term))


def _leading(term: Term) -> str:
    """The text that a value begins with in any case."""
    plain = unwrapped(term)
    if isinstance(plain, Lit):
        return str(plain.value)
    return _leading(plain.parts[0]) if isinstance(plain, Text) and plain.parts else ""


def _rest(term: Term) -> Term:
    """A value without a leading literal that is only a scheme."""
    plain = unwrapped(term)
    if isinstance(plain, Text) and len(plain.parts) == 2 and _SCHEME.fullmatch(_leading(plain)):
        return unwrapped(plain.parts[1])
    return plain


def _at(term: Term | None, name: str) -> Term | None:
    plain = None if term is None else unwrapped(term)
    member = dict(plain.entries).get(name) if isinstance(plain, Map) else None
    return None if member is None else unwrapped(member) if name != "value" else member
