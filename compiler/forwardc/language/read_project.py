"""Reads `forwardc.yaml`, already accepted by its schema, into a `Project`.

Knows no destination; `setting_values` compares the two.
"""

from collections.abc import Mapping

from forwardc.diagnostics.sink import Sink
from forwardc.diagnostics.span import Span
from forwardc.diagnostics.suggest import did_you_mean
from forwardc.language import access
from forwardc.language.destination import Destination
from forwardc.language.literals import check_literals
from forwardc.language.nodes import Entry, Node, YamlMap, YamlScalar
from forwardc.language.places import check_project_places
from forwardc.language.project import (
    DestinationValues,
    EnvironmentValues,
    Project,
    SettingValue,
    Target,
)
from forwardc.language.report import Report
from forwardc.plan.terms import Lit


def read_project(root: Node, sink: Sink) -> Project | None:
    """The project of a tree that fits the schema, or None where it is not even a map.

    Reports FC0402, FC0504, FC0505 and FC0509.
    """
    if not isinstance(root, YamlMap):
        return None
    check_literals(root, Report(sink))
    check_project_places(root, Report(sink))
    return Project(
        destinations=access.text(root, "destinations") or "destinations",
        build=access.text(root, "build") or "build",
        environments={
            entry.key: _environment(entry) for entry in access.entries(root.get("environments"))
        },
        targets=tuple(_target(item) for item in access.items(root.get("targets"))),
        merchant=access.text(root.get("merchant"), "name") or "",
        root=root,
    )


def check_project_names(
    project: Project,
    destinations: Mapping[str, Destination],
    sink: Sink,
    unread: frozenset[str] = frozenset(),
) -> None:
    """Report FC0302 for each destination and operation that the project names and nobody has.

    Nothing is said of destinations in `unread`, whose own mistakes keep them from being known.
    """
    report = Report(sink)
    for environment in project.environments.values():
        for name, values in environment.settings.items():
            if name not in destinations and name not in unread:
                _unknown(report.at(values.pointer), "destination", name, destinations, values.span)
    for target in project.targets:
        destination = destinations.get(target.destination)
        here = report.at(target.pointer)
        if target.destination in unread:
            continue
        if destination is None:
            _unknown(here, "destination", target.destination, destinations, target.span)
        elif target.operation is not None and target.operation not in destination.operations:
            known = destination.operations
            _unknown(here, "operation", target.operation, known, target.span)


def _unknown(report: Report, kind: str, name: str, known: Mapping[str, object], span: Span) -> None:
    near = did_you_mean(name, known)
    hint = f"did you mean {near}?" if near else None
    report.error("FC0302", f"there is no {kind} `{name}`", span, hint)


def _environment(entry: Entry) -> EnvironmentValues:
    node = entry.value
    vaults = {
        vault.key: {
            account.key: str(account.value.value)
            for account in access.entries(vault.value)
            if isinstance(account.value, YamlScalar)
        }
        for vault in access.entries(access.get(node, "vaults"))
    }
    settings = {
        destination.key: _values(destination)
        for destination in access.entries(access.get(node, "settings"))
    }
    return EnvironmentValues(vaults, settings, entry.key_span, node.pointer)


def _values(destination: Entry) -> DestinationValues:
    values = {
        entry.key: SettingValue(
            Lit(entry.value.value, span=entry.value.span),
            entry.value.span,
            entry.key_span,
            entry.value.pointer,
        )
        for entry in access.entries(destination.value)
        if isinstance(entry.value, YamlScalar)
    }
    return DestinationValues(values, destination.key_span, destination.value.pointer)


def _target(node: Node) -> Target:
    return Target(
        vault=access.text(node, "vault") or "",
        destination=access.text(node, "destination") or "",
        operation=access.text(node, "operation"),
        span=node.span,
        pointer=node.pointer,
    )
