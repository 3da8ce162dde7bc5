"""Reads one destination file, already accepted by the schema, into a `Destination`.

Reports every mistake of names, types and literals at once; knows no vault and no other file.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from forwardc.compile.language import access
from forwardc.compile.language.arrangements import read_arrangements
from forwardc.compile.language.country_codes import check_country_codes
from forwardc.compile.language.destination import (
    DeclaredOperation,
    DeclaredSecret,
    Destination,
    Param,
    ParamType,
    Pci,
    Setting,
    closed_values,
    type_of_declared,
)
from forwardc.compile.language.literals import check_literals
from forwardc.compile.language.money.declared import DeclaredMoney
from forwardc.compile.language.money.params import with_currencies
from forwardc.compile.language.money.read import read_money
from forwardc.compile.language.nodes import Entry, Node, YamlMap, YamlScalar
from forwardc.compile.language.param_checks import check_declared
from forwardc.compile.language.pci_status import check_pci_status
from forwardc.compile.language.places import check_destination_places
from forwardc.compile.language.read_declarations import read_params, read_secrets, read_settings
from forwardc.compile.language.read_steps import read_operation
from forwardc.compile.language.read_values import ValueReader
from forwardc.compile.language.report import Report
from forwardc.compile.language.scope import ExpressionUse, Symbol, SymbolTable
from forwardc.compile.language.shapes import check_separation
from forwardc.compile.language.uri_schemes import check_schemes
from forwardc.core.diagnostics.sink import Sink
from forwardc.core.diagnostics.suggest import did_you_mean
from forwardc.core.terms.terms import Term


def read_destination(root: Node, sink: Sink) -> Destination | None:
    """The destination of a tree that fits the schema, or None where it is not even a map.

    What has a mistake is left out of the result, so that later checks can go on; compile nothing
    while the sink has errors. Reports FC0107, FC0204, FC0205, FC0301 to FC0337, FC0356, FC0357,
    FC0401 to FC0403, FC0504, FC0505, FC0509, FC0520 and FC0521.
    """
    if not isinstance(root, YamlMap):
        return None
    report = Report(sink)
    check_literals(root, report)
    check_destination_places(root, report)
    settings = read_settings(root.get("settings"), report)
    money = read_money(root.entry("money"), report)
    params = read_params(root.get("params"), report)
    params = with_currencies(params, root.get("params"), money, report)
    secrets = read_secrets(root.get("secrets"), report)
    check_country_codes(root, params.values(), report)
    check_declared([*settings.values(), *params.values()], report)
    values = ValueReader(_names(settings, params, secrets, money), report)
    values.used.update(check_schemes(params.values(), settings, report))
    environments = _environments(root.get("environments"), values)
    check_pci_status(root.get("pci"), report)
    check_separation(root.get("environments"), secrets, report)
    operations = _operations(root.get("operations"), values, root.get("payment_reference"))
    _check_unused(settings.values(), "settings", "FC0311", values)
    _check_unused(params.values(), "params", "FC0308", values)
    _check_unused(secrets.values(), "secrets", "FC0310", values)
    name = root.entry("name")
    return Destination(
        name=access.text(root, "name") or "",
        title=access.text(root, "title") or "",
        docs=access.text(root, "docs") or "",
        environments=environments,
        settings=settings,
        params=params,
        secrets=secrets,
        operations=operations,
        span=name.value.span if name else root.span,
        root=root,
        pci=_pci(root.entry("pci")),
        own_vault=access.flag(root, "own_vault"),
        integration=access.text(root, "integration"),
        money=money,
        private=_private(root.get("environments")),
        separated_by=_separated_by(root.get("environments")),
        arrangements=read_arrangements(root.get("arrangements"), operations, report),
        countries=_countries(root.get("countries")),
    )


def _names(
    settings: Mapping[str, Setting],
    params: Mapping[str, Param],
    secrets: Mapping[str, DeclaredSecret],
    money: DeclaredMoney,
) -> SymbolTable:
    return SymbolTable(
        settings={
            name: Symbol(type_of_declared(setting), values=closed_values(setting))
            for name, setting in settings.items()
        },
        params={name: _symbol(param, money) for name, param in params.items()},
        secrets=frozenset(secrets),
        money=money,
        currencies=frozenset(
            name for name, param in params.items() if param.type is ParamType.CURRENCY
        ),
    )


def _symbol(param: Param, money: DeclaredMoney) -> Symbol:
    if param.type is not ParamType.AMOUNT:
        return Symbol(type_of_declared(param), param.optional)
    return Symbol(money.wire_type, param.optional, amount=True, currency=param.currency)


def _environments(node: Node | None, values: ValueReader) -> dict[str, Term]:
    reader = values.within(replace(values.names, use=ExpressionUse.BASE_URL))
    terms: dict[str, Term] = {}
    for entry in access.entries(node):
        base_url = access.get(entry.value, "base_url")
        term = reader.line(base_url, "a base URL") if base_url is not None else None
        if term is not None:
            terms[entry.key] = term
    return terms


def _private(node: Node | None) -> frozenset[str]:
    maps = (entry for entry in access.entries(node) if isinstance(entry.value, YamlMap))
    return frozenset(entry.key for entry in maps if access.flag(entry.value, "private"))


def _separated_by(node: Node | None) -> dict[str, str]:
    """What tells test from live, for each environment that says so."""
    words = {entry.key: access.text(entry.value, "separated_by") for entry in access.entries(node)}
    return {name: word for name, word in words.items() if word is not None}


def _pci(entry: Entry | None) -> Pci | None:
    if entry is None:
        return None
    node = entry.value
    place = access.get(node, "expires") or access.get(node, "attestation")
    nodes = (access.get(node, name) for name in ("date", "status", "confirmed_by"))
    status = access.text(node, "status")
    return Pci(
        level=access.integer(node, "level"),
        attestation=access.text(node, "attestation") or "",
        expires=access.text(node, "expires") or "",
        status="confirmed" if status == "confirmed" else "asked" if status == "asked" else None,
        confirmed_by=access.text(node, "confirmed_by") or "",
        date=access.text(node, "date") or "",
        span=place.span if place else entry.key_span,
        status_span=next(
            (status_node.span for status_node in nodes if status_node is not None), entry.key_span
        ),
    )


def _countries(node: Node | None) -> tuple[str, ...]:
    scalars = (item for item in access.items(node) if isinstance(item, YamlScalar))
    return tuple(str(item.value) for item in scalars)


def _operations(
    node: Node | None, values: ValueReader, named: Node | None
) -> dict[str, DeclaredOperation]:
    operations = {entry.key: read_operation(entry, values, named) for entry in access.entries(node)}
    for entry in access.entries(node):
        target, place = operations[entry.key].fallback, access.get(entry.value, "fallback")
        if target is not None and target not in operations and place is not None:
            near = did_you_mean(target, operations)
            hint = f"did you mean {near}?" if near else None
            report = values.report.at(place.pointer)
            report.error("FC0318", f"there is no operation `{target}`", place.span, hint)
            operations[entry.key] = replace(operations[entry.key], fallback=None)
    return operations


def _check_unused(
    declared: Iterable[Setting | Param | DeclaredSecret], root: str, code: str, values: ValueReader
) -> None:
    for declaration in declared:
        if f"{root}.{declaration.name}" not in values.used:
            kind = root.removesuffix("s")
            message = f"the {kind} `{declaration.name}` is never used"
            report = values.report.at(declaration.pointer)
            report.error(code, message, declaration.span, "use it, or delete it")
