"""Rules about whose a secret is: one owner for each name, and vendors that are declared and used.

A secret's name is its name at the vault, too, and owner and name give the variable that holds it.
"""

from collections.abc import Iterable, Iterator, Sequence

from forwardc.compile.ir.summary import DestinationSummary, SecretSummary
from forwardc.compile.language.project import Project, Vendor
from forwardc.compile.language.report import Report
from forwardc.core.dataclass import dataclass
from forwardc.core.diagnostics.diagnostic import Related
from forwardc.core.diagnostics.sink import Sink
from forwardc.core.diagnostics.span import Span
from forwardc.core.diagnostics.suggest import did_you_mean


@dataclass(frozen=True, slots=True)
class _Declared:
    """One declaration of a secret. `of` is the destination's own specification, if it is one."""

    name: str
    owner: str
    span: Span
    pointer: str
    of: SecretSummary | None = None
    destination: str = ""


def check_secret_owners(
    destinations: Sequence[DestinationSummary],
    project: Project | None,
    sink: Sink,
    unread: frozenset[str] = frozenset(),
) -> None:
    """FC0319 for a name with two owners; FC0346 to FC0348 for vendors, where there is a project.

    With destinations in `unread`, whose own mistakes hide what they use, nothing is called unused.
    """
    vendors = project.vendors if project else {}
    apart = _check_names([*_of_vendors(vendors.values()), *_of_destinations(destinations)], sink)
    if project is None:
        return
    owned = [
        _check_owner(destination, spec, project, sink)
        for destination in destinations
        for spec in destination.secrets
    ]
    # A misspelt owner would have its vendor called unused as well.
    if apart and all(owned) and not unread:
        _check_use(destinations, project, sink)


def _of_vendors(vendors: Iterable[Vendor]) -> Iterator[_Declared]:
    for vendor in vendors:
        for secret in vendor.secrets.values():
            yield _Declared(secret.name, vendor.name, secret.span, secret.pointer)


def _of_destinations(destinations: Sequence[DestinationSummary]) -> Iterator[_Declared]:
    for destination in destinations:
        for spec in destination.secrets:
            owner = spec.owner or destination.name
            yield _Declared(spec.name, owner, spec.span, spec.pointer, spec, destination.name)


def _check_names(declared: Sequence[_Declared], sink: Sink) -> bool:
    """Whether a vault has one value for each name: of one owner, and derived in one way."""
    apart = True
    first: dict[str, _Declared] = {}
    keys: dict[str, _Declared] = {}
    for declaration in declared:
        other = first.setdefault(declaration.name, declaration)
        alike = (
            keys.setdefault(declaration.name, declaration)
            if declaration.of is not None
            else declaration
        )
        if other.owner != declaration.owner:
            apart = False
            _report_second(declaration, other, sink)
        elif (
            declaration.of is not None
            and alike.of is not None
            and alike.of.as_key != declaration.of.as_key
        ):
            sink.error(
                "FC0319",
                f"the secret `{declaration.name}` is used as another key by another destination",
                declaration.span,
                pointer=declaration.pointer,
                hint="a vault keeps one value of it: give both the same `as_key:`",
                related=(Related(alike.span, "the first one"),),
            )
    return apart


def _report_second(declaration: _Declared, other: _Declared, sink: Sink) -> None:
    name, home = declaration.name, f"{declaration.destination}_{declaration.name}"
    if declaration.of is None:
        message = f"the secret `{name}` is declared by another vendor too"
        hint = "one vendor declares it; a secret's name is its name at the vault"
    elif other.of is None:
        message = f"the secret `{name}` is the vendor {other.owner}'s, too"
        hint = f"say `owner: {other.owner}`, or name it {home}"
    else:
        message = f"the secret `{name}` is declared by another destination too"
        hint = f"name it {home}, or declare a vendor that owns it"
    related = (Related(other.span, "the first one"),)
    sink.error(
        "FC0319", message, declaration.span, pointer=declaration.pointer, hint=hint, related=related
    )


def _check_owner(
    destination: DestinationSummary, spec: SecretSummary, project: Project, sink: Sink
) -> bool:
    """Whether the owner is right: FC0346 where it is not declared, FC0347 for two of one name."""
    vendors = project.vendors
    if spec.owner is None:
        if destination.name in vendors:
            _report_namesake(destination, spec, vendors[destination.name], sink)
        return destination.name not in vendors
    report = Report(sink).at(f"{spec.pointer}/owner")
    vendor = vendors.get(spec.owner)
    span = spec.owner_span or spec.span
    if vendor is None:
        near = did_you_mean(spec.owner, vendors)
        declare = f"declare it in forwardc.yaml: `vendors: {{{spec.owner}: {{secrets: [...]}}}}`"
        hint = f"did you mean {near}?" if near else declare
        report.error("FC0346", f"there is no vendor `{spec.owner}`", span, hint)
    elif spec.name not in vendor.secrets:
        near = did_you_mean(spec.name, vendor.secrets)
        declare = f"add {spec.name} to the secrets of {vendor.name} in forwardc.yaml"
        hint = f"did you mean {near}?" if near else declare
        message = f"the vendor {vendor.name} has no secret `{spec.name}`"
        report.error("FC0346", message, spec.span, hint)
    return vendor is not None and spec.name in vendor.secrets


def _report_namesake(
    destination: DestinationSummary, spec: SecretSummary, vendor: Vendor, sink: Sink
) -> None:
    sink.error(
        "FC0347",
        f"`{spec.name}` belongs to the destination {destination.name}, and a vendor has that name",
        spec.span,
        pointer=spec.pointer,
        hint=f"say `owner: {vendor.name}` and declare it there, or give the vendor another name",
        related=(Related(vendor.span, "the vendor"),),
    )


def _check_use(destinations: Sequence[DestinationSummary], project: Project, sink: Sink) -> None:
    """A warning FC0348 for each vendor, or secret of one, that no destination uses."""
    used = {(spec.owner, spec.name) for destination in destinations for spec in destination.secrets}
    owners = {owner for owner, _ in used}
    for vendor in project.vendors.values():
        report = Report(sink).at(vendor)
        if vendor.name not in owners:
            hint = f"a destination's secret names it with `owner: {vendor.name}`"
            report.warning("FC0348", f"nobody uses the vendor {vendor.name}", vendor.span, hint)
            continue
        for secret in vendor.secrets.values():
            if (vendor.name, secret.name) not in used:
                message = f"nobody uses the secret `{secret.name}` of {vendor.name}"
                Report(sink).at(secret).warning("FC0348", message, secret.span)
