"""Reads what a destination declares: settings, params and secrets.

Each declaration becomes a typed value with its place. What belongs to one kind alone is read and
checked beside it: schemes of a `uri`, codes of a country, and the shape of a secret.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from enum import StrEnum
from typing import Final, TypeVar

from forwardc.compile.language import access
from forwardc.compile.language.destination import (
    Bounds,
    DeclaredSecret,
    Param,
    ParamType,
    Setting,
    SettingType,
)
from forwardc.compile.language.nodes import Entry, Node, YamlMap, YamlScalar
from forwardc.compile.language.param_checks import pattern_problem, usable_schema
from forwardc.compile.language.report import Report
from forwardc.core.countries import COUNTRIES, USER_ASSIGNED
from forwardc.core.diagnostics.suggest import did_you_mean
from forwardc.core.terms.patterns import begins
from forwardc.core.terms.terms import Lit, Ref, Term
from forwardc.core.uris import scheme_problem, uri_problem

# Settings, params and secrets

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
    return {entry.key: read(entry, report.at(entry.value)) for entry in declarations}


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
        high_entropy=access.flag(node, "high_entropy"),
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
        report.at(place).error(code, message, place.span, hint)
        return None
    return pattern


# Schemes of a `uri`

_SETTING = re.compile(r"\$\{(settings\.[a-z][a-z0-9_]*)\}")


def read_schemes(node: Node | None, report: Report) -> tuple[Term, ...]:
    """The schemes in their order. Reports FC0342 for one that no run may have."""
    schemes: list[Term] = []
    for item in access.items(node):
        if not isinstance(item, YamlScalar) or not isinstance(item.value, str):
            continue
        if setting := _SETTING.fullmatch(item.value):
            schemes.append(Ref(setting[1], span=item.span))
        elif problem := scheme_problem(item.value):
            report.at(item).error("FC0342", f"this {problem}", item.span, _SCHEME_HINT)
        else:
            schemes.append(Lit(item.value, span=item.span))
    return tuple(schemes)


_SCHEME_HINT = "name https, http, or the scheme that your app alone is registered for"


def check_schemes(
    params: Iterable[Param], settings: Mapping[str, Setting], report: Report
) -> frozenset[str]:
    """The settings that are used as schemes. Reports FC0312, and FC0205 for what fits none."""
    used: set[str] = set()
    for param in params:
        for scheme in param.schemes:
            if isinstance(scheme, Ref):
                used.add(scheme.name)
                _check_setting(scheme, param, settings, report)
        if param.type is ParamType.URI:
            _check_given(param, report)
    return frozenset(used)


def _check_setting(
    scheme: Ref, param: Param, settings: Mapping[str, Setting], report: Report
) -> None:
    name = scheme.name.removeprefix("settings.")
    if name not in settings:
        near = did_you_mean(name, settings)
        hint = f"did you mean {near}?" if near else "declare it under `settings:`"
        message = f"the setting `{name}` is not declared"
        report.at(f"{param.pointer}/schemes").error("FC0312", message, scheme.span, hint)


def _check_given(param: Param, report: Report) -> None:
    """A default or example; one that may begin with a setting's value is not judged."""
    if any(isinstance(scheme, Ref) for scheme in param.schemes):
        return
    schemes = [str(scheme.value) for scheme in param.schemes if isinstance(scheme, Lit)]
    for name, literal in (("default", param.default), ("example", param.example)):
        value = literal.value if literal is not None else None
        problem = uri_problem(value, schemes) if isinstance(value, str) else None
        if literal is not None and problem:
            here = report.at(f"{param.pointer}/{name}")
            # An example is for readers only; a default is sent.
            say = here.error if name == "default" else here.warning
            say("FC0205", f"the {name} {problem}", literal.span)


def scheme_settings(params: Iterable[Param]) -> frozenset[str]:
    """Names of the settings that stand for a scheme."""
    schemes = (scheme for param in params for scheme in param.schemes)
    return frozenset(
        scheme.name.removeprefix("settings.") for scheme in schemes if isinstance(scheme, Ref)
    )


# Countries
#
# `values` may name a code that ISO 3166-1 leaves to its users; nothing else may, because what
# such a code means is for the author to say.

_OTHER_NAMES = {"UK": "GB", "EL": "GR"}
_COUNTRY_HINT = "write an assigned code of ISO 3166-1, such as NL, or XK"
_DECLARE_CODE = "name it in `values` of the param, if the destination takes it"


def check_country_codes(root: YamlMap, params: Iterable[Param], report: Report) -> None:
    """Report FC0204 for each code that no country has, in params and in `countries:`."""
    for item in access.items(root.get("countries")):
        _check_country_code(item, COUNTRIES, _COUNTRY_HINT, report)
    for param in params:
        if param.type is ParamType.COUNTRY:
            node = access.get(root.get("params"), param.name)
            named = USER_ASSIGNED.intersection(map(str, param.bounds.values))
            for item in _written_codes(node):
                _check_country_code(item, COUNTRIES | named, _DECLARE_CODE, report)


