"""A time as history writes it. The clock may jump back, so nothing counts on the order of times."""

from dataclasses import field
from datetime import UTC, datetime, timedelta
from typing import Final

from forwardc.core.dataclass import dataclass

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class Timestamp:
    """One reading of the clock, in UTC."""

    at: datetime
    text: str = field(init=False)
    """ISO 8601 with milliseconds: `2026-11-20T12:00:00.250Z`."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "text", _text(self.at))

    @property
    def hour(self) -> str:
        """The hour's start: `2026-11-20T12`."""
        return self.text[:13]

    @property
    def milliseconds(self) -> int:
        """Milliseconds since 1970."""
        return round(self.at.timestamp() * 1000)

    @property
    def whole_milliseconds(self) -> int:
        """The time of `text` in milliseconds since 1970: what is less than one is cut off there."""
        return (self.at - _EPOCH) // _MILLISECOND

    def after(self, seconds: float) -> int:
        """Milliseconds since 1970, `seconds` from here."""
        return self.milliseconds + round(seconds * 1000)


def text_of_milliseconds(milliseconds: int) -> str:
    """A time as `Timestamp.text` has it, from its `whole_milliseconds`."""
    return _text(_EPOCH + milliseconds * _MILLISECOND)


def milliseconds_of_text(text: str) -> int:
    """The `whole_milliseconds` of a text. Raises: `ValueError`."""
    return Timestamp(datetime.fromisoformat(text)).whole_milliseconds


def _text(at: datetime) -> str:
    whole = at.astimezone(UTC).isoformat(timespec="milliseconds")
    return whole.replace("+00:00", "Z")
