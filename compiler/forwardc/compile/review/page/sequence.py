"""The sequence diagram of an operation: who talks to whom, drawn as SVG when the page is built.

Messages follow from the steps and how each is delivered; drawing knows actors by index, rows by
number.
"""

from collections.abc import Iterator
from html import escape as escaped

from forwardc.compile.ir.program import ProgramStep
from forwardc.compile.review.page.wording import atom_words, path_of
from forwardc.compile.vaults.assess import Assessment
from forwardc.core.atoms import ATOMS, Sensitivity
from forwardc.core.dataclass import dataclass
from forwardc.core.diagnostics.render.printable import on_one_line

# Pixels of the drawing, as it is on A4: margins, an actor's box, the distance of two rows.
_LEFT, _TOP, _HEAD, _ROW = 150, 16, 60, 52
# Pixels between two actors' lifelines: an arrow's text of 46 characters fits above it.
_GAP = 360
# Pixels of a box's width: a name of 30 characters fits.
_BOX = 256
_NOTE = 40
"""Characters of a note that fit into a box."""


@dataclass(frozen=True, slots=True)
class Message:
    """An arrow between two actors, by index. `card` marks the ones that carry card data."""

    source: int
    target: int
    text: str
    note: str = ""
    """What it carries, below the arrow."""
    card: bool = False
    answer: bool = False


def draw(actors: list[tuple[str, str]], messages: list[Message], inside: int | None) -> str:
    """The diagram. `actors` have a name and a note; from index `inside` on they hold card data."""
    width = 2 * _LEFT + _GAP * (len(actors) - 1)
    height = _TOP + _HEAD + _ROW * len(messages) + 28
    parts = [_open(width, height, _label(actors, messages)), _markers()]
    if inside is not None and inside < len(actors):
        parts.append(_boundary(inside, width, height))
    parts += [_actor(index, name, note, height) for index, (name, note) in enumerate(actors)]
    parts += [_arrow(row, message) for row, message in enumerate(messages)]
    parts.append("</svg>")
    return "\n".join(parts)


def _open(width: int, height: int, label: str) -> str:
    return (
        f'<svg class="sequence" width="{width}" viewBox="0 0 {width} {height}" role="img" '
        f'aria-label="{escape(label, quote=True)}" xmlns="http://www.w3.org/2000/svg">'
    )


def _label(actors: list[tuple[str, str]], messages: list[Message]) -> str:
    return "; ".join(
        f"{actors[message.source][0]} to {actors[message.target][0]}: {message.text}"
        for message in messages
    )


def _markers() -> str:
    heads = "".join(
        f'<marker id="{name}" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="8" '
        f'markerHeight="8" orient="auto"><path class="{name}" d="M0 0 10 5 0 10z"/></marker>'
        for name in ("head", "head-card")
    )
    return f"<defs>{heads}</defs>"


def _boundary(inside: int, width: int, height: int) -> str:
    x = _x(inside) - _BOX // 2 - 12
    return (
        f'<rect class="boundary" x="{x}" y="4" width="{width - x - 4}" '
        f'height="{height - 8}" rx="8"/>'
        f'<text class="note" x="{width - 14}" y="{height - 12}" text-anchor="end">'
        "card data exists only in here</text>"
    )


def _actor(index: int, name: str, note: str, height: int) -> str:
    x = _x(index)
    return (
        f'<line class="life" x1="{x}" y1="{_TOP + _HEAD}" x2="{x}" y2="{height - 26}"/>'
        f'<rect class="actor" x="{x - _BOX // 2}" y="{_TOP}" width="{_BOX}" '
        f'height="{_HEAD - 4}" rx="6"/>'
        f'<text class="name" x="{x}" y="{_TOP + 18}" text-anchor="middle">{escape(_cut(name, 30))}'
        "</text>"
        + "".join(
            f'<text class="note" x="{x}" y="{_TOP + 34 + 14 * row}" text-anchor="middle">'
            f"{escape(line)}</text>"
            for row, line in enumerate(_two_lines(note))
        )
    )