def check_country(item: Node, report: Report) -> None:
    """Report FC0204 for a code that no country has."""
    _check_country_code(item, COUNTRIES, _COUNTRY_HINT, report)


def _written_codes(node: Node | None) -> Iterator[Node]:
    yield from access.items(access.get(node, "values"))
    for key in ("default", "example"):
        item = access.get(node, key)
        if item is not None:
            yield item


def _check_country_code(item: Node, codes: frozenset[str], if_free: str, report: Report) -> None:
    code = item.value if isinstance(item, YamlScalar) else None
    # Another shape than two capital letters is the schema's to report.
    if not isinstance(code, str) or len(code) != 2 or not code.isupper() or code in codes:
        return
    other = _OTHER_NAMES.get(code)
    hint = f"write {other}" if other else if_free if code in USER_ASSIGNED else _COUNTRY_HINT
    report.at(item).error("FC0204", f"ISO 3166-1 has no country {code}", item.span, hint)


# Shapes of secrets: how a test and a live credential begin
#
# Whether two patterns can match the same text is asked of the engine, with texts that the patterns
# themselves begin with: what it finds is certain, and a run asks once more.

# What may follow a beginning: one text of each kind of character, longer than keys are.
_REST: Final = ("", "0" * 200, "a" * 200, "A" * 200, "a0" * 100, "A0" * 100)
_GROUP: Final = re.compile(r"\((?:\?:)?([A-Za-z0-9_|-]+)\)")
_PLAIN: Final = re.compile(r"[A-Za-z0-9_-]|\\([^A-Za-z0-9])")
_REPEATED: Final = ("?", "*", "{")


def read_shape(secret: Node, report: Report) -> Mapping[str, str]:
    """The shape of a secret by class; empty, with FC0205, FC0340 or FC0520, where unusable."""
    shape: dict[str, str] = {}
    node = access.get(secret, "shape")
    for class_ in ("sandbox", "production"):
        pattern, place = access.text(node, class_), access.get(node, class_)
        if pattern is None or place is None:
            continue
        problem = pattern_problem(pattern) or _too_wide(pattern)
        if problem:
            code, message, hint = problem
            report.at(place).error(code, message, place.span, hint)
            return {}
        shape[class_] = pattern
    if len(shape) == 2 and node is not None and _may_be_the_same(*shape.values()):
        report.at(node).error(
            "FC0520",
            "the same value can begin as both shapes say",
            node.span,
            "write how a test credential begins, and how a live one does: ^sk_test_, ^sk_live_",
        )
        return {}
    return shape


def check_separation(
    environments: Node | None, secrets: Mapping[str, DeclaredSecret], report: Report
) -> None:
    """FC0521 where a file says that credentials tell test from live, and one has no shape."""
    bare = sorted(name for name, spec in secrets.items() if not spec.shape)
    for entry in access.entries(environments):
        place = access.get(entry.value, "separated_by")
        if place is None or access.text(entry.value, "separated_by") != "credential":
            continue
        here = report.at(place)
        if not secrets:
            message = "no credential can tell test from live: the file declares no secret"
            here.error("FC0521", message, place.span, "write `separated_by: none`")
        for name in bare:
            message = f"the secret `{name}` has no shape that tells test from live"
            hint = "add `shape: {sandbox: ..., production: ...}`, or write `separated_by: none`"
            here.error("FC0521", message, place.span, hint)


def _too_wide(pattern: str) -> tuple[str, str, str] | None:
    """FC0520 for a pattern that every value begins with."""
    if not begins(pattern, "") and not all(begins(pattern, text * 99) for text in "0aA-"):
        return None
    hint = "write what only credentials of this class begin with: ^sk_test_"
    return "FC0520", "every value begins as this shape says", hint


def _may_be_the_same(pattern: str, other: str) -> bool:
    """Whether a text is known that begins as both say."""
    texts = (start + rest for start in (*_starts(pattern), *_starts(other)) for rest in _REST)
    return any(begins(pattern, text) and begins(other, text) for text in texts)


def _starts(pattern: str) -> Iterator[str]:
    """Texts that a pattern begins with: its letters, up to the first sign of another kind."""
    starts, rest = [""], pattern.removeprefix("^")
    while rest:
        group, plain = _GROUP.match(rest), _PLAIN.match(rest)
        if group is not None:
            choices, rest = group[1].split("|"), rest[group.end() :]
        elif plain is not None:
            choices, rest = [plain[1] or plain[0]], rest[plain.end() :]
        else:
            break
        if rest.startswith(_REPEATED):
            break
        starts = [start + choice for start in starts for choice in choices][:64]
    yield from starts
