"""FC0405: who reads values of the card needs one, and only a step through a vault has it."""

from collections.abc import Iterator

from forwardc.compile.ir.program import reads_instrument, rules_of, terms_of
from forwardc.compile.passes.checks.rule import Case, Problem
from forwardc.core.instrument import NAMES, ROOT
from forwardc.core.terms.terms import HAS_IF, If, Ref, root_bit, walk


def check(case: Case) -> Iterator[Problem]:
    """Every `instrument.*` of an operation whose steps are all sent past the vault."""
    if not reads_instrument(case.step) or not all(step.direct for step in case.operation.steps):
        return
    for term in (*terms_of(case.step.request), *rules_of(case.step)):
        for node in walk(term, root_bit(ROOT) | HAS_IF):
            # Of `instrument.brand?` both the mark and the name are nodes: the name is told.
            is_bare = isinstance(node, If) and not isinstance(node.then, Ref)
            name = node.present if isinstance(node, If) and is_bare else getattr(node, "name", "")
            if name in NAMES:
                yield Problem(
                    "FC0405",
                    f"`{name}` is of a card, and no step of this operation goes to a vault",
                    node.span,
                    "make it a param, which the caller gives",
                )
