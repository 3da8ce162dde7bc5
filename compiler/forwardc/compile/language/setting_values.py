"""The values of a destination's settings in one environment, checked against its declarations.

Each type of setting has its form; a value that becomes part of a host or a scheme is looked at once
more for that place.
"""

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import assert_never

from forwardc.compile.language.destination import Destination, Setting, SettingType, settings_used
from forwardc.compile.language.project import DestinationValues, Project
from forwardc.compile.language.read_declarations import scheme_settings
from forwardc.compile.language.report import Report
from forwardc.core.diagnostics.sink import Sink
from forwardc.core.diagnostics.span import Span
from forwardc.core.diagnostics.suggest import did_you_mean
from forwardc.core.terms.patterns import matches
from forwardc.core.terms.terms import Lit, Ref, Term, Text
from forwardc.core.uris import scheme_problem
from forwardc.plan.environment import Environment, place_in_words

# Labels of RFC 1123, section 2.1, in lower case; a host has at most 253 characters.
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_HOST = re.compile(rf"(?=.{{1,253}}\Z){_LABEL}(?:\.{_LABEL})+")
_HOST_PART = re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?")
# Segments of RFC 3986, section 3.3; not `.` and `..`, nor escapes, which servers may resolve.
_SEGMENT = r"(?!\.{1,2}(?:/|\Z))[A-Za-z0-9_.~!$&'()*+,;=:@-]+"
_PATH = re.compile(rf"(?:/{_SEGMENT})+/?|/")
_URL = re.compile(rf"https://{_LABEL}(?:\.{_LABEL})+(?::[0-9]{{1,5}})?(?:{_PATH.pattern})?")

_FORMS = {
    SettingType.HOST: (_HOST, "host name", "lower-case labels with dots: api.example.com"),
    SettingType.PATH: (_PATH, "path", "a path starts with / and has no query: /v1/payments"),
    SettingType.URL: (_URL, "URL", "a URL starts with https:// and has no query"),
}


def check_settings(
    destination: Destination, project: Project, where: Environment, sink: Sink
) -> Mapping[str, Lit] | None:
    """The value of every setting that the environment's requests use, or None: not built.

    None comes without an error where the destination does not know the environment, or the
    project gives it no values and it needs some. Reports FC0320 for each value that is missing
    among others, unknown, or not of its declared type and bounds.
    """
    entry = destination.entry_of(where)
    if entry is None:
        return None
    values = project.environments.get(where.place)
    configured = values.settings.get(destination.name) if values else None
    report = Report(sink)
    checks = [_check_default(setting, report) for setting in destination.settings.values()]
    if configured:
        checks.append(_check_given(destination, configured, report))
    resolved: dict[str, Lit] = {}
    missing: list[str] = []
    for name in sorted(settings_used(destination, where) & set(destination.settings)):
        default = destination.settings[name].default
        if configured and name in configured.values:
            resolved[name] = configured.values[name].value
        elif default is not None:
            resolved[name] = default
        else:
            missing.append(name)
    labels = sorted(_host_labels(destination, destination.environments[entry]) & set(resolved))
    checks += [_check_label(name, resolved[name], report) for name in labels]
    schemes = sorted(scheme_settings(destination.params.values()) & set(resolved))
    checks += [_check_scheme(name, resolved[name], report) for name in schemes]
    if missing and configured:
        _report_missing(missing, configured, where, report)
    return resolved if all(checks) and not missing else None


def _host_labels(destination: Destination, base_url: Term) -> frozenset[str]:
    """Names of the settings that give a part of a label of the host."""
    before, names = "", set()
    for part in base_url.parts if isinstance(base_url, Text) else ():
        if isinstance(part, Lit):
            before += str(part.value)
        elif isinstance(part, Ref) and "/" not in before.partition("://")[2]:
            names.add(part.name.removeprefix("settings."))
    declared = destination.settings
    return frozenset(
        name for name in names if name in declared and declared[name].type is not SettingType.HOST
    )


