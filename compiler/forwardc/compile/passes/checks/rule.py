"""What a rule sees and what it says."""

from collections.abc import Callable, Iterator

from forwardc.compile.ir.program import Program, ProgramOperation, ProgramStep
from forwardc.core.dataclass import dataclass
from forwardc.core.diagnostics.span import Span


@dataclass(frozen=True, slots=True)
class Case:
    """One step in its place."""

    program: Program
    operation: ProgramOperation
    step: ProgramStep


@dataclass(frozen=True, slots=True)
class Problem:
    """A broken rule: what is wrong and how to mend it, without any value.

    A `warning` is about what may be meant.
    """

    code: str
    message: str
    span: Span | None
    hint: str | None = None
    warning: bool = False


Rule = Callable[[Case], Iterator[Problem]]
