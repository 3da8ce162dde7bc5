"""Whether what a destination says of its arrangements fits its requests: steps, places, forms.

Whether a vault agrees to such a thing, and whether it is needed there, is seen when it is assessed.
"""

from collections.abc import Iterator

from forwardc.compile.ir.arrangements import (
    Arrangement,
    Fill,
    Signature,
    composed,
    number_of,
    parts_of,
)
from forwardc.compile.ir.places import places
from forwardc.compile.ir.program import Program, ProgramStep
from forwardc.compile.language.report import Report
from forwardc.core.diagnostics.sink import Sink
from forwardc.core.diagnostics.suggest import did_you_mean
from forwardc.core.terms.terms import Term


def check_arrangements(program: Program, sink: Sink) -> None:
    """Report FC0356 and FC0357 for each arrangement that does not fit its steps."""
    report = Report(sink)
    for arrangement in program.arrangements:
        steps = list(_steps(program, arrangement))
        _check_address(arrangement, steps, report)
        for operation, step in steps:
            name = f"{operation}.{step.name}"
            _check_method(arrangement, step, name, report)
            for fill in arrangement.fills:
                _check_fill(fill, step, name, report)
            if arrangement.signature is not None:
                _check_signature(arrangement.signature, step, name, report)
    _check_repeated(program.arrangements, report)


def _steps(program: Program, arrangement: Arrangement) -> Iterator[tuple[str, ProgramStep]]:
    for operation in program.operations:
        for step in operation.steps:
            if arrangement.is_for(operation.name, step.name):
                yield operation.name, step


def _check_address(
    arrangement: Arrangement, steps: list[tuple[str, ProgramStep]], report: Report
) -> None:
    """A vault agrees for one exact URL."""
    if any(step.request.url != steps[0][1].request.url for _, step in steps):
        message = (
            f"the steps of `{arrangement.name}` have different URLs, and a vault agrees for one"
        )
        hint = "write one arrangement for each URL"
        report.at(f"{arrangement.pointer}/steps").error("FC0356", message, arrangement.span, hint)


def _check_method(arrangement: Arrangement, step: ProgramStep, name: str, report: Report) -> None:
    if arrangement.method is not None and arrangement.method != step.request.method:
        message = f"`{name}` sends {step.request.method}, and {arrangement.method} is written here"
        report.at(f"{arrangement.pointer}/method").error("FC0356", message, arrangement.span)


def _check_fill(fill: Fill, step: ProgramStep, name: str, report: Report) -> None:
    if not fill.at or parts_of(fill.format) is None:
        return
    terms = dict(places(step.request.body)) if step.request.body else {}
    if fill.at not in terms:
        _no_place(fill.at, name, [at for at, term in terms.items() if composed(term)], fill, report)
        return
    form = composed(terms[fill.at])
    here = report.at(f"{fill.pointer}/format")
    if form is None or parts_of(form) is None:
        message = f"no expiry date in such a form stands at `{fill.at}` of `{name}`"
        hint = "compose it of ${card.expiry.MM}, ${card.expiry.YY} and their like"
        here.error("FC0357", message, fill.span, hint)
    elif form != fill.format and not _same_number(terms[fill.at], form, fill.format):
        message = f"`{name}` composes {form} at `{fill.at}`, and {fill.format} is written here"
        here.error("FC0357", message, fill.span, "both say the same thing: change one of them")


def _same_number(term: Term, form: str, written: str) -> bool:
    """A number of `MM` is one of `M`."""
    return number_of(term) is not None and (form, written) == ("M", "MM")


def _check_signature(signature: Signature, step: ProgramStep, name: str, report: Report) -> None:
    sign = step.request.sign
    if signature.header is not None:
        names = [pair.name for pair in step.request.headers]
        fits = signature.header.lower() in {other.lower() for other in names}
        if not fits and (sign is None or sign.into is not None):
            near = did_you_mean(signature.header, names)
            hint = f"did you mean `header {near}`?" if near else 'write it: `headers: {NAME: ""}`'
            message = f"`{name}` has no header `{signature.header}`"
            report.at(f"{signature.pointer}/at").error("FC0356", message, signature.span, hint)
        return
    terms = dict(places(step.request.body)) if step.request.body else {}
    if signature.at not in terms and not (sign is not None and sign.into == signature.at):
        _no_place(signature.at, name, list(terms), signature, report)


def _no_place(
    at: str, name: str, alternatives: list[str], place: Fill | Signature, report: Report
) -> None:
    alternatives = [other for other in alternatives if other]
    near = did_you_mean(at, alternatives) or (alternatives[0] if len(alternatives) == 1 else None)
    hint = f"did you mean `{near}`?" if near else "write it into the body, blank or as it is needed"
    message = f"there is no `{at}` in the body of `{name}`"
    report.at(f"{place.pointer}/at").error("FC0356", message, place.span, hint)


def _check_repeated(arrangements: tuple[Arrangement, ...], report: Report) -> None:
    """Two answers of one vault for one place would be none."""
    taken: set[tuple[str, tuple[str, str], str]] = set()
    for arrangement in arrangements:
        for part in arrangement.parts():
            for step in arrangement.steps:
                key = (arrangement.vault, step, _place(part))
                if key in taken:
                    message = f"`{'.'.join(step)}` has an arrangement for this already"
                    report.at(part).error("FC0356", message, part.span, "keep one of them")
                taken.add(key)


def _place(part: Arrangement) -> str:
    if part.fills:
        return part.fills[0].at
    if part.signature is not None:
        return part.signature.at
    return "method" if part.method else "network_token"
