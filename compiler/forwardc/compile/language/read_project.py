"""Reads `forwardc.yaml`, already accepted by its schema, into a `Project`.

Knows no destination; `setting_values` compares the two.
"""

from collections.abc import Mapping

from forwardc.compile.language import access
from forwardc.compile.language.country_codes import check_country
from forwardc.compile.language.destination import Destination
from forwardc.compile.language.literals import check_literals
from forwardc.compile.language.nodes import Entry, Node, YamlMap, YamlScalar
from forwardc.compile.language.places import check_project_places
from forwardc.compile.language.project import Merchant, Project, Target, Vendor, VendorSecret
from forwardc.compile.language.read_environments import read_environments
from forwardc.compile.language.report import Report
from forwardc.core.diagnostics.sink import Sink
from forwardc.core.diagnostics.span import Span
from forwardc.core.diagnostics.suggest import did_you_mean


def read_project(root: Node, sink: Sink) -> Project | None:
    """The project of a tree that fits the schema, or None where it is not even a map.

    Reports FC0204, FC0402, FC0504, FC0505 and FC0509; of environments FC0349 and FC0350.
    """
    if not isinstance(root, YamlMap):
        return None
    check_literals(root, Report(sink))
    check_project_places(root, Report(sink))
    return Project(
        destinations=access.text(root, "destinations") or "destinations",
        build=access.text(root, "build") or "build",
        environments=read_environments(root.get("environments"), Report(sink)),
        targets=tuple(_target(item) for item in access.items(root.get("targets"))),
        merchant=_merchant(root.get("merchant"), Report(sink)),
        root=root,
        vendors={entry.key: _vendor(entry) for entry in access.entries(root.get("vendors"))},
    )


def check_project_names(
    project: Project,
    destinations: Mapping[str, Destination],
    sink: Sink,
    unread: frozenset[str] = frozenset(),
) -> None:
    """Report FC0302 for what the project names and nobody has: destinations and operations.

    A warning for an environment that a destination has and the project does not.
    Nothing is said of destinations in `unread`, whose own mistakes keep them from being known.
    """
    report = Report(sink)
    for environment in project.environments.values():
        for name, values in environment.settings.items():
            if name not in destinations and name not in unread:
                _unknown(report.at(values.pointer), "destination", name, destinations, values.span)
    names = {environment.name for environment in project.places()}
    for declared in destinations.values():
        for entry in access.entries(declared.root.get("environments")):
            if entry.key not in names:
                near = did_you_mean(entry.key, names)
                report.at(f"/environments/{entry.key}").warning(
                    "FC0302",
                    f"the project has no environment `{entry.key}`, so that it is not built",
                    entry.key_span,
                    f"did you mean {near}?" if near else "name it in forwardc.yaml, with its class",
                )
    for target in project.targets:
        destination = destinations.get(target.destination)
        here = report.at(target.pointer)
        if target.destination in unread:
            continue
        if destination is None:
            _unknown(here, "destination", target.destination, destinations, target.span)
        elif target.operation is not None and target.operation not in destination.operations:
            operations = destination.operations
            _unknown(here, "operation", target.operation, operations, target.span)


def _unknown(report: Report, kind: str, name: str, names: Mapping[str, object], span: Span) -> None:
    near = did_you_mean(name, names)
    hint = f"did you mean {near}?" if near else None
    report.error("FC0302", f"there is no {kind} `{name}`", span, hint)


def _merchant(node: Node | None, report: Report) -> Merchant:
    country = access.get(node, "country")
    if country is not None:
        check_country(country, report)
    said = {
        name: access.text(node, name) or "" for name in ("name", "country", "contact", "volume")
    }
    return Merchant(**said, country_span=country.span if country else None)


def _vendor(entry: Entry) -> Vendor:
    secrets = {
        item.value: VendorSecret(item.value, item.span, item.pointer)
        for item in access.items(access.get(entry.value, "secrets"))
        if isinstance(item, YamlScalar) and isinstance(item.value, str)
    }
    return Vendor(entry.key, secrets, entry.key_span, entry.value.pointer)


def _target(node: Node) -> Target:
    return Target(
        vault=access.text(node, "vault") or "",
        destination=access.text(node, "destination") or "",
        operation=access.text(node, "operation"),
        span=node.span,
        pointer=node.pointer,
    )
