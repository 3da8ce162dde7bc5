"""One difference between two builds, classed by who must act on it.

Its id is a digest of subject, class and text, so that a break that was accepted is known again.
"""

from enum import StrEnum
from hashlib import sha256

from forwardc.core.dataclass import dataclass


class DifferenceClass(StrEnum):
    """Who must act, the gravest first."""

    REVIEW = "review"
    """The PSP must review the operation anew."""
    BREAKING = "breaking"
    """Callers must change what they give or read."""
    OWN = "own"
    """What leaves changes: the merchant's own approval is lost."""
    SAFE = "safe"
    """Nobody must act."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What a difference is about."""

    vault: str
    destination: str
    place: str
    """The environment, with `@` and its account where there is one."""
    operation: str

    def __str__(self) -> str:
        return f"{self.destination}.{self.operation} at {self.vault} ({self.place})"


@dataclass(frozen=True, slots=True)
class Difference:
    """One difference. `text` names names and places, and holds no value."""

    subject: Subject
    class_: DifferenceClass
    text: str
    accepted: str | None = None
    """The reason for which a known break was accepted."""

    @property
    def id(self) -> str:
        """Stable over runs and machines, so that a break can be accepted by it."""
        identity = "\n".join((str(self.subject), self.class_, self.text))
        return sha256(identity.encode()).hexdigest()[:12]


def in_order(differences: list[Difference]) -> list[Difference]:
    """The gravest first, then by subject and words."""
    order = {class_: index for index, class_ in enumerate(DifferenceClass)}
    return sorted(
        differences,
        key=lambda difference: (order[difference.class_], str(difference.subject), difference.text),
    )
