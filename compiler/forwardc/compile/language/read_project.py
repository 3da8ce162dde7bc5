"""Reads `forwardc.yaml`, already accepted by its schema, into a `Project`.

An account lies over its environment, and a copy over what it is `like`; both once, without
chains. Names of destinations are compared when all are read (`passes/project_checks.py`).
"""

from collections.abc import Mapping

from forwardc.compile.language import access
from forwardc.compile.language.file_checks import check_literals, check_project_places
from forwardc.compile.language.nodes import Entry, Node, YamlMap, YamlScalar
from forwardc.compile.language.project import (
    DestinationValues,
    EnvironmentValues,
    Merchant,
    Project,
    SettingValue,
    Target,
    Vendor,
    VendorSecret,
)
from forwardc.compile.language.read_arrangements import read_grants
from forwardc.compile.language.read_declarations import check_country
from forwardc.compile.language.read_rules import read_rules
from forwardc.compile.language.report import Report
from forwardc.core.dataclass import replace
from forwardc.core.diagnostics.sink import Sink
from forwardc.core.diagnostics.suggest import did_you_mean
from forwardc.core.terms.terms import Lit
from forwardc.plan.environment import Environment, EnvironmentClass, is_class

# The project


def read_project(root: Node, sink: Sink) -> Project | None:
    """The project of a tree that fits the schema, or None where it is not even a map.

    Reports FC0120, FC0121, FC0204, FC0402, FC0504, FC0505 and FC0509; of environments FC0349 and
    FC0350.
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
        rules=read_rules(root.get("rules"), Report(sink)),
        vendors={entry.key: _vendor(entry) for entry in access.entries(root.get("vendors"))},
    )


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


# Environments, copies and accounts


def read_environments(node: Node | None, report: Report) -> dict[str, EnvironmentValues]:
    """Every environment and account by its place. Reports FC0349 and FC0350."""
    declared = {entry.key: entry for entry in access.entries(node)}
    by_place: dict[str, EnvironmentValues] = {}
    for entry in declared.values():
        class_ = _class(entry, report)
        copied = _copied(entry, declared, report)
        own = _overlaid(copied, _values(entry, Environment(entry.key, class_)))
        by_place[own.where.place] = own
        for account in access.entries(access.get(entry.value, "accounts")):
            where = Environment(entry.key, class_, account.key)
            by_place[where.place] = _overlaid(own, _values(account, where))
    return by_place


def _class(entry: Entry, report: Report) -> EnvironmentClass:
    """The class. One that is not said is production's, so that nothing is taken for a sandbox."""
    said = access.text(entry.value, "class")
    place = access.get(entry.value, "class")
    here = report.at(entry.value)
    if is_class(entry.key):
        if said not in (None, entry.key):
            span = place.span if place else entry.key_span
            message = f"the environment `{entry.key}` is of the class {entry.key}, always"
            here.error("FC0349", message, span, "give an environment of another class another name")
        return "sandbox" if entry.key == "sandbox" else "production"
    if said is None:
        message = f"the environment `{entry.key}` does not say its class"
        here.error("FC0349", message, entry.key_span, "add `class: sandbox` or `class: production`")
    return "sandbox" if said == "sandbox" else "production"


def _copied(
    entry: Entry, declared: Mapping[str, Entry], report: Report
) -> EnvironmentValues | None:
    """What `like:` names, without its accounts; None where it names nothing that can be copied."""
    name = access.text(entry.value, "like")
    node = access.get(entry.value, "like")
    if name is None or node is None:
        return None
    here = report.at(node)
    if name == entry.key:
        here.error("FC0350", f"the environment `{name}` is like itself", node.span)
    elif name not in declared:
        near = did_you_mean(name, [other for other in declared if other != entry.key])
        hint = f"did you mean {near}?" if near else None
        here.error("FC0350", f"there is no environment `{name}`", node.span, hint)
    elif access.get(declared[name].value, "like") is not None:
        message = f"the environment `{name}` is a copy itself"
        here.error("FC0350", message, node.span, "name what it is like")
    else:
        return _values(declared[name], Environment(entry.key, "sandbox"))
    return None


def _overlaid(below: EnvironmentValues | None, above: EnvironmentValues) -> EnvironmentValues:
    if below is None:
        return above
    vaults = {
        name: {**below.vaults.get(name, {}), **above.vaults.get(name, {})}
        for name in (*below.vaults, *above.vaults)
    }
    settings = {**below.settings, **above.settings}
    for name in below.settings.keys() & above.settings.keys():
        settings[name] = _settings(below.settings[name], above.settings[name])
    return replace(above, vaults=vaults, settings=settings)


def _settings(below: DestinationValues, above: DestinationValues) -> DestinationValues:
    return DestinationValues({**below.values, **above.values}, above.span, above.pointer)


def _values(entry: Entry, where: Environment) -> EnvironmentValues:
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
        destination.key: _destination(destination)
        for destination in access.entries(access.get(node, "settings"))
    }
    grants = read_grants(access.get(node, "vaults"))
    return EnvironmentValues(where, vaults, settings, entry.key_span, node.pointer, grants)


def _destination(entry: Entry) -> DestinationValues:
    values = {
        setting.key: SettingValue(
            Lit(setting.value.value, span=setting.value.span),
            setting.value.span,
            setting.key_span,
            setting.value.pointer,
        )
        for setting in access.entries(entry.value)
        if isinstance(setting.value, YamlScalar)
    }
    return DestinationValues(values, entry.key_span, entry.value.pointer)
