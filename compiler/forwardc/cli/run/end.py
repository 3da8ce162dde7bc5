"""How a run's command ends: its result or its problems, for people or for programs."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from forwardc.cli.output import note, say, say_document

if TYPE_CHECKING:
    from forwardc.core.diagnostics.sink import Sink
    from forwardc.plan.model import Plan
    from forwardc.runtime.run.context import RunDependencies
    from forwardc.runtime.run.result import RunResult


@dataclass(frozen=True, slots=True)
class OutputOptions:
    """How a result is shown."""

    curl: bool = False
    as_json: bool = False


@dataclass(slots=True)
class EarlyOutput:
    """Shows a result once: at its end, or before what nobody is to wait for."""

    plan: "Plan"
    sink: "Sink"
    options: OutputOptions
    code: int | None = None

    def show(self, result: "RunResult | None", dependencies: "RunDependencies") -> None:
        """Show a result now where something is still being asked."""
        if result is not None and dependencies.cards is not None and dependencies.cards.pending:
            self.code = self._shown(result)

    def finish(self, result: "RunResult | None") -> int:
        """Show what was not shown; the exit code."""
        if self.code is not None:
            return self.code
        return problems(self.sink, self.options.as_json) if result is None else self._shown(result)

    def _shown(self, result: "RunResult") -> int:
        options = self.options
        return finish(self.plan, result, self.sink, curl=options.curl, as_json=options.as_json)


def finish(plan: "Plan", result: "RunResult", sink: "Sink", *, curl: bool, as_json: bool) -> int:
    """Show what a run came to; the exit code that tells its outcome."""
    from forwardc.cli.run.output import result_json, result_lines
    from forwardc.runtime.run.result import exit_code

    if as_json:
        say_document(result_json(plan, result, curl=curl), sink)
    else:
        warnings(sink)
        for line in result_lines(plan, result, curl=curl):
            say(line)
    return exit_code(result)


def problems(sink: "Sink", as_json: bool) -> int:
    """Show why there is no result; the exit code 1."""
    if as_json:
        say_document(None, sink)
    else:
        warnings(sink)
    return 1


def warnings(sink: "Sink") -> None:
    """Show on standard error what is in the sink."""
    from forwardc.core.diagnostics.excerpt_lines import Sources
    from forwardc.core.diagnostics.render.render import DiagnosticFormat, render

    shown = render(sink.sorted(), DiagnosticFormat.TEXT, Sources())
    if shown:
        note(shown.rstrip("\n"))
