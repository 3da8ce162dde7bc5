"""What `forwardc tokens show` and `revoke` do: look a token up, ask the destination, tell both.

The integration that the destination's plan names says where its tokens are stored, and which
operations ask for one.
"""

import asyncio
from dataclasses import dataclass
from pathlib import Path

import click

from forwardc.cli.history_store import begun, found
from forwardc.cli.run_work import Where, allowed, journal_for, look_up_for, means_for, reached
from forwardc.cli.tokens_show import Known, lines, listed, report, result_of
from forwardc.core.diagnostics.sink import Sink
from forwardc.integrations.card_tokens import TokenFilter
from forwardc.integrations.integration import CardTokens
from forwardc.integrations.registry import INTEGRATIONS, integration_of
from forwardc.plan.build_folder import plan_in, read_manifest
from forwardc.runtime.history.errors import HistoryError, HistoryNotFoundError
from forwardc.runtime.history.store import Store, open_existing
from forwardc.runtime.run.journal import NoJournal
from forwardc.runtime.run.request import RunRequest
from forwardc.runtime.run.result import RunResult, exit_code
from forwardc.runtime.run.run import run


@dataclass(frozen=True, slots=True)
class Given:
    """The options that `show` and `revoke` share."""

    destination: str
    environment: str
    customer_id: str | None
    secrets_file: Path | None
    sandbox: str | None
    history: str
    history_named: bool
    as_json: bool
    build: Path


def show_recent(given: Given) -> int:
    """List the tokens that changed last. Returns the exit code."""
    sink = Sink()
    store = found(given.history, sink)
    if store is None:
        return report(sink, as_json=given.as_json)
    with store:
        tokens = card_tokens(given)
        records = tokens.store(store, emulated=False).search(TokenFilter()).tokens
        return listed(records, tokens.teller, as_json=given.as_json)


def show_one(given: Given, token: str, *, offline: bool) -> int:
    """Show a token, and what the destination says of it. Returns the exit code."""
    sink = Sink()
    tokens = card_tokens(given)
    known = _known(
        given, tokens, token, sink, offline=offline, needed=offline or given.history_named
    )
    if known is None:
        return report(sink, as_json=given.as_json)
    if offline and known.record is None:
        sink.error("FC0829", "no callback has named this token")
    result = None
    if not offline:
        result = _ask(given, tokens, tokens.show_operation, known, sink, None)
    lines(known, result, sink, as_json=given.as_json)
    if result is not None:
        return exit_code(result)
    return int(sink.has_errors)


def revoke_one(given: Given, token: str) -> int:
    """Revoke a token, and record the run. Returns the exit code."""
    sink = Sink()
    tokens = card_tokens(given)
    known = _known(given, tokens, token, sink, offline=False, needed=False)
    store = begun(given.history, sink) if known else None
    if known is None or store is None:
        return report(sink, as_json=given.as_json)
    with store:
        result = _ask(given, tokens, tokens.revoke_operation, known, sink, store)
    if result is None:
        return report(sink, as_json=given.as_json)
    return result_of(result, sink, as_json=given.as_json)


def card_tokens(given: Given) -> CardTokens:
    """The card tokens of the destination, by the integration that its plans name.

    Where it is not built, an integration's own name stands for a destination of it. Raises
    `click.BadParameter` where the destination has none.
    """
    manifest = read_manifest(given.build, Sink())
    places = manifest.plans() if manifest is not None else []
    built = [names for names in places if names[1] == given.destination]
    if manifest is not None and built:
        plans = (plan_in(given.build, manifest, *names, Sink()) for names in built)
        named = (each for plan in plans if plan and (each := integration_of(plan)))
    else:
        named = (each for each in INTEGRATIONS if each.name == given.destination)
    integration = next(named, None)
    if integration is None:
        raise no_tokens(given.destination)
    return integration.tokens


def no_tokens(destination: str) -> click.BadParameter:
    """The mistake of naming a destination that makes no card tokens."""
    return click.BadParameter(
        f"{destination!r} is no destination with card tokens: its file names no integration that "
        "has them.",
        param_hint="DESTINATION",
    )


def _known(
    given: Given, tokens: CardTokens, token: str, sink: Sink, *, offline: bool, needed: bool
) -> Known | None:
    """What the vendor told, or the sandbox where that one is asked; offline, what anybody told.

    Without a history that is `needed`, None with the reason in the sink.
    """
    try:
        store = open_existing(given.history)
    except HistoryNotFoundError as problem:
        if not needed:
            return Known(token, None, ())
        sink.add(problem.diagnostic())
        return None
    except HistoryError as problem:
        sink.add(problem.diagnostic())
        return None
    with store:
        stored = tokens.store(store, emulated=given.sandbox is not None)
        if offline and stored.token(token) is None:
            stored = tokens.store(store, emulated=given.sandbox is None)
        return Known(token, stored.token(token), tuple(stored.callbacks_of(token)))


def _ask(
    given: Given,
    tokens: CardTokens,
    operation: str,
    known: Known,
    sink: Sink,
    store: Store | None,
) -> RunResult | None:
    """Run an operation on the token, recorded in the `store`.

    None, with the reason in the sink, where nothing was sent.
    """
    customer = given.customer_id or (known.record.facts.customer_id if known.record else None)
    if customer is None:
        sink.error(
            "FC0829",
            "no callback has named this token, so nobody knows whose it is",
            hint="give the customer: --customer-id ID",
        )
        return None
    target = f"{given.destination}.{operation}"
    where = Where(given.build, given.sandbox)
    may = allowed(where, "direct", target, given.environment, sink)
    if may is None:
        return None
    plan, operation, ambient = may
    request = RunRequest(texts=dict(tokens.params(customer, known.token)))
    look_up = look_up_for(plan, given.build, given.sandbox, given.secrets_file, sink)

    emulated = given.sandbox is not None
    journal = journal_for(plan, where, store, emulated=emulated) if store else NoJournal()

    async def go() -> RunResult | None:
        async with means_for(plan, operation, given.sandbox, ambient, journal) as means:
            return await run(plan, operation, request, look_up, means, sink)

    return reached(lambda: asyncio.run(go()))
