"""An answer to a question of a vault's page: lines of text, or the line that somebody must write.

Knows no question and no vault.
"""

from dataclasses import dataclass
from typing import Final

from forwardc.compile.ir.program import Step
from forwardc.compile.vaults.assess import Assessment
from forwardc.compile.vaults.model import Json

# An answer comes back as the vault redacts it: without this, nobody could tell what is wanted.
REDACTED: Final = "where the answer is kept or shown; our call reads it, and must get it as it is"


@dataclass(frozen=True, slots=True)
class ChecklistAnswer:
    """What is answered. `missing` are the lines to write; an answer has one of the two, or both."""

    lines: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SentRequest:
    """A step that the vault sends: as it leaves, as its author wrote it, and what is reviewed."""

    assessment: Assessment
    step: Step
    written: Step
    review: Json | None

    @property
    def place(self) -> str:
        """Operation and step."""
        return f"{self.assessment.context.operation.name}.{self.step.name}"


def said(*lines: str) -> ChecklistAnswer:
    """An answer in these lines."""
    return ChecklistAnswer(lines)


def missing(line: str, where: str) -> ChecklistAnswer:
    """No answer yet: the line to write, and into which file."""
    return ChecklistAnswer(missing=(f"write `{line}` into {where}",))
