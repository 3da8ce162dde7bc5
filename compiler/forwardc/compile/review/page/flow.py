"""Who talks to whom when an operation runs: the messages of its sequence diagram.

Knows programs and plans; nothing of drawing.
"""

from collections.abc import Iterator

from forwardc.compile.ir.program import Step
from forwardc.compile.review.page.sequence import Message, draw
from forwardc.compile.review.page.urls import path_of
from forwardc.compile.review.page.words import atom_words
from forwardc.compile.vaults.assess import Assessment
from forwardc.core.atoms import ATOMS, Sensitivity

_RUNTIME, _VAULT = 0, 1


def diagram(assessment: Assessment) -> str:
    """The SVG of an operation at a vault."""
    reaches_vault = _reaches_vault(assessment)
    return draw(
        _actors(assessment),
        list(_messages(assessment, reaches_vault)),
        1 if reaches_vault else None,
    )


def messages(assessment: Assessment) -> list[tuple[str, str, Message]]:
    """The same messages in words: from whom, to whom, what. For a screen that is too narrow."""
    actors = [name for name, _ in _actors(assessment)]
    exchanged = _messages(assessment, _reaches_vault(assessment))
    return [(actors[each.source], actors[each.target], each) for each in exchanged]


def _reaches_vault(assessment: Assessment) -> bool:
    return bool(
        assessment.emitted and any(s["deliver"] == "vault" for s in assessment.emitted.steps)
    )


def _actors(assessment: Assessment) -> list[tuple[str, str]]:
    """Names with a note each, from left to right."""
    vault = [(assessment.vault.facts.title, "the vault")] if _reaches_vault(assessment) else []
    program = assessment.context.program
    return [("our runtime", "forwardc, no card data"), *vault, (program.destination, program.host)]


def _messages(assessment: Assessment, reaches_vault: bool) -> Iterator[Message]:
    last = 2 if reaches_vault else 1
    if assessment.emitted and "fallback" in assessment.emitted.extra:
        yield Message(_RUNTIME, _VAULT, "GET the instrument: has it a network token?")
        yield Message(_VAULT, _RUNTIME, "else the fallback runs instead", answer=True)
    for step, emitted in zip(
        assessment.context.operation.steps, assessment.emitted_steps, strict=True
    ):
        target = f"{step.request.method} {path_of(step.request.url)}"
        if emitted["deliver"] == "vault":
            yield Message(
                _RUNTIME, _VAULT, f"forward, step {step.name}", "source id, params, template"
            )
            yield Message(_VAULT, last, target, _carries(step), card=_has_card(step))
            yield Message(last, _VAULT, "answer", answer=True)
            yield Message(_VAULT, _RUNTIME, "answer, card data removed", answer=True)
        else:
            yield Message(_RUNTIME, last, target, f"{step.name}: no card data")
            yield Message(last, _RUNTIME, "answer", answer=True)


def _has_card(step: Step) -> bool:
    return bool(step.request.atoms)


def _carries(step: Step) -> str:
    atoms = {atom.name for atom in step.request.atoms}
    account = [name for name in ATOMS if name in atoms and _is_account(name)]
    return ", ".join(atom_words(name) for name in account)


def _is_account(name: str) -> bool:
    return ATOMS[name].sensitivity is Sensitivity.ACCOUNT
