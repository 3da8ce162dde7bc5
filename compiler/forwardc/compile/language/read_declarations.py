"""Reads what a destination declares: settings, params and secrets.

Knows the shape that the schema allows; which of them expressions use is judged elsewhere.
"""

from collections.abc import Callable
from enum import StrEnum
from typing import TypeVar

from forwardc.compile.language import access
from forwardc.compile.language.destination import (
    Bounds,
    DeclaredSecret,
    Param,
    ParamType,
    Setting,
    SettingType,
)
from forwardc.compile.language.nodes import Entry, Node, YamlScalar
from forwardc.compile.language.param_schema import pattern_problem, usable_schema
from forwardc.compile.language.report import Report
from forwardc.compile.language.shapes import read_shape
from forwardc.compile.language.uri_schemes import read_schemes

_Read = TypeVar("_Read")
_Kind = TypeVar("_Kind", bound=StrEnum)


def read_settings(node: Node | None, report: Report) -> dict[str, Setting]:
    """The settings by name."""
    return _each(node, report, _setting)


def read_params(node: Node | None, report: Report) -> dict[str, Param]:
    """The params by name."""
    return _each(node, report, _param)


def read_secrets(node: Node | None, report: Report) -> dict[str, DeclaredSecret]:
    """The secrets by name."""
    return _each(node, report, _secret)


def _each(
    node: Node | None, report: Report, read: Callable[[Entry, Report], _Read]
) -> dict[str, _Read]:
    declarations = access.entries(node)
    return {entry.key: read(entry, report.at(entry.value.pointer)) for entry in declarations}


def _one_of(kind: type[_Kind], name: str | None, fallback: _Kind) -> _Kind:
    """The member of this name; `fallback` for another, which the schema has reported."""
    return kind(name) if name in set(kind) else fallback


def _setting(entry: Entry, report: Report) -> Setting:
    node = entry.value
    return Setting(
        name=entry.key,
        span=entry.key_span,
        pointer=node.pointer,
        description=access.text(node, "description") or "",
        type=_one_of(SettingType, access.text(node, "type"), SettingType.STRING),
        bounds=_bounds(node, report),
        default=access.literal(node, "default"),
        example=access.literal(node, "example"),
        stand_in=access.flag(node, "stand_in"),
        unconfirmed=access.text(node, "unconfirmed"),
    )


def _param(entry: Entry, report: Report) -> Param:
    node = entry.value
    default = access.literal(node, "default")
    return Param(
        name=entry.key,
        span=entry.key_span,
        pointer=node.pointer,
        description=access.text(node, "description") or "",
        type=_one_of(ParamType, access.text(node, "type"), ParamType.STRING),
        bounds=_bounds(node, report),
        default=default,
        example=access.literal(node, "example"),
        optional=access.flag(node, "optional") and default is None,
        sensitive=access.flag(node, "sensitive"),
        not_card=access.flag(node, "not_card"),
        schema=usable_schema(access.get(node, "schema"), report),
        node=node,
        schemes=read_schemes(access.get(node, "schemes"), report),
        withdrawn=access.flag(node, "withdrawn"),
    )


def _secret(entry: Entry, report: Report) -> DeclaredSecret:
    node = entry.value
    owner = access.get(node, "owner")
    return DeclaredSecret(
        name=entry.key,
        span=entry.key_span,
        pointer=node.pointer,
        description=access.text(node, "description") or "",
        as_key=access.text(node, "as_key"),
        held=access.text(node, "held"),
        owner=access.text(node, "owner"),
        owner_span=owner.span if owner else None,
        shape=read_shape(node, report),
    )


def _bounds(node: Node, report: Report) -> Bounds:
    values = tuple(
        item.value
        for item in access.items(access.get(node, "values"))
        if isinstance(item, YamlScalar) and isinstance(item.value, str | int)
    )
    return Bounds(
        minimum=access.number(node, "minimum"),
        maximum=access.number(node, "maximum"),
        min_length=access.integer(node, "min_length"),
        max_length=access.integer(node, "max_length"),
        pattern=_pattern(node, report),
        values=values,
    )


def _pattern(node: Node, report: Report) -> str | None:
    pattern, place = access.text(node, "pattern"), access.get(node, "pattern")
    if pattern is None or place is None:
        return None
    if problem := pattern_problem(pattern):
        code, message, hint = problem
        report.at(place.pointer).error(code, message, place.span, hint)
        return None
    return pattern
