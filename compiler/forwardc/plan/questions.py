"""What a run reads of its instrument: asked of the vault before anything is sent.

An operation with a fallback asks about the instrument as well (`Fallback.ask`): the two questions
are one request, and both read its answer.
"""

from collections.abc import Iterable

from forwardc.core.documents.part import member
from forwardc.core.instrument import INSTRUMENT
from forwardc.plan.answers import CardMetadata
from forwardc.plan.parts import PlanPart, PlanRequest, Table


class InstrumentValueAt(PlanPart):
    """Where an answer tells one value of an instrument, as a JSON Pointer.

    `words` has our word for each spelling, folded: see `core/instrument.py`; one that is not among
    them is no value. Without any, the text is the value. A run without a `required` one ends.
    """

    at: str
    words: Table[str, str] = member(default_factory=dict)
    required: bool = False


class InstrumentReading(PlanPart):
    """What a run asks of its instrument before anything is sent, and what it reads of the answer.

    `kinds` are the sources that can be asked about; of any other no value is there. `values` are by
    short name: `brand` is `instrument.brand`. `scopes` are what an access token needs.
    """

    http: PlanRequest
    kinds: tuple[str, ...]
    scopes: tuple[str, ...] = ()
    tells: CardMetadata
    values: Table[str, InstrumentValueAt]

    def __post_init__(self) -> None:
        """Raise `ValueError` for a value that no instrument has."""
        if set(self.values) - INSTRUMENT.keys() or not self.values:
            raise ValueError("an instrument has no such value")


def scopes_of_questions(
    fallback: Iterable[str] | None, reading: InstrumentReading | None
) -> tuple[str, ...]:
    """What an access token needs for what is asked about the instrument, beside a run's own.

    `fallback` are those of the question that chooses a fallback, where there is one.
    """
    return tuple(dict.fromkeys((*(fallback or ()), *(reading.scopes if reading else ()))))
