"""Runs every rule over every step of a program, and reports at the author's place.

A new rule is one file in `checks/` and one line in `RULES`.
"""

from forwardc.compile.ir.program import Program
from forwardc.compile.language.nodes import YamlMap, pointer_of
from forwardc.compile.passes.checks import (
    card_in_header,
    card_in_reference,
    card_in_url,
    content_type,
    direct_step,
    fallback,
    header_injection,
    instrument,
    merchant_initiated,
    mixed_instruments,
    other_host,
    plain_http,
    polled_step,
    public_host,
    query_names,
    reused_step,
    run_only,
    secret_in_url,
    secret_of_two_forms,
    signed_request,
    weak_key,
    xml_names,
)
from forwardc.compile.passes.checks.rule import Case, Rule
from forwardc.core.diagnostics.sink import Sink

RULES: tuple[Rule, ...] = (
    plain_http.check,
    other_host.check,
    public_host.check,
    card_in_url.check,
    card_in_header.check,
    card_in_reference.check,
    secret_in_url.check,
    header_injection.check,
    content_type.check,
    query_names.check,
    mixed_instruments.check,
    merchant_initiated.check,
    direct_step.check,
    instrument.check,
    reused_step.check,
    polled_step.check,
    run_only.check,
    weak_key.check,
    signed_request.check,
    secret_of_two_forms.check,
    fallback.check,
    xml_names.check,
)


def check(program: Program, root: YamlMap, sink: Sink) -> None:
    """Report every broken rule of a program."""
    for operation in program.operations:
        for step in operation.steps:
            case = Case(program, operation, step)
            for rule in RULES:
                for problem in rule(case):
                    pointer = pointer_of(root, problem.span)
                    report = sink.warning if problem.warning else sink.error
                    report(
                        problem.code,
                        problem.message,
                        problem.span,
                        pointer=pointer,
                        hint=problem.hint,
                    )
