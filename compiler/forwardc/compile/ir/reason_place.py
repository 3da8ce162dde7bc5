"""A place of an answer that says why, as an author writes it under `reason:`."""

from collections.abc import Mapping
from dataclasses import field

from forwardc.core.dataclass import dataclass


@dataclass(frozen=True, slots=True)
class ReasonPlace:
    """`at` is a JSON Pointer; `words` says what the vendor's codes there mean.

    With words, a code that they lack says nothing here, and the next place is asked.
    """

    at: str
    words: Mapping[str, str] = field(default_factory=dict)