def _check_label(name: str, value: Lit, report: Report) -> bool:
    if _HOST_PART.fullmatch(str(value.value)):
        return True
    message = f"the setting `{name}` stands in a host, and its value is no part of one"
    report.error("FC0320", message, value.span, "lower-case letters and digits, - between them")
    return False


def _check_scheme(name: str, value: Lit, report: Report) -> bool:
    problem = scheme_problem(str(value.value))
    if problem is None:
        return True
    message = f"the setting `{name}` {problem}"
    report.error("FC0320", message, value.span, "write the scheme of your app, without the colon")
    return False


def _report_missing(
    missing: list[str], configured: DestinationValues, where: Environment, report: Report
) -> None:
    for name in missing:
        message = f"the setting `{name}` has no value in {place_in_words(where.place)}"
        hint = f"add `{name}:` here"
        report.at(configured).error("FC0320", message, configured.span, hint)


def _check_given(destination: Destination, configured: DestinationValues, report: Report) -> bool:
    good = True
    for name, value in configured.values.items():
        here = report.at(value)
        setting = destination.settings.get(name)
        if setting is None:
            near = did_you_mean(name, destination.settings)
            hint = f"did you mean {near}?" if near else f"`{destination.name}` does not declare it"
            here.error("FC0320", f"there is no setting `{name}`", value.name_span, hint)
            good = False
        else:
            good = _check_value(setting, value.value, value.span, here) and good
    return good


def _check_default(setting: Setting, report: Report) -> bool:
    if setting.default is None:
        return True
    here = report.at(f"{setting.pointer}/default")
    return _check_value(setting, setting.default, setting.default.span, here)


def _check_value(setting: Setting, value: Lit, span: Span | None, report: Report) -> bool:
    problem = _problem(setting, value.value)
    if problem is None:
        return True
    message, hint = problem
    report.error("FC0320", f"the setting `{setting.name}` {message}", span, hint)
    return False


def _problem(
    setting: Setting, value: None | bool | int | Decimal | str
) -> tuple[str, str | None] | None:
    """What is wrong with a value: the end of a message, and a hint."""
    match setting.type:
        case SettingType.BOOLEAN:
            return None if isinstance(value, bool) else ("is true or false", None)
        case SettingType.INTEGER:
            if isinstance(value, bool) or not isinstance(value, int):
                return "is an integer", "write digits without quotes"
            return _range_problem(setting, value)
        case SettingType.ENUM:
            allowed = setting.bounds.values
            if isinstance(value, str | int) and not isinstance(value, bool) and value in allowed:
                return None
            return "has a value that is not allowed", f"write {_either(allowed)}"
        case SettingType.STRING | SettingType.HOST | SettingType.PATH | SettingType.URL:
            if not isinstance(value, str):
                return "is text", "put quotes around it"
            return _text_problem(setting, value)
        case _:
            assert_never(setting.type)


def _range_problem(setting: Setting, value: int) -> tuple[str, str | None] | None:
    least, most = setting.bounds.minimum, setting.bounds.maximum
    if least is not None and value < least:
        return "is too small", f"the smallest value is {least}"
    if most is not None and value > most:
        return "is too large", f"the largest value is {most}"
    return None


def _text_problem(setting: Setting, value: str) -> tuple[str, str | None] | None:
    bounds = setting.bounds
    if bounds.min_length is not None and len(value) < bounds.min_length:
        return "is too short", f"it has at least {bounds.min_length} characters"
    if bounds.max_length is not None and len(value) > bounds.max_length:
        return "is too long", f"it has at most {bounds.max_length} characters"
    if setting.type in _FORMS:
        form, name, hint = _FORMS[setting.type]
        if not form.fullmatch(value):
            return f"is not a {name}", hint
    if bounds.pattern is not None and not matches(bounds.pattern, value):
        return "does not have the declared form", f"it matches {bounds.pattern}"
    return None


def _either(values: tuple[str | int, ...]) -> str:
    return " or ".join(str(value) for value in values)
