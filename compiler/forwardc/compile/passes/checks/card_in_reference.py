"""FC0503: no account data in fields that systems keep and show: references, metadata, keys."""

import re
from collections.abc import Iterator

from forwardc.compile.ir.analysis import atoms_in
from forwardc.compile.passes.checks.rule import Case, Problem
from forwardc.core.atoms import ATOMS, Sensitivity
from forwardc.core.terms.terms import HAS_ATOM, Map, walk

_KEPT = frozenset(
    "reference merchantreference metadata description idempotencykey orderid "
    "clientreferenceid customreference".split()
)


# Of `metadata[order]`, `.reference` and `metadata.order`, any part decides.
_PART = re.compile(r"[^\[\].]+")


def check(case: Case) -> Iterator[Problem]:
    """Account data below a body key that names a reference."""
    body = case.step.request.body
    for node in walk(body.tree, HAS_ATOM) if body else ():
        for key, value in node.entries if isinstance(node, Map) else ():
            if value.holds & HAS_ATOM and _names(key) & _KEPT:
                for atom in atoms_in(value):
                    if ATOMS[atom.name].sensitivity is Sensitivity.ACCOUNT:
                        yield Problem(
                            "FC0503",
                            f"`{atom.name}` would stand in `{key}`, which is kept and shown",
                            atom.span,
                            "use an id of your own",
                        )


def _names(key: str) -> set[str]:
    """The words of a key, each without a prefix of XML."""
    parts = (part.rpartition(":")[2] for part in _PART.findall(key))
    return {part.lower().replace("_", "").replace("-", "") for part in parts}
