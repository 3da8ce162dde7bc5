"""What an answer must parse as to be believed: as the author says, else what is read of it."""

from collections.abc import Iterable
from typing import Final

from forwardc.compile.language.destination import DeclaredRule, DeclaredStep
from forwardc.core.terms.terms import Ref, walk

_BODIES: Final = ("json", "xml", "form", "text")


def kinds_read(rules: Iterable[DeclaredRule]) -> tuple[str, ...]:
    """The forms of a body that rules read, in a fixed order."""
    names = {
        node.name.removeprefix("response.")
        for rule in rules
        if rule.when is not None
        for node in walk(rule.when)
        if isinstance(node, Ref) and node.root == "response"
    }
    return tuple(kind for kind in _BODIES if kind in names)


def answer_kind(step: DeclaredStep) -> str:
    """The kind of answer that a step believes. Outputs and reasons follow the rules."""
    return step.answer or next(iter(kinds_read(step.outcome)), "json")
