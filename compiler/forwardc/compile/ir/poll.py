"""What an author says of a step that asks what became of a payment, again and again."""

from forwardc.core.dataclass import dataclass


@dataclass(frozen=True, slots=True)
class Poll:
    """How a pending payment is asked for: `times` questions at most, in `at_most_s` seconds.

    `every_s` are seconds from an answer to the next question. `is_safe`: the author says that a
    request other than GET changes nothing.
    """

    every_s: int
    at_most_s: int
    times: int
    is_safe: bool = False
