"""Whether arrangements and grants fit, and what a vault agreed to as data for a reviewer's files.

An arrangement is held against what its vault's facts offer and what helps; a grant against the
arrangements, the day and the URL of the step.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Final

from forwardc.compile.ir.analysis import refs_in
from forwardc.compile.ir.arrangements import Arrangement, Grant
from forwardc.compile.ir.places import places
from forwardc.compile.ir.program import ProgramStep
from forwardc.compile.ir.summary import ArrangementSummary, DestinationSummary, assessments_of
from forwardc.compile.language.project import Project
from forwardc.compile.language.report import Report
from forwardc.compile.vaults.arrangements import Standing, refused_kinds, to_record
from forwardc.compile.vaults.assess import Assessment, idle_arrangements
from forwardc.compile.vaults.contract import Vault
from forwardc.compile.vaults.encode import Json
from forwardc.core.diagnostics.sink import Sink
from forwardc.core.diagnostics.suggest import did_you_mean
from forwardc.core.terms.terms import Lit, Term

_NOTICE: Final = timedelta(days=60)


def check_arrangement_offers(assessments: Sequence[Assessment], sink: Sink) -> None:
    """FC0629 for what the vault agrees to with nobody, FC0630 for what works without it."""
    report = Report(sink)
    for assessment in assessments:
        for arrangement in assessment.context.program.arrangements:
            if arrangement.vault == assessment.vault.name:
                _check_offered(assessment.vault, arrangement, report)
        _check_helps(assessment, report)


def _check_offered(vault: Vault, arrangement: Arrangement, report: Report) -> None:
    for kind in refused_kinds(vault, arrangement):
        message = f"{vault.facts.title} is not known to agree to {kind}"
        hint = "see docs/arrangements.md for what it can be asked"
        report.at(arrangement.pointer).error("FC0629", message, arrangement.span, hint)


def _check_helps(assessment: Assessment, report: Report) -> None:
    for standing, part in idle_arrangements(assessment):
        message = (
            f"{assessment.vault.facts.title} needs no arrangement for {part.words}"
            f" in `{assessment.context.operation.name}.{standing.step}`"
        )
        report.at(part.pointer).error("FC0630", message, part.span, "leave it out")


def check_grants(
    project: Project,
    destinations: Sequence[DestinationSummary],
    today: date | None,
    sink: Sink,
    unread: frozenset[str] = frozenset(),
) -> None:
    """FC0358 for a grant that fits no arrangement, FC0359 for one that does not hold on the day.

    Without a day, dates are only read. Nothing is said of destinations in `unread`.
    """
    arrangements = {
        f"{destination.name}.{arrangement.name}": arrangement
        for destination in destinations
        for arrangement in destination.arrangements
    }
    report, urls = Report(sink), _agreed_urls(destinations)
    for values in project.environments.values():
        for grant in values.grants:
            if grant.name.partition(".")[0] not in unread:
                _check_fits(grant, arrangements, report)
            _check_days(grant, today, report)
            _check_address(grant, urls[grant.vault, values.where.place, grant.name], report)


def _check_fits(
    grant: Grant, arrangements: Mapping[str, ArrangementSummary], report: Report
) -> None:
    here = report.at(grant.pointer)
    arrangement = arrangements.get(grant.name)
    if arrangement is None:
        destination = grant.name.partition(".")[0]
        near = did_you_mean(grant.name, arrangements)
        own = [name for name in arrangements if name.startswith(f"{destination}.")]
        suggestion = near or (own[0] if len(own) == 1 else None)
        hint = (
            f"did you mean {suggestion}?"
            if suggestion
            else f"declare it in {destination}.yaml, or delete it"
        )
        here.error("FC0358", f"there is no arrangement `{grant.name}`", grant.span, hint)
    elif arrangement.vault != grant.vault:
        message = (
            f"`{grant.name}` is an arrangement with {arrangement.vault}, not with {grant.vault}"
        )
        here.error("FC0358", message, grant.span, f"record it below `{arrangement.vault}:`")


def _check_days(grant: Grant, today: date | None, report: Report) -> None:
    for problem, key in _day_problems(grant, today):
        report.at(f"{grant.pointer}/{key}").error("FC0359", problem, grant.span)
    last = grant.last_day
    if today is not None and last is not None and today <= last <= today + _NOTICE:
        report.at(f"{grant.pointer}/expires").warning(
            "FC0359", f"`{grant.name}` ends on {last}", grant.span, "ask the vault to renew it"
        )


def _day_problems(grant: Grant, today: date | None) -> Iterator[tuple[str, str]]:
    if grant.day is None:
        yield f"`{grant.name}` has a `date` that does not exist", "date"
    elif today is not None and grant.day > today:
        yield f"`{grant.name}` was agreed on a day that is still to come", "date"
    if grant.expires is not None and grant.last_day is None:
        yield f"`{grant.name}` has an `expires` that does not exist", "expires"
    elif grant.day and grant.last_day and grant.last_day < grant.day:
        yield f"`{grant.name}` ends before it begins", "expires"
    elif today is not None and grant.last_day is not None and grant.last_day < today:
        yield f"`{grant.name}` ended on {grant.last_day}: nothing leaves by it", "expires"


def _agreed_urls(
    destinations: Iterable[DestinationSummary],
) -> Mapping[tuple[str, str, str], set[str]]:
    """The URLs of the steps that need an arrangement, by vault, place and its id."""
    urls: defaultdict[tuple[str, str, str], set[str]] = defaultdict(set)
    for assessment in assessments_of(destinations):
        for standing in assessment.standings:
            urls[assessment.vault, assessment.where.place, standing.id].add(standing.url)
    return urls


def _check_address(grant: Grant, urls: Collection[str], report: Report) -> None:
    """The vault agreed for one exact URL."""
    if grant.url is not None and urls and grant.url not in urls:
        message = f"`{grant.name}` was agreed for another URL than that of the step"
        hint = f"the step has {' and '.join(sorted(urls))}: ask again, or mend the step"
        report.at(f"{grant.pointer}/url").error("FC0358", message, grant.span, hint)


# For a reviewer's files and letters


def agreed(assessment: Assessment, step: ProgramStep) -> Json:
    """`arrangements` of a production config; nothing where the vault had to agree to nothing."""
    entries = [
        _agreed(assessment, standing)
        for standing in assessment.standings
        if standing.step == step.name
    ]
    return {"arrangements": entries} if entries else {}


def _agreed(assessment: Assessment, standing: Standing) -> Json:
    grant, arrangement = standing.grant, standing.arrangement
    return {
        "id": Lit(standing.id, span=arrangement.span),
        "ticket": Lit(grant.ticket, span=grant.span) if grant else None,
        "date": grant.date if grant else None,
        "by": grant.by if grant else None,
        "needs": arrangement.words,
        "asked": arrangement.asks or None,
        "signature": _signature(assessment, standing),
        "says": grant.says if grant else None,
    }


def _signature(assessment: Assessment, standing: Standing) -> Json | None:
    signature = standing.arrangement.signature
    if signature is None:
        return None
    return {"covers": signature.covers or None, "secrets": signing_secrets(assessment, standing)}


def signing_secrets(assessment: Assessment, standing: Standing) -> list[str]:
    """Names of the secrets that the author computes the signature with: the vault needs them."""
    steps = assessment.context.authored.steps
    step = next(step for step in steps if step.name == standing.step)
    terms = list(_signed_terms(step, standing.arrangement))
    refs = [ref for term in terms for ref in refs_in(term, "secrets")]
    return list(dict.fromkeys(ref.name.removeprefix("secrets.") for ref in refs))


def _signed_terms(step: ProgramStep, arrangement: Arrangement) -> Iterator[Term]:
    signature, request = arrangement.signature, step.request
    if signature is None:
        return
    header = (signature.header or "").lower()
    yield from (pair.value for pair in request.headers if pair.name.lower() == header)
    if request.body:
        yield from (term for at, term in places(request.body) if at == signature.at)
    if request.sign:
        yield request.sign.secret


def signed_headers(step: ProgramStep) -> frozenset[str]:
    """Names, in lower case, of the headers that the vault signs in."""
    signatures = (consent.arrangement.signature for consent in step.agreed)
    return frozenset(
        signature.header.lower() for signature in signatures if signature and signature.header
    )


def to_ask(assessments: Iterable[Assessment]) -> list[Json]:
    """What a vault must still be asked in these operations, each with the lines that record it.

    `needs` is what it is about, `asks` the author's sentence, `url` the exact address and `listed`
    whether the vault's list has it; `record` is one flow mapping of `forwardc.yaml`.
    """
    rows: dict[tuple[str, str], Json] = {}
    for assessment in assessments:
        for standing in assessment.standings:
            if standing.grant is None:
                row = {
                    "id": standing.id,
                    "operation": assessment.context.operation.name,
                    "step": standing.step,
                    "needs": standing.arrangement.words,
                    "asks": standing.arrangement.asks,
                    "url": standing.url,
                    "listed": standing.listed,
                    "record": to_record(
                        assessment.vault.name, assessment.context.program, standing
                    ),
                }
                rows.setdefault((standing.id, standing.step), row)
    return list(rows.values())
