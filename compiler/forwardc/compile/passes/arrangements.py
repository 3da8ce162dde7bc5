"""Whether what a destination says of its arrangements fits its requests: steps, places, forms.

Knows no vault: whether one agrees to such a thing, and whether it is needed there, is seen later.
"""

from collections.abc import Iterator

from forwardc.compile.ir.arrangements import Arrangement, Fill, Signature
from forwardc.compile.ir.expiry_format import composed, number_of, parts_of
from forwardc.compile.ir.places import places
from forwardc.compile.ir.program import Program, Step
from forwardc.compile.language.report import Report
from forwardc.core.diagnostics.sink import Sink
from forwardc.core.diagnostics.suggest import did_you_mean
from forwardc.core.terms.terms import Term


def check_arrangements(program: Program, sink: Sink) -> None:
    """Report FC0356 and FC0357 for each arrangement that does not fit its steps."""
    report = Report(sink)
    for one in program.arrangements:
        steps = list(_steps(program, one))
        _check_address(one, steps, report)
        for operation, step in steps:
            name = f"{operation}.{step.name}"
            _check_method(one, step, name, report)
            for fill in one.fills:
                _check_fill(fill, step, name, report)
            if one.signature is not None:
                _check_signature(one.signature, step, name, report)
    _check_repeated(program.arrangements, report)


def _steps(program: Program, one: Arrangement) -> Iterator[tuple[str, Step]]:
    for operation in program.operations:
        for step in operation.steps:
            if one.of(operation.name, step.name):
                yield operation.name, step


def _check_address(one: Arrangement, steps: list[tuple[str, Step]], report: Report) -> None:
    """A vault agrees for one exact URL."""
    if any(step.request.url != steps[0][1].request.url for _, step in steps):
        message = f"the steps of `{one.name}` have different URLs, and a vault agrees for one"
        hint = "write one arrangement for each URL"
        report.at(f"{one.pointer}/steps").error("FC0356", message, one.span, hint)


def _check_method(one: Arrangement, step: Step, name: str, report: Report) -> None:
    if one.method is not None and one.method != step.request.method:
        message = f"`{name}` sends {step.request.method}, and {one.method} is written here"
        report.at(f"{one.pointer}/method").error("FC0356", message, one.span)


def _check_fill(fill: Fill, step: Step, name: str, report: Report) -> None:
    if not fill.at or parts_of(fill.format) is None:
        return
    found = dict(places(step.request.body)) if step.request.body else {}
    if fill.at not in found:
        _no_place(fill.at, name, [at for at, term in found.items() if composed(term)], fill, report)
        return
    form = composed(found[fill.at])
    here = report.at(f"{fill.pointer}/format")
    if form is None or parts_of(form) is None:
        message = f"no expiry date in such a form stands at `{fill.at}` of `{name}`"
        hint = "compose it of ${card.expiry.MM}, ${card.expiry.YY} and their like"
        here.error("FC0357", message, fill.span, hint)
    elif form != fill.format and not _same_number(found[fill.at], form, fill.format):
        message = f"`{name}` composes {form} at `{fill.at}`, and {fill.format} is written here"
        here.error("FC0357", message, fill.span, "both say the same thing: change one of them")


def _same_number(term: Term, form: str, written: str) -> bool:
    """A number of `MM` is one of `M`."""
    return number_of(term) is not None and (form, written) == ("M", "MM")


def _check_signature(one: Signature, step: Step, name: str, report: Report) -> None:
    sign = step.request.sign
    if one.header is not None:
        known = [pair.name for pair in step.request.headers]
        fits = one.header.lower() in {other.lower() for other in known}
        if not fits and (sign is None or sign.into is not None):
            near = did_you_mean(one.header, known)
            hint = f"did you mean `header {near}`?" if near else 'write it: `headers: {NAME: ""}`'
            message = f"`{name}` has no header `{one.header}`"
            report.at(f"{one.pointer}/at").error("FC0356", message, one.span, hint)
        return
    found = dict(places(step.request.body)) if step.request.body else {}
    if one.at not in found and not (sign is not None and sign.into == one.at):
        _no_place(one.at, name, list(found), one, report)


def _no_place(at: str, name: str, known: list[str], one: Fill | Signature, report: Report) -> None:
    known = [other for other in known if other]
    near = did_you_mean(at, known) or (known[0] if len(known) == 1 else None)
    hint = f"did you mean `{near}`?" if near else "write it into the body, blank or as it is needed"
    message = f"there is no `{at}` in the body of `{name}`"
    report.at(f"{one.pointer}/at").error("FC0356", message, one.span, hint)


def _check_repeated(found: tuple[Arrangement, ...], report: Report) -> None:
    """Two answers of one vault for one place would be none."""
    known: set[tuple[str, tuple[str, str], str]] = set()
    for one in found:
        for part in one.parts():
            for step in one.steps:
                key = (one.vault, step, _place(part))
                if key in known:
                    message = f"`{'.'.join(step)}` has an arrangement for this already"
                    report.at(part.pointer).error("FC0356", message, part.span, "keep one of them")
                known.add(key)


def _place(part: Arrangement) -> str:
    if part.fills:
        return part.fills[0].at
    if part.signature is not None:
        return part.signature.at
    return "method" if part.method else "network_token"
