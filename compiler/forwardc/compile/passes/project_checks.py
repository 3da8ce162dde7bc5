"""The targets of a project: what the merchant relies on must be carried."""

from collections.abc import Sequence
from typing import Protocol

from forwardc.compile.language.project import Project, Target
from forwardc.core.diagnostics.sink import Sink


class Refusable(Protocol):
    """What this rule needs to know of an assessment."""

    @property
    def place(self) -> tuple[str, str, str]:
        """Vault, destination and operation."""

    @property
    def refusal(self) -> str | None:
        """The first reason of a refusal, or None."""


def check_targets(project: Project, assessed: Sequence[Refusable], sink: Sink) -> None:
    """FC0618: what the merchant relies on is refused."""
    for target in project.targets:
        reasons = {
            assessment.refusal
            for assessment in assessed
            if _is_meant(target, assessment.place) and assessment.refusal
        }
        for reason in sorted(filter(None, reasons)):
            sink.error(
                "FC0618",
                f"{target.vault} cannot carry {target.destination}: {reason}",
                target.span,
                pointer=target.pointer,
                hint="see `forwardc coverage`, or remove the target",
            )


def _is_meant(target: Target, place: tuple[str, str, str]) -> bool:
    vault, destination, operation = place
    return (target.vault, target.destination) == (vault, destination) and target.operation in (
        None,
        operation,
    )
