"""Whether a PSP's reviewers get all that they ask for: FC0708 for each detail that is missing.

The details are those of Stripe's guide, "Share production details" (May 2026): URL, method,
documentation, fields, headers and keys, and before them the accounts.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from forwardc.compile.language.destination import Destination
from forwardc.compile.language.load import LoadedProject
from forwardc.compile.language.project import Merchant, Project
from forwardc.compile.vaults.assess import Assessment
from forwardc.compile.vaults.contract import Vault
from forwardc.compile.vaults.emission import EmittedReview
from forwardc.core.diagnostics.sink import Sink
from forwardc.core.diagnostics.span import Span
from forwardc.plan.environment import Environment


class _Missing(NamedTuple):
    message: str
    span: Span | None
    pointer: str
    hint: str


def check_production_details(
    loaded: LoadedProject, assessments: Sequence[Assessment], sink: Sink
) -> None:
    """FC0708 for production at a vault with reviewers: an error for a target, else a warning.

    FC0714 for a vault that takes no accounts of the merchant's country, in the same way.

    A vault without an account in production is not built there, so nothing is asked.
    """
    project = loaded.project
    if project is None:
        return
    _check_account_country(project, assessments, sink)
    by_name = loaded.by_name
    for assessment in assessments:
        reviews = _reviews(assessment)
        if (
            assessment.context.environment_class != "production"
            or not reviews
            or not assessment.has_account
        ):
            continue
        destination = by_name[assessment.context.program.destination]
        for missing in (
            *_destination(assessment.vault, destination, project.merchant),
            *_accounts(assessment.vault, project, assessment.context.program.where),
            *_fields(assessment, reviews),
        ):
            report = sink.error if _is_target(project, assessment) else sink.warning
            report(
                "FC0708",
                f"{assessment.vault.name} asks for it: {missing.message}",
                missing.span,
                pointer=missing.pointer,
                hint=missing.hint,
            )


def _check_account_country(project: Project, assessments: Sequence[Assessment], sink: Sink) -> None:
    """FC0714 for a vault that takes no accounts of the merchant's country, once for each."""
    country = project.merchant.country
    carried = [
        assessment
        for assessment in assessments
        if assessment.emission is not None and assessment.has_account
    ]
    for vault in {assessment.vault.name: assessment.vault for assessment in carried}.values():
        served = vault.facts.data.get("countries", {}).get("account")
        if not country or not served or country in served["value"]:
            continue
        needed = any(target.vault == vault.name for target in project.targets)
        report = sink.error if needed else sink.warning
        report(
            "FC0714",
            f"{vault.facts.title} takes no accounts that are registered in {country}",
            project.merchant.country_span,
            pointer="/merchant/country",
            hint=f"it takes those of {', '.join(served['value'])}",
        )


def _reviews(assessment: Assessment) -> list[EmittedReview]:
    return [step.review for step in assessment.emitted_steps if step.review]


def _is_target(project: Project, assessment: Assessment) -> bool:
    vault, destination, operation = assessment.place
    return any(
        (target.vault, target.destination) == (vault, destination)
        and target.operation in (None, operation)
        for target in project.targets
    )


def _destination(vault: Vault, destination: Destination, merchant: Merchant) -> Iterator[_Missing]:
    if not destination.docs:
        message = f"{destination.name} names no documentation"
        yield _Missing(message, destination.span, "/name", "docs: https://...")
    served = vault.facts.data.get("countries", {}).get("forward_to")
    # Stripe has a country where an account may be, and to which it does not forward.
    countries = destination.countries or ((merchant.country,) if merchant.country else ())
    outside = [code for code in countries if served and code not in served["value"]]
    if outside and not destination.countries:
        message = f"it does not forward to {merchant.country}, where the account is"
        hint = f"write the `countries:` of {destination.name}"
        yield _Missing(message, merchant.country_span, "/merchant/country", hint)
    elif outside:
        node = destination.root.entry("countries")
        message = f"it does not forward to {', '.join(outside)}"
        span = node.value.span if node else destination.span
        yield _Missing(message, span, "/countries", "ask its support, or leave the country out")


def _accounts(vault: Vault, project: Project, where: Environment) -> Iterator[_Missing]:
    for key in vault.account_keys:
        for name in (project.test_place(where), where.place):
            values = project.environments.get(name)
            if values is None or key not in values.vaults.get(vault.name, {}):
                message = f"no {key} for {name}"
                hint = f"environments: {{{name}: {{vaults: {{{vault.name}: {{{key}: ...}}}}}}}}"
                span = values.span if values else project.root.span
                yield _Missing(message, span, values.pointer if values else "", hint)


def _fields(assessment: Assessment, reviews: Sequence[EmittedReview]) -> Iterator[_Missing]:
    for review in reviews:
        if not review.fields:
            message = f"{assessment.context.operation.name} has no field that it fills"
            hint = "send a step without card data with `deliver: direct`"
            yield _Missing(message, assessment.context.operation.span, "", hint)
