"""Whether a PSP's reviewers get all that they ask for: FC0708 for each detail that is missing.

The details are those of Stripe's guide, "Share production details" (May 2026): URL, method,
documentation, fields, headers and keys, and before them the accounts.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from forwardc.compile.ir.summary import DestinationSummary, assessments_of
from forwardc.compile.language.project import Merchant, Project, Targets
from forwardc.compile.review.account_keys import has_account
from forwardc.compile.vaults.contract import Vault
from forwardc.compile.vaults.registry import vaults
from forwardc.core.diagnostics.sink import Sink
from forwardc.core.diagnostics.span import Span
from forwardc.plan.environment import Environment


class _Missing(NamedTuple):
    message: str
    span: Span | None
    pointer: str
    hint: str


def check_production_details(
    project: Project, destinations: Sequence[DestinationSummary], sink: Sink
) -> None:
    """FC0708 for production at a vault with reviewers: an error for a target, else a warning.

    FC0714 for a vault that takes no accounts of the merchant's country, in the same way.

    A vault without an account in production is not built there, so nothing is asked.
    """
    _check_account_country(project, destinations, sink)
    by_name, targets = {vault.name: vault for vault in vaults()}, Targets(project.targets)
    for destination in destinations:
        for assessment in destination.assessments:
            vault = by_name[assessment.vault]
            if (
                assessment.where.class_ != "production"
                or not assessment.is_reviewed
                or not has_account(project, vault, assessment.where.place)
            ):
                continue
            for missing in (
                *_destination(vault, destination, project.merchant),
                *_accounts(vault, project, assessment.where),
            ):
                report = sink.error if targets.about(assessment.place) else sink.warning
                report(
                    "FC0708",
                    f"{vault.name} asks for it: {missing.message}",
                    missing.span,
                    pointer=missing.pointer,
                    hint=missing.hint,
                )


def _check_account_country(
    project: Project, destinations: Sequence[DestinationSummary], sink: Sink
) -> None:
    """FC0714 for a vault that takes no accounts of the merchant's country, once for each."""
    country = project.merchant.country
    carried = {
        (assessment.vault, assessment.where.place)
        for assessment in assessments_of(destinations)
        if assessment.is_emitted
    }
    for vault in vaults():
        if not any(
            name == vault.name and has_account(project, vault, place) for name, place in carried
        ):
            continue
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


def _destination(
    vault: Vault, destination: DestinationSummary, merchant: Merchant
) -> Iterator[_Missing]:
    if not destination.has_docs:
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
        message = f"it does not forward to {', '.join(outside)}"
        span = destination.countries_span or destination.span
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
