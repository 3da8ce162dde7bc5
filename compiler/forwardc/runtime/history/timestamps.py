"""A time as history writes it. The clock may jump back, so nothing counts on the order of times."""

from dataclasses import dataclass, field
from datetime import UTC, datetime


@dataclass(frozen=True, slots=True)
class Timestamp:
    """One reading of the clock, in UTC."""

    at: datetime
    text: str = field(init=False)
    """ISO 8601 with milliseconds: `2026-11-20T12:00:00.250Z`."""

    def __post_init__(self) -> None:
        whole = self.at.astimezone(UTC).isoformat(timespec="milliseconds")
        object.__setattr__(self, "text", whole.replace("+00:00", "Z"))

    @property
    def hour(self) -> str:
        """The hour's start: `2026-11-20T12`."""
        return self.text[:13]

    @property
    def milliseconds(self) -> int:
        """Milliseconds since 1970."""
        return round(self.at.timestamp() * 1000)

    def after(self, seconds: float) -> int:
        """Milliseconds since 1970, `seconds` from here."""
        return self.milliseconds + round(seconds * 1000)
