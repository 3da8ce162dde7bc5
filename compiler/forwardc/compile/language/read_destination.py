"""Reads one destination file, already accepted by the schema, into a `Destination`.

Declarations come first, then operations with the names that those declare; at the end whatever
was declared and never used is reported. All mistakes of names, types and literals come at once.
"""

from collections.abc import Iterable, Mapping
from datetime import date

from forwardc.compile.language import access
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
from forwardc.compile.language.file_checks import check_destination_places, check_literals
from forwardc.compile.language.money.amount_params import with_currencies
from forwardc.compile.language.money.tables import DeclaredMoney, read_money
from forwardc.compile.language.nodes import Entry, Node, YamlMap, YamlScalar
from forwardc.compile.language.param_checks import check_declared
from forwardc.compile.language.param_symbols import symbol_of_param
from forwardc.compile.language.read_arrangements import read_arrangements
from forwardc.compile.language.read_client_certificate import read_client_certificate
from forwardc.compile.language.read_declarations import (
    check_country_codes,
    check_schemes,
    check_separation,
    read_params,
    read_secrets,
    read_settings,
)
from forwardc.compile.language.read_steps import read_operation
from forwardc.compile.language.read_values import ValueReader
from forwardc.compile.language.report import Report
from forwardc.compile.language.symbols import ExpressionUse, Symbol, SymbolTable
from forwardc.core.dataclass import replace
from forwardc.core.diagnostics.sink import Sink
from forwardc.core.diagnostics.suggest import did_you_mean
from forwardc.core.terms.terms import Term

# The destination


def read_destination(
    root: Node, sink: Sink, *, unread: frozenset[str] = frozenset()
) -> Destination | None:
    """The destination of a tree that fits the schema, or None where it is not even a map.

    Names that are `unread`, as their place does not fit the schema, count as used.
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
    names = _names(settings, params, secrets, money)
    values = ValueReader(names, report, used=set(unread), unread=unread)
    values.used.update(check_schemes(params.values(), settings, report))
    environments = _environments(root.get("environments"), values)
    client_certificate = read_client_certificate(root.get("client_certificate"), values)
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
        client_certificate=client_certificate,
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
        params={name: symbol_of_param(param, money) for name, param in params.items()},
        secrets=frozenset(secrets),
        money=money,
        currencies=frozenset(
            name for name, param in params.items() if param.type is ParamType.CURRENCY
        ),
    )


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
            report = values.report.at(place)
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
            report = values.report.at(declaration)
            report.error(code, message, declaration.span, "use it, or delete it")


# PCI status of another company

_PCI_CODE = "FC0715"
_PCI_CONFIRMED = "pci: {status: confirmed, confirmed_by: WHO, date: YYYY-MM-DD}"
_PCI_ASKED = "pci: {status: asked, date: YYYY-MM-DD}"


def check_pci_status(node: Node | None, report: Report) -> None:
    """Report FC0715 for a status that is told in part, and for a day that does not exist."""
    if node is None:
        return
    said = {name: access.get(node, name) for name in ("status", "confirmed_by", "date")}
    status = access.text(node, "status")
    needed = {"confirmed": ("confirmed_by", "date"), "asked": ("date",)}.get(status or "", ())
    for name in (name for name in needed if said[name] is None):
        place = said["status"] or node
        here = report.at(place)
        hint = _PCI_ASKED if status == "asked" else _PCI_CONFIRMED
        here.error(_PCI_CODE, f"`pci.status: {status}` has no `pci.{name}`", place.span, hint)
    only = ("confirmed_by",) if status == "asked" else () if status else ("confirmed_by", "date")
    for name in only:
        part = said[name]
        if part is not None:
            message = f"`pci.{name}` tells nothing without `pci.status: confirmed`"
            report.at(part).error(_PCI_CODE, message, part.span, _PCI_CONFIRMED)
    _check_pci_day(said["date"], access.text(node, "date"), report)


def _check_pci_day(place: Node | None, day: str | None, report: Report) -> None:
    if place is None or day is None:
        return
    try:
        date.fromisoformat(day)
    except ValueError:
        report.at(place).error(_PCI_CODE, "this day does not exist", place.span)
