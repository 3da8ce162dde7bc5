"""The schemes that a `uri` param may name, and the settings that stand for one of them.

Knows declarations and the values of settings; what a scheme is stands in `core/uris.py`.
"""

import re
from collections.abc import Iterable, Mapping

from forwardc.compile.language import access
from forwardc.compile.language.destination import Param, ParamType, Setting
from forwardc.compile.language.nodes import Node, YamlScalar
from forwardc.compile.language.report import Report
from forwardc.core.diagnostics.suggest import did_you_mean
from forwardc.core.terms.terms import Lit, Ref, Term
from forwardc.core.uris import scheme_problem, uri_problem

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
            report.at(item.pointer).error("FC0342", f"this {problem}", item.span, _HINT)
        else:
            schemes.append(Lit(item.value, span=item.span))
    return tuple(schemes)


_HINT = "name https, http, or the scheme that your app alone is registered for"


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
