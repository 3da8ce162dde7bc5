"""Who talks to whom when an operation runs: the messages of its sequence diagram.

Knows programs and plans; nothing of drawing.
"""

from collections.abc import Iterator

from forwardc.plan.atoms import ATOMS, Sensitivity
from forwardc.plan.program import Step
from forwardc.plan.terms import Lit, Term, Text
from forwardc.review.page.sequence import Message, draw
from forwardc.vaults.assess import Assessment

_RUNTIME, _VAULT = 0, 1


def diagram(one: Assessment) -> str:
    """The SVG of an operation at a vault."""
    reaches_vault = bool(one.emitted and any(s["deliver"] == "vault" for s in one.emitted.steps))
    host = one.context.program.host
    actors = [("our runtime", "forwardc, no card data")]
    if reaches_vault:
        actors.append((one.vault.facts.title, "the vault"))
    actors.append((one.context.program.destination, host))
    return draw(actors, list(_messages(one, reaches_vault)), 1 if reaches_vault else None)


def _messages(one: Assessment, reaches_vault: bool) -> Iterator[Message]:
    last = 2 if reaches_vault else 1
    if one.emitted and "fallback" in one.emitted.extra:
        yield Message(_RUNTIME, _VAULT, "GET the instrument: has it a network token?")
        yield Message(_VAULT, _RUNTIME, "else the fallback runs instead", answer=True)
    for step, emitted in zip(one.context.operation.steps, one.emitted_steps, strict=True):
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
    return ", ".join(account)


def _is_account(name: str) -> bool:
    return ATOMS[name].sensitivity is Sensitivity.ACCOUNT


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
