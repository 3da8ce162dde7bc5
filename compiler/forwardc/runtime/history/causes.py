"""Why runs ended as they did, in one spelling: what reasons are counted and filtered by.

A reason is a destination's own words, or ours. Two that differ in case, in spaces or in the number
of a request are one cause. Nothing is translated: what two destinations call differently stays so.
"""

import re
from typing import Final

from forwardc.core.outcome import Outcome

MAX_CAUSE_CHARACTERS: Final = 80
"""Characters of a cause: as many as are shown in a table."""
RESOLVED_CAUSE: Final = "settled afterwards"
"""The cause of a run that a person or the vault's list settled: its reason names who."""
_QUOTED: Final = "; it says: "
# Digits that are no code: a long number, an amount, or a name that a machine made up.
_MADE_UP: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[0-9t:.z+]*|[0-9]{6,}|[0-9]+[.,:][0-9][0-9.,:]*|(?=[a-z0-9-]*[0-9])[a-z0-9]+(?:-[a-z0-9]+){3,}"
    r"|(?=[a-z]*[0-9])(?=[0-9]*[a-z])[a-z0-9]{10,}"
)
_MASKED: Final = re.compile(r"[0-9]*\*{2,}[0-9]*")
_BETWEEN: Final = re.compile(r"[\s_]+")
_ELSEWHERE: Final = "…"


def normalize_cause(reason: str | None) -> str | None:
    """A reason in its one spelling; None where it says nothing."""
    if reason is None:
        return None
    # Where a destination spoke, its words are the cause, and ours only say what we made of them.
    words = reason.rpartition(_QUOTED)[2].casefold()
    plain = _BETWEEN.sub(" ", _MADE_UP.sub(_ELSEWHERE, _MASKED.sub(_ELSEWHERE, words)))
    text = plain.strip(" .!;:,'\"")
    if len(text) > MAX_CAUSE_CHARACTERS:
        text = text[: MAX_CAUSE_CHARACTERS - 1].rstrip() + _ELSEWHERE
    return text or None


def counted_cause(outcome: str | None, reason: str | None) -> str | None:
    """The cause that a run is counted under; an approved one has none."""
    return None if outcome in (None, Outcome.APPROVED) else normalize_cause(reason)
