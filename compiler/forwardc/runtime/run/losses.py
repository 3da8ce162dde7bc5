"""Tells which values of the card a destination did not get, and which ones nobody can tell of.

The plan says of each value how its loss is known: by what the run was given, by asking the vault
before, or by the vault's echo. An echo holds digits of the card: it is read here and dropped, and
names of atoms are all that is kept.
"""

from collections.abc import Collection, Mapping
from dataclasses import field
from decimal import Decimal
from enum import Enum
from typing import Any, Final, assert_never

from forwardc.core.dataclass import dataclass
from forwardc.core.json_pointer import pointer_parts
from forwardc.core.terms.values import XmlLeaf, resolve
from forwardc.plan.answers import (
    Echo,
    LossByEcho,
    LossByInputs,
    LossByQuestion,
    LossEvidence,
    LossUntold,
)
from forwardc.plan.model import PlanOperation, PlanStep
from forwardc.runtime.http.bodies.parsers import NOTHING, read_json
from forwardc.runtime.http.bodies.xml_body import read_xml
from forwardc.runtime.run.answer import NoDestinationAnswer, StepAnswer

NOT_ASKED: Final[Mapping[str, bool]] = {}
"""The vault was not asked about the instrument."""


class AtomFate(Enum):
    """What is known of one value of the card."""

    SENT = "sent"
    NOT_SENT = "not sent"
    UNTOLD = "the vault does not tell"


@dataclass(frozen=True, slots=True)
class StepLosses:
    """What a destination did not get, and of what nobody can tell: names of atoms.

    None stands in both. What the run left out on purpose stands in neither.
    """

    losses: tuple[str, ...] = ()
    untold: tuple[str, ...] = ()


NO_LOSSES: Final = StepLosses()


@dataclass(frozen=True, slots=True)
class SuppliedValues:
    """What a run was given: the kind of its source, names of inputs, what it leaves out.

    `held` is what the vault told of the instrument before the first step: which atoms it has.
    """

    kind: str | None
    inputs: frozenset[str] = frozenset()
    without: frozenset[str] = frozenset()
    held: Mapping[str, bool] = field(default_factory=dict)


def losses_after(
    operation: PlanOperation, step: PlanStep, supplied: SuppliedValues, read: StepAnswer
) -> StepLosses:
    """What the destination did not get; nothing where it was certainly not reached."""
    unreached = isinstance(read, NoDestinationAnswer) and read.sent is False
    return NO_LOSSES if unreached else losses_of(operation, step, supplied, read.vault_document)


def losses_of(
    operation: PlanOperation, step: PlanStep, supplied: SuppliedValues, document: Any
) -> StepLosses:
    """What a step that was sent, or may have been, was sent without.

    `document` is the vault's answer as data; None where there is none.
    """
    evidence = operation.losses.get(step.name, {}).get(supplied.kind or "", {})
    asked = {atom: how for atom, how in evidence.items() if atom not in supplied.without}
    if not asked:
        return NO_LOSSES
    echo = _Echoed(step.echo, document)
    fates = {atom: _fate(atom, how, supplied, echo) for atom, how in asked.items()}
    return StepLosses(
        tuple(atom for atom, fate in fates.items() if fate is AtomFate.NOT_SENT),
        tuple(atom for atom, fate in fates.items() if fate is AtomFate.UNTOLD),
    )


def atoms_held(places: Mapping[str, tuple[str, ...]], document: Any) -> dict[str, bool]:
    """Which atoms the vault has of an instrument, by its answer; without what is not certain."""
    held: dict[str, bool] = {}
    for atom, pointers in places.items():
        first, *others = (_is_there(resolve(document, pointer)) for pointer in pointers)
        if first:
            held[atom] = True
        elif first is False and not any(is_there is not False for is_there in others):
            held[atom] = False
    return held


def _is_there(value: Any) -> bool | None:
    """Whether a member has something in it; None where it is no text."""
    return False if value is None else bool(value.strip()) if isinstance(value, str) else None


def _fate(atom: str, how: LossEvidence, supplied: SuppliedValues, echo: "_Echoed") -> AtomFate:
    match how:
        case LossByInputs(input=name):
            return (
                AtomFate.SENT if name is not None and name in supplied.inputs else AtomFate.NOT_SENT
            )
        case LossByEcho(at=places):
            return echo.fate(places)
        case LossByQuestion():
            held = supplied.held.get(atom)
            return AtomFate.UNTOLD if held is None else AtomFate.SENT if held else AtomFate.NOT_SENT
        case LossUntold():
            return AtomFate.UNTOLD
        case _:
            assert_never(how)


class _Place(Enum):
    """What stands at one place of an echo."""

    FILLED = "filled"
    BLANK = "blank"
    GONE = "gone"
    UNCLEAR = "unclear"


class _Echoed:
    """A vault's echo of the body that it sent, read when it is first asked, and once."""

    def __init__(self, echo: Echo | None, document: Any) -> None:
        self._echo = echo
        self._document = document
        self._read = False
        self._body: Any = NOTHING
        self._complete = False

    def fate(self, places: Collection[str]) -> AtomFate:
        """What the echo tells of an atom that stands at these places of the body."""
        if not self._read:
            self._open()
        states = {self._at(place) for place in places}
        if states == {_Place.FILLED}:
            return AtomFate.SENT
        # What is gone tells something only where others, which are always there, are not gone.
        empty = {_Place.BLANK, _Place.GONE} if self._complete else {_Place.BLANK}
        return AtomFate.NOT_SENT if states and states <= empty else AtomFate.UNTOLD

    def _open(self) -> None:
        self._read = True
        if self._echo is None:
            return
        echoed = resolve(self._document, self._echo.at)
        self._body = _parsed(echoed, self._echo.syntax)
        filled = [self._at(place) for place in self._echo.filled]
        if _Place.BLANK in filled:
            # It is of the body before the vault filled it.
            self._body = NOTHING
        self._complete = _Place.FILLED in filled and _Place.BLANK not in filled

    def _at(self, place: str) -> _Place:
        return _place_of(self._body, place)


def _parsed(echoed: Any, syntax: str) -> Any:
    """The echo as data, `NOTHING` where it is null, cut or anything else than a whole body."""
    if not isinstance(echoed, str):
        return echoed if isinstance(echoed, dict | list) and syntax == "json" else NOTHING
    document = read_xml(echoed, {}) if syntax == "xml" else read_json(echoed)
    return document if isinstance(document, dict | list) else NOTHING


def _place_of(document: Any, pointer: str) -> _Place:
    for key in pointer_parts(pointer):
        if isinstance(document, XmlLeaf):
            document = _of_leaf(document, key)
        elif isinstance(document, dict):
            document = document.get(key, _GONE)
        elif isinstance(document, list):
            inside = key.isascii() and key.isdigit() and int(key) < len(document)
            document = document[int(key)] if inside else _GONE
        else:
            # A value hides what was below it, as where a vault masks a whole object.
            return _Place.UNCLEAR
        if document is _GONE:
            return _Place.GONE
    return _read_value(document)


_GONE: Final = object()


def _of_leaf(leaf: XmlLeaf, key: str) -> Any:
    """An attribute or the text of an XML element without children; a masked one hides children."""
    if key.startswith(".") or key == "0":
        return leaf.get(key, _GONE)
    return None if leaf.strip() else _GONE


def _read_value(value: Any) -> _Place:
    if isinstance(value, str):
        return _Place.FILLED if value.strip() else _Place.BLANK
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return _Place.UNCLEAR
    return _Place.FILLED if value else _Place.BLANK