def _arrow(row: int, message: Message) -> str:
    y = _TOP + _HEAD + 34 + _ROW * row
    start, end = _x(message.source), _x(message.target)
    card = " card" if message.card else ""
    dashed = " answer" if message.answer else ""
    head = "head-card" if message.card else "head"
    most = 46 * abs(message.target - message.source)
    middle = (start + end) / 2
    note = (
        f'<text class="note{card}" x="{middle:g}" y="{y + 15}" text-anchor="middle">'
        f"{escape(_cut(message.note, most + 10))}</text>"
        if message.note
        else ""
    )
    return (
        f'<line class="arrow{card}{dashed}" x1="{start}" y1="{y}" x2="{end}" y2="{y}" '
        f'marker-end="url(#{head})"/>'
        f'<text class="say{card}" x="{middle:g}" y="{y - 8}" text-anchor="middle">'
        f"{escape(_cut(message.text, most))}</text>{note}"
    )


def escape(text: str, *, quote: bool = False) -> str:
    """A text of one line, which marks nothing up and hides nothing."""
    return escaped(on_one_line(text), quote=quote)


def _two_lines(note: str) -> list[str]:
    """A note in at most two lines: a host is broken behind a dot or a hyphen."""
    if len(note) <= _NOTE:
        return [note]
    breaks = [at + 1 for at in range(_NOTE) if note[at] in ".- "]
    at = breaks[-1] if breaks else _NOTE
    return [note[:at], _cut(note[at:], _NOTE)]


def _x(index: int) -> int:
    return _LEFT + _GAP * index


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"


# From an operation to its messages

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
    return assessment.reaches_vault


def _actors(assessment: Assessment) -> list[tuple[str, str]]:
    """Names with a note each, from left to right."""
    vault = [(assessment.vault.facts.title, "the vault")] if _reaches_vault(assessment) else []
    program = assessment.context.program
    return [("our runtime", "forwardc, no card data"), *vault, (program.destination, program.host)]


def _messages(assessment: Assessment, reaches_vault: bool) -> Iterator[Message]:
    last = 2 if reaches_vault else 1
    yield from _question(assessment)
    for step, emitted in zip(
        assessment.context.operation.steps, assessment.emitted_steps, strict=True
    ):
        target = f"{step.request.method} {path_of(step.request.url)}"
        if not emitted.is_direct:
            yield Message(
                _RUNTIME, _VAULT, f"forward, step {step.name}", "source id, params, template"
            )
            yield Message(_VAULT, last, target, _carries(step), card=_has_card(step))
            yield Message(last, _VAULT, "answer", answer=True)
            yield Message(_VAULT, _RUNTIME, "answer, card data removed", answer=True)
        else:
            notes = "; serves several runs" if step.reuse else ""
            if step.poll:
                notes += f"; asked up to {step.poll.times} times while pending"
            notes += "; with a client certificate" if emitted.client_certificate else ""
            yield Message(_RUNTIME, last, target, f"{step.name}: no card data{notes}")
            yield Message(last, _RUNTIME, "answer", answer=True)


def _question(assessment: Assessment) -> Iterator[Message]:
    """What is asked of the instrument before the first step, with what of the answer is used."""
    emission = assessment.emission
    if emission is None or not (emission.fallback or emission.instrument):
        return
    asked = "GET the instrument"
    if emission.fallback:
        asked += ": has it a network token?"
    read = ", ".join(emission.instrument.values) if emission.instrument else ""
    answer = "else the fallback runs instead" if emission.fallback else "what it tells of the card"
    yield Message(_RUNTIME, _VAULT, asked)
    yield Message(_VAULT, _RUNTIME, answer, f"read and sent: {read}" if read else "", answer=True)


def _has_card(step: ProgramStep) -> bool:
    return bool(step.request.atoms)


def _carries(step: ProgramStep) -> str:
    atoms = {atom.name for atom in step.request.atoms}
    account = [name for name in ATOMS if name in atoms and _is_account(name)]
    return ", ".join(atom_words(name) for name in account)


def _is_account(name: str) -> bool:
    return ATOMS[name].sensitivity is Sensitivity.ACCOUNT
