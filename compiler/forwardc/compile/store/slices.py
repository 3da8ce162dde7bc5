"""What of `forwardc.yaml` and `forwardc.lock` one destination is compiled with, and its digest.

A destination is compiled with its part only (`ProjectParts.surroundings`), so that nothing else can
decide: an entry of the store holds while the digest of that part is the same. A part is compared by
its values. Where they stand in the file does not count, so that a line that is added above changes
nothing.

    of forwardc.yaml            in the part of a destination
    merchant, vendors           whole
    environments, accounts      whole, but of settings its own only
    targets, folders            not: rules over all summaries look at them
    of forwardc.lock
    approvals of it             whole; of others not
    accepted breaks             not
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from datetime import date
from decimal import Decimal
from functools import cache, cached_property
from types import NoneType
from typing import TYPE_CHECKING, Any

from forwardc.compile.language.nodes import Node
from forwardc.compile.language.project import DestinationValues, Project
from forwardc.compile.stages import Surroundings
from forwardc.core.dataclass import replace
from forwardc.core.diagnostics.span import Span
from forwardc.core.documents.writing import as_json

if TYPE_CHECKING:
    from forwardc.plan.lock import Approval, Lock


class ProjectParts:
    """The part of each destination, by its name, which is that of its file."""

    def __init__(self, surroundings: Surroundings) -> None:
        self._project, self._lock = surroundings.project, surroundings.approvals
        self._approved = _approved(self._lock)

    def surroundings(self, name: str) -> Surroundings:
        """What decides of a destination beside its own file, and nothing else."""
        return Surroundings(self._project_of(name), self._lock_of(name))

    def digest(self, name: str) -> str:
        """The digest of the values of that."""
        own = [] if self._project is None else _own_settings(self._project, name)
        approved = [(kind, key, as_json(record)) for kind, key, record in self._records(name)]
        told = repr((self._shared, _values(own), self._lock is None, approved))
        return hashlib.sha256(told.encode()).hexdigest()

    @cached_property
    def _shared(self) -> str:
        """The digest of what is the same for all destinations."""
        project = self._project
        if project is not None:
            places = {place: replace(v, settings={}) for place, v in project.environments.items()}
            project = replace(project, environments=places, targets=())
        return hashlib.sha256(repr(_values(project)).encode()).hexdigest()

    def _project_of(self, name: str) -> Project | None:
        if self._project is None:
            return None
        own = dict(_own_settings(self._project, name))
        places = {
            place: replace(values, settings={name: own[place]} if place in own else {})
            for place, values in self._project.environments.items()
        }
        empty = replace(self._project.root, by_key={})
        return replace(self._project, environments=places, targets=(), root=empty)

    def _lock_of(self, name: str) -> "Lock | None":
        if self._lock is None:
            return None
        records: dict[str, Any] = {"own": {}, "psp": {}}
        for kind, key, record in self._records(name):
            records[kind][key] = record
        return replace(self._lock, **records, accepted=())

    def _records(self, name: str) -> list[tuple[str, str, "Approval"]]:
        return self._approved.get(name, [])


def _approved(lock: "Lock | None") -> dict[str, list[tuple[str, str, "Approval"]]]:
    """The records of a lock, with their kind and key, by destination."""
    approved: dict[str, list[tuple[str, str, Approval]]] = {}
    if lock is not None:
        for kind, records in (("own", lock.own), ("psp", lock.psp)):
            for key, record in records.items():
                _, name, *_ = key.split("/")
                approved.setdefault(name, []).append((kind, key, record))
    return approved


def _own_settings(project: Project, name: str) -> list[tuple[str, DestinationValues]]:
    """What a project says of one destination in each place."""
    return [
        (place, values.settings[name])
        for place, values in project.environments.items()
        if name in values.settings
    ]


def _values(value: Any) -> Any:
    """The same without places in a file, as tuples, texts and numbers, whose `repr` tells all.

    Raises `TypeError` for what has no such form: a new kind of value would be left out in silence.
    """
    kind: Any = type(value)
    return _form(kind)(value)


@cache
def _form(kind: type) -> Callable[[Any], Any]:
    """What gives the values of a type: looked for once, and asked for each setting of thousands."""
    if issubclass(kind, Span | Node):
        return _nothing
    if issubclass(kind, str | int | Decimal | date | NoneType):
        return _itself
    if is_dataclass(kind):
        name, names = kind.__name__, [field.name for field in fields(kind)]
        return lambda value: (name, *[_values(getattr(value, each)) for each in names])
    if issubclass(kind, Mapping):
        return lambda value: tuple([(key, _values(item)) for key, item in value.items()])
    if issubclass(kind, list | tuple):
        return lambda value: tuple(map(_values, value))
    if issubclass(kind, frozenset):
        return lambda value: tuple(sorted(map(_values, value)))
    raise TypeError(f"{kind.__name__} has no form in a digest")


def _nothing(_: Any) -> None:
    return None


def _itself(value: Any) -> Any:
    return value
