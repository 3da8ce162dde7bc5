"""Collects what is wrong in one YAML file, and says when to stop reading it.

Knows offsets and the limits of a file; the tree itself belongs to the builder.
"""

from forwardc.compile.language.nodes import Trail
from forwardc.compile.language.source import InputFile
from forwardc.core.diagnostics.diagnostic import Diagnostic, Related

MAX_DEPTH = 64
MAX_NODES = 100_000
MAX_FINDINGS = 500


class YamlReport:
    """The findings of one file. Once `stopped`, there is no tree."""

    def __init__(self, source: InputFile) -> None:
        self.findings: list[Diagnostic] = []
        self.stopped = False
        # How many refused keys are open: what stands inside them is not worth a word more.
        self.refused_keys = 0
        self._source = source
        self._nodes = 0

    def add(
        self,
        code: str,
        message: str,
        place: tuple[int, int],
        trail: Trail,
        *,
        hint: str | None = None,
        related: tuple[Related, ...] = (),
    ) -> None:
        """Add an error at a place, which is a start and an end offset."""
        if self.refused_keys:
            return
        span = self._source.span(*place)
        finding = Diagnostic(code, message, span, trail.pointer, hint, related=related)
        self.findings.append(finding)
        if len(self.findings) >= MAX_FINDINGS:
            self.stopped = True

    def stop(
        self, code: str, message: str, place: tuple[int, int], trail: Trail, hint: str
    ) -> None:
        """Add an error after which reading further makes no sense."""
        if not self.stopped:
            self.add(code, message, place, trail, hint=hint)
        self.stopped = True

    def count(self, place: tuple[int, int], trail: Trail, depth: int) -> None:
        """Count one more node at a depth, and stop where a limit is passed."""
        self._nodes += 1
        if self._nodes > MAX_NODES:
            message = f"more than {MAX_NODES:,} values once the aliases are expanded"
            self.stop("FC0107", message, place, trail, "write fewer and smaller aliases")
        if depth > MAX_DEPTH:
            message = f"nested deeper than {MAX_DEPTH} levels"
            self.stop("FC0106", message, place, trail, "flatten the structure")
