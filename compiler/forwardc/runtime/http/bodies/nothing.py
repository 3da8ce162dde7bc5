"""The value of a body that does not parse. `null` is a JSON value, so it cannot be None."""

from typing import Final, final


@final
class _Nothing:
    __slots__ = ()

    def __repr__(self) -> str:
        return "NOTHING"


NOTHING: Final = _Nothing()
