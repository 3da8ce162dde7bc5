"""The normalised result of a run or of a step: the word that every door, record and rule uses.

A destination's rules choose it from an answer; where none of them holds it is `unknown`.
"""

from enum import StrEnum


class Outcome(StrEnum):
    """The normalised result of a run or of a step."""

    APPROVED = "approved"
    DECLINED = "declined"
    PENDING = "pending"
    REJECTED = "rejected"
    UNKNOWN = "unknown"
