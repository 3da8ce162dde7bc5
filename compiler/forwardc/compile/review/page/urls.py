"""Addresses as a reviewer reads them: what is no constant stands in braces."""

from forwardc.compile.ir.program import Pair
from forwardc.compile.review.page.expression import VendorNames, expression
from forwardc.core.terms.terms import Lit, Term, Text


def url_of(term: Term) -> str:
    """A URL with its holes in braces."""
    parts = term.parts if isinstance(term, Text) else (term,)
    return "".join(
        str(part.value) if isinstance(part, Lit) else "{" + getattr(part, "name", "...") + "}"
        for part in parts
    )


def path_of(term: Term) -> str:
    """The path of a URL with its holes in braces."""
    _, _, rest = url_of(term).partition("://")
    _, slash, path = rest.partition("/")
    return slash + path


def query_text(pairs: tuple[Pair, ...], names: VendorNames) -> str:
    """The query in its order, with what is no constant in braces."""
    return "&".join(f"{pair.name}={_in_braces(pair.value, names)}" for pair in pairs)


def _in_braces(term: Term, names: VendorNames) -> str:
    text = expression(term, names)
    return text if isinstance(term, Lit) else f"{{{text}}}"
