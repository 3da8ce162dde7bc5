"""Tables of a secrets file: `[production]` or `["production@us"]`, names without the environment.

Brings every table to the one form that is looked up: full names of variables. Quotes no value.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from forwardc.core.diagnostics.sink import Sink
from forwardc.plan.environment import is_name, place_of
from forwardc.plan.environment import parts_of as parts_of_place
from forwardc.plan.secret_names import identity, identity_at, is_old, is_short

REFERENCES: Final = "from"
CACHE: Final = "cache"
_HINT: Final = 'name a table by its environment, such as [production] or ["production@us"]'


@dataclass(slots=True)
class Flat:
    """Values and references by full name, and references by names that leave the environment out.

    What is none of text stays as it is, for whoever reads references to refuse.
    """

    values: dict[str, str] = field(default_factory=dict)
    references: dict[str, object] = field(default_factory=dict)
    every: dict[str, object] = field(default_factory=dict)


def flat(held: Mapping[str, object], sink: Sink) -> Flat | None:
    """The entries of a file; None, with FC0806 in the sink, where it is not one of text by name."""
    found = Flat()
    for place, name, given, is_reference in _entries(held, sink):
        variable = _full(place, name, sink)
        if variable is None:
            continue
        if variable in found.values or variable in found.references:
            both = (variable in found.references) != is_reference
            what = "both a value and a reference" if both else "two entries"
            sink.error("FC0806", f"{variable} has {what} in the secrets file")
        elif is_reference and place is None and is_short(variable):
            found.every[variable] = given
        elif is_reference:
            found.references[variable] = given
        elif isinstance(given, str) and given:
            found.values[variable] = given
        else:
            problem = "must hold text only, one value for each name, and tables of environments"
            sink.error("FC0806", f"the secrets file {problem}", hint=_HINT)
            return None
    return found


def _entries(
    held: Mapping[str, object], sink: Sink
) -> Iterator[tuple[str | None, str, object, bool]]:
    """Place (None outside of its table), name, what is given, and whether that is a reference."""
    for key, given in held.items():
        if key == CACHE:
            continue
        if key == REFERENCES:
            yield from _references(None, given, sink)
        elif isinstance(given, dict) and _is_place(key):
            for name, inner in given.items():
                if name == REFERENCES:
                    yield from _references(key, inner, sink)
                else:
                    yield key, name, inner, False
        else:
            yield None, key, given, False


def _references(
    place: str | None, given: object, sink: Sink
) -> Iterator[tuple[str | None, str, object, bool]]:
    if not isinstance(given, dict):
        sink.error("FC0806", "`from` in the secrets file must be a table of references by name")
        return
    for name, text in given.items():
        yield place, name, text, True


def _is_place(key: str) -> bool:
    environment, account = parts_of_place(key)
    return (
        is_name(environment)
        and place_of(environment, account) == key
        and (not account or is_name(account))
    )


def _full(place: str | None, name: str, sink: Sink) -> str | None:
    """The full name of what stands in the table of a place, where it may be written in full."""
    # An old name is told its new one where all names are looked at.
    if place is None or is_old(name):
        return name
    of = identity_at(place, name) or identity(name)
    if of is None or place_of(of.environment, of.account) != place:
        hint = "write FORWARDC_SECRET__<OWNER>__<NAME> there, or FORWARDC_VAULT__<VAULT>__<NAME>"
        message = f"{name} is no name for the table {place} of the secrets file"
        sink.error("FC0806", message, hint=hint)
        return None
    return of.variable
