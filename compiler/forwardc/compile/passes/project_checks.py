"""What a project names in its destinations: it must be there, and what is relied on be carried."""

from collections import defaultdict
from collections.abc import Collection, Iterable

from forwardc.compile.ir.summary import AssessmentSummary, DestinationSummary
from forwardc.compile.language.project import Project, Targets
from forwardc.compile.language.report import Report
from forwardc.core.diagnostics.sink import Sink
from forwardc.core.diagnostics.span import Span
from forwardc.core.diagnostics.suggest import did_you_mean


def check_project_names(
    project: Project,
    summaries: Iterable[DestinationSummary],
    sink: Sink,
    unread: frozenset[str] = frozenset(),
) -> None:
    """Report FC0302 for what the project names and nobody has: destinations and operations.

    A warning for an environment that a destination has and the project does not.
    Nothing is said of destinations in `unread`, whose own mistakes keep them from being known.
    """
    report = Report(sink)
    destinations = {summary.name: summary for summary in summaries}
    for environment in project.environments.values():
        for name, values in environment.settings.items():
            if name not in destinations and name not in unread:
                _unknown(report.at(values), "destination", name, destinations, values.span)
    names = {environment.name for environment in project.places()}
    for declared in destinations.values():
        for key in declared.environments:
            if key.name not in names:
                near = did_you_mean(key.name, names)
                report.at(f"/environments/{key.name}").warning(
                    "FC0302",
                    f"the project has no environment `{key.name}`, so that it is not built",
                    key.span,
                    f"did you mean {near}?" if near else "name it in forwardc.yaml, with its class",
                )
    for target in project.targets:
        destination = destinations.get(target.destination)
        here = report.at(target)
        if target.destination in unread:
            continue
        if destination is None:
            _unknown(here, "destination", target.destination, destinations, target.span)
        elif target.operation is not None and target.operation not in destination.operations:
            operations = destination.operations
            _unknown(here, "operation", target.operation, operations, target.span)


def _unknown(report: Report, kind: str, name: str, names: Collection[str], span: Span) -> None:
    near = did_you_mean(name, names)
    hint = f"did you mean {near}?" if near else None
    report.error("FC0302", f"there is no {kind} `{name}`", span, hint)


def check_targets(project: Project, assessed: Iterable[AssessmentSummary], sink: Sink) -> None:
    """FC0618: what the merchant relies on is refused."""
    targets, reasons = Targets(project.targets), defaultdict[int, set[str]](set)
    for assessment in assessed:
        if assessment.refusal:
            for target in targets.about(assessment.place):
                reasons[id(target)].add(assessment.refusal)
    for target in project.targets:
        for reason in sorted(reasons[id(target)]):
            sink.error(
                "FC0618",
                f"{target.vault} cannot carry {target.destination}: {reason}",
                target.span,
                pointer=target.pointer,
                hint="see `forwardc coverage`, or remove the target",
            )
