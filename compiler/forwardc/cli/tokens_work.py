"""What `forwardc tokens show` and `revoke` do: look a token up, ask the destination, tell both.

Knows the operations of the plan by name, and no path and no field of the destination.
"""

import asyncio
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from forwardc.cli.history_store import begun, found
from forwardc.cli.run_work import Where, allowed, look_up_for, means_for, reached
from forwardc.cli.tokens_show import Known, lines, listed, report, result_of
from forwardc.core.diagnostics.sink import Sink
from forwardc.plan.model import Plan
from forwardc.runtime.history.errors import HistoryError, HistoryNotFoundError
from forwardc.runtime.history.store import open_existing
from forwardc.runtime.run.journal import Journal, NoJournal
from forwardc.runtime.run.request import ClockAndIds, RunRequest
from forwardc.runtime.run.result import RunResult, exit_code
from forwardc.runtime.run.run import preview, run
from forwardc.runtime.run.store_journal import StoreJournal
from forwardc.runtime.secret_providers.plan_secrets import sandbox_resolver
from forwardc.runtime.tokens.records import TokenFilter
from forwardc.runtime.tokens.tables import TokenTables

_NO_TOKEN: Final = "0" * 64


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
        return listed(TokenTables(store).search(TokenFilter()).tokens, as_json=given.as_json)


def show_one(given: Given, token: str, *, offline: bool) -> int:
    """Show a token, and what the destination says of it. Returns the exit code."""
    sink = Sink()
    known = _known(given, token, sink, offline=offline, needed=offline or given.history_named)
    if known is None:
        return report(sink, as_json=given.as_json)
    if offline and known.record is None:
        sink.error("FC0829", "no callback has named this token")
    result = None
    if not offline:
        result = _ask(given, "card", known, NoJournal(), sink)
    lines(known, result, sink, as_json=given.as_json)
    if result is not None:
        return exit_code(result)
    return int(sink.has_errors)


def revoke_one(given: Given, token: str) -> int:
    """Revoke a token, and record the run. Returns the exit code."""
    sink = Sink()
    known = _known(given, token, sink, offline=False, needed=False)
    store = begun(given.history, sink) if known else None
    if known is None or store is None:
        return report(sink, as_json=given.as_json)
    with store:
        result = _ask(
            given, "revoke", known, StoreJournal(store, given.sandbox is not None, alone=True), sink
        )
    if result is None:
        return report(sink, as_json=given.as_json)
    return result_of(result, sink, as_json=given.as_json)


def project_of(plan: Plan) -> int:
    """The project id that a plan was built with, out of the request that it makes."""
    texts = {"customer_id": "none", "token": _NO_TOKEN}
    request, sink = RunRequest(texts=texts), Sink()
    shown = preview(
        plan, "revoke", request, sandbox_resolver(plan), sink, ClockAndIds(emulated=True)
    )
    if not shown or shown[0].body is None:
        raise RuntimeError("the plan of revoke makes no request")
    return int(json.loads(shown[0].body)["customer"]["project_id"])


def _known(given: Given, token: str, sink: Sink, *, offline: bool, needed: bool) -> Known | None:
    """What the Gate told, or the sandbox where that one is asked; offline, what anybody told.

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
        tables = TokenTables(store, emulated=given.sandbox is not None)
        if offline and tables.token(token) is None:
            tables = TokenTables(store, emulated=given.sandbox is None)
        return Known(token, tables.token(token), tuple(tables.callbacks_of(token)))


def _ask(
    given: Given, operation: str, known: Known, journal: Journal, sink: Sink
) -> RunResult | None:
    """Run an operation on the token; None, with the reason in the sink, where nothing was sent."""
    customer = given.customer_id or (known.record.facts.customer_id if known.record else None)
    if customer is None:
        sink.error(
            "FC0829",
            "no callback has named this token, so nobody knows whose it is",
            hint="give the customer: --customer-id ID",
        )
        return None
    target = f"{given.destination}.{operation}"
    may = allowed(Where(given.build, given.sandbox), "direct", target, given.environment, sink)
    if may is None:
        return None
    plan, operation, ambient = may
    request = RunRequest(texts={"customer_id": customer, "token": known.token})
    look_up = look_up_for(plan, given.build, given.sandbox, given.secrets_file, sink)

    async def go() -> RunResult | None:
        async with means_for(plan, operation, given.sandbox, ambient, journal) as means:
            return await run(plan, operation, request, look_up, means, sink)

    return reached(lambda: asyncio.run(go()))
