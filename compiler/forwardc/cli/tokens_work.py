"""What `forwardc tokens show` and `revoke` do: look a token up, ask the destination, tell both.

Knows the operations of the plan by name, and no path and no field of the destination.
"""

import asyncio
import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import click

from forwardc.cli.sandbox_link import Unreachable, transport_to
from forwardc.cli.tokens_show import Known, lines, listed, report, result_of
from forwardc.diagnostics.sink import Sink
from forwardc.plan.approvals import Lock, lock_path, read_lock, refuse_unapproved
from forwardc.plan.build_dir import read_plan
from forwardc.plan.model import Plan
from forwardc.runtime.history.errors import HistoryError
from forwardc.runtime.history.store import Store, open_store
from forwardc.runtime.journal import Journal, NoJournal
from forwardc.runtime.keys import KeyRing
from forwardc.runtime.means import Means
from forwardc.runtime.run import preview, run
from forwardc.runtime.secrets import Lookup, sandbox_lookup
from forwardc.runtime.send import Sender
from forwardc.runtime.shapes import Ambient, RunRequest, RunResult, exit_code
from forwardc.runtime.sources.lookup import open_lookup
from forwardc.runtime.store_journal import StoreJournal
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
    as_json: bool
    build: Path


@dataclass(frozen=True, slots=True)
class _Allowed:
    """An operation that may run, and for whom."""

    plan: Plan
    operation: str
    ambient: Ambient = field(repr=False)


def show_recent(given: Given) -> int:
    """List the tokens that changed last. Returns the exit code."""
    sink = Sink()
    store = _open(given, sink)
    if store is None:
        return report(sink, as_json=given.as_json)
    with store:
        return listed(TokenTables(store).tokens(), as_json=given.as_json)


def show_one(given: Given, token: str, *, offline: bool) -> int:
    """Show a token, and what the destination says of it. Returns the exit code."""
    sink = Sink()
    known = _known(given, token, sink)
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
    known = _known(given, token, sink)
    store = _open(given, sink) if known else None
    if known is None or store is None:
        return report(sink, as_json=given.as_json)
    with store:
        result = _ask(
            given, "revoke", known, StoreJournal(store, emulated=given.sandbox is not None), sink
        )
    if result is None:
        return report(sink, as_json=given.as_json)
    return result_of(result, as_json=given.as_json)


def project_of(plan: Plan) -> int:
    """The project id that a plan was built with, out of the request that it makes."""
    texts = {"customer_id": "none", "token": _NO_TOKEN}
    request, sink = RunRequest(texts=texts), Sink()
    shown = preview(plan, "revoke", request, sandbox_lookup(plan), sink, Ambient())
    if not shown or shown[0].body is None:
        raise RuntimeError("the plan of revoke makes no request")
    return int(json.loads(shown[0].body)["customer"]["project_id"])


def _open(given: Given, sink: Sink) -> Store | None:
    try:
        return open_store(given.history)
    except HistoryError as problem:
        sink.add(problem.diagnostic())
        return None


def _known(given: Given, token: str, sink: Sink) -> Known | None:
    store = _open(given, sink)
    if store is None:
        return None
    with store:
        tables = TokenTables(store)
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
    allowed = _allowed(given, operation, sink)
    if allowed is None:
        return None
    request = RunRequest(texts={"customer_id": customer, "token": known.token})
    return _send(given, allowed, request, journal, sink)


def _allowed(given: Given, operation: str, sink: Sink) -> _Allowed | None:
    plan = read_plan(given.build, "direct", given.destination, given.environment, sink)
    if plan is None:
        return None
    production = given.environment == "production"
    lock = read_lock(lock_path(given.build), sink) if production else Lock()
    if lock is None:
        return None
    ambient = Ambient(lock=lock)
    if refuse_unapproved(plan, operation, lock, ambient.now().date(), sink):
        return None
    return _Allowed(plan, operation, ambient)


def _send(
    given: Given, allowed: _Allowed, request: RunRequest, journal: Journal, sink: Sink
) -> RunResult | None:
    plan, sandbox = allowed.plan, given.sandbox
    look_up: Lookup = (
        sandbox_lookup(plan, os.environ)
        if sandbox
        else open_lookup(os.environ, given.secrets_file, sink)
    )

    async def go() -> RunResult | None:
        async with Sender(transport_to(sandbox) if sandbox else None) as sender:
            means = Means(sender, KeyRing(sender), allowed.ambient, journal)
            return await run(plan, allowed.operation, request, look_up, means, sink)

    try:
        return asyncio.run(go())
    except Unreachable as problem:
        raise click.UsageError(f"--sandbox: {problem}") from None
