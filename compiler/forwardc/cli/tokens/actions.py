"""What `forwardc tokens create`, `show` and `revoke` do: look up, ask, and tell.

The integration that the plan of the destination names says where its tokens are stored, which
operations ask for one, and how a sandbox makes one.
"""

import asyncio
from pathlib import Path
from typing import Any

import click

from forwardc.cli.history.opening import begin_history, find_history
from forwardc.cli.output import note, say, say_document
from forwardc.cli.run.target import (
    RunTarget,
    journal_for,
    load_approved_operation,
    look_up_for,
    reach_sandbox,
    run_dependencies,
)
from forwardc.cli.sandbox.link import SandboxUnreachableError, transport_to
from forwardc.cli.tokens.output import TokenKnowledge, lines, listed, report, result_of
from forwardc.core.dataclass import dataclass
from forwardc.core.diagnostics.sink import Sink
from forwardc.integrations.card_tokens import TokenFilter
from forwardc.integrations.integration import CardTokens, SandboxTokenError
from forwardc.integrations.registry import INTEGRATIONS, integration_of
from forwardc.plan.build_folder import plan_in, read_manifest, read_plan
from forwardc.plan.model import Plan
from forwardc.runtime.history.errors import HistoryError, HistoryNotFoundError
from forwardc.runtime.history.store import Store, open_existing
from forwardc.runtime.run.journal import NoJournal
from forwardc.runtime.run.request import RunRequest
from forwardc.runtime.run.result import RunResult, exit_code
from forwardc.runtime.run.run import run


@dataclass(frozen=True, slots=True)
class TokenRequest:
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


def show_recent(request: TokenRequest) -> int:
    """List the tokens that changed last. Returns the exit code."""
    sink = Sink()
    store = find_history(request.history, sink)
    if store is None:
        return report(sink, as_json=request.as_json)
    with store:
        tokens = card_tokens(request)
        records = tokens.store(store, emulated=False).search(TokenFilter()).tokens
        return listed(records, tokens.teller, as_json=request.as_json)


def show_one(request: TokenRequest, token: str, *, offline: bool) -> int:
    """Show a token, and what the destination says of it. Returns the exit code."""
    sink = Sink()
    tokens = card_tokens(request)
    knowledge = _knowledge(
        request, tokens, token, sink, offline=offline, needed=offline or request.history_named
    )
    if knowledge is None:
        return report(sink, as_json=request.as_json)
    if offline and knowledge.record is None:
        sink.error("FC0829", "no callback has named this token")
    result = None
    if not offline:
        result = _ask(request, tokens, tokens.show_operation, knowledge, sink, None)
    lines(knowledge, result, sink, as_json=request.as_json)
    if result is not None:
        return exit_code(result)
    return int(sink.has_errors)


def revoke_one(request: TokenRequest, token: str) -> int:
    """Revoke a token, and record the run. Returns the exit code."""
    sink = Sink()
    tokens = card_tokens(request)
    knowledge = _knowledge(request, tokens, token, sink, offline=False, needed=False)
    store = begin_history(request.history, sink) if knowledge else None
    if knowledge is None or store is None:
        return report(sink, as_json=request.as_json)
    with store:
        result = _ask(request, tokens, tokens.revoke_operation, knowledge, sink, store)
    if result is None:
        return report(sink, as_json=request.as_json)
    return result_of(result, sink, as_json=request.as_json)


def card_tokens(request: TokenRequest) -> CardTokens:
    """The card tokens of the destination, by the integration that its plans name.

    Where it is not built, an integration's own name stands for a destination of it. Raises
    `click.BadParameter` where the destination has none.
    """
    manifest = read_manifest(request.build, Sink())
    places = manifest.plans() if manifest is not None else []
    built = [names for names in places if names[1] == request.destination]
    if manifest is not None and built:
        plans = (plan_in(request.build, manifest, *names, Sink()) for names in built)
        named = (each for plan in plans if plan and (each := integration_of(plan)))
    else:
        named = (each for each in INTEGRATIONS if each.name == request.destination)
    integration = next(named, None)
    if integration is None:
        raise no_tokens(request.destination)
    return integration.tokens


def no_tokens(destination: str) -> click.BadParameter:
    """The mistake of naming a destination that makes no card tokens."""
    return click.BadParameter(
        f"{destination!r} is no destination with card tokens: its file names no integration that "
        "has them.",
        param_hint="DESTINATION",
    )


def _knowledge(
    request: TokenRequest,
    tokens: CardTokens,
    token: str,
    sink: Sink,
    *,
    offline: bool,
    needed: bool,
) -> TokenKnowledge | None:
    """What the vendor told, or the sandbox where that one is asked; offline, what anybody told.

    Without a history that is `needed`, None with the reason in the sink.
    """
    try:
        store = open_existing(request.history)
    except HistoryNotFoundError as problem:
        if not needed:
            return TokenKnowledge(token, None, ())
        sink.add(problem.diagnostic())
        return None
    except HistoryError as problem:
        sink.add(problem.diagnostic())
        return None
    with store:
        stored = tokens.store(store, emulated=request.sandbox is not None)
        if offline and stored.token(token) is None:
            stored = tokens.store(store, emulated=request.sandbox is None)
        return TokenKnowledge(token, stored.token(token), tuple(stored.callbacks_of(token)))


def _ask(
    token_request: TokenRequest,
    tokens: CardTokens,
    operation: str,
    knowledge: TokenKnowledge,
    sink: Sink,
    store: Store | None,
) -> RunResult | None:
    """Run an operation on the token, recorded in the `store`.

    None, with the reason in the sink, where nothing was sent.
    """
    customer = token_request.customer_id or (
        knowledge.record.facts.customer_id if knowledge.record else None
    )
    if customer is None:
        sink.error(
            "FC0829",
            "no callback has named this token, so nobody knows whose it is",
            hint="give the customer: --customer-id ID",
        )
        return None
    target = f"{token_request.destination}.{operation}"
    run_target = RunTarget(token_request.build, token_request.sandbox)
    may = load_approved_operation(run_target, "direct", target, token_request.environment, sink)
    if may is None:
        return None
    plan, operation, ambient = may
    request = RunRequest(texts=dict(tokens.params(customer, knowledge.token)))
    look_up = look_up_for(
        plan, token_request.build, token_request.sandbox, token_request.secrets_file, sink
    )

    emulated = token_request.sandbox is not None
    journal = journal_for(plan, run_target, store, emulated=emulated) if store else NoJournal()

    async def send() -> RunResult | None:
        async with run_dependencies(
            plan, operation, token_request.sandbox, ambient, journal
        ) as dependencies:
            return await run(plan, operation, request, look_up, dependencies, sink)

    return reach_sandbox(lambda: asyncio.run(send()))


def make(
    destination: str,
    card: str,
    customer_id: str,
    by: str,
    sandbox: str,
    build: Path,
    *,
    as_json: bool,
) -> int:
    """Make a token and show it. Returns the exit code: 1 where the payment gave none.

    Raises: `click.BadParameter` for a destination without tokens, `click.UsageError` where the
    sandbox is not there or makes none.
    """
    sink = Sink()
    plan = read_plan(build, "direct", destination, "sandbox", sink)
    if plan is None:
        return report(sink, as_json=as_json)
    integration = integration_of(plan)
    if integration is None:
        raise no_tokens(destination)
    tokens = integration.tokens
    answer = asyncio.run(_create(tokens, sandbox, plan, card, customer_id, by))
    token = answer["token"]
    if as_json:
        say_document({"customer_id": customer_id, **answer}, sink)
        return 0 if token else 1
    note(tokens.why_sandbox)
    say(f"token     {token or 'none: a payment that does not succeed makes none'}")
    say(f"customer  {customer_id}, project {answer['project_id']}")
    say(f"request   {answer['request_id']}, accepted; a callback tells the result")
    return 0 if token else 1


async def _create(
    tokens: CardTokens, sandbox: str, plan: Plan, card: str, customer_id: str, by: str
) -> dict[str, Any]:
    import httpx

    try:
        async with httpx.AsyncClient(transport=transport_to(sandbox, [plan]), timeout=10) as client:
            return {**await tokens.create(client, plan, card, customer_id, by)}
    except SandboxUnreachableError as problem:
        raise click.UsageError(f"--sandbox: {problem}") from None
    except SandboxTokenError as problem:
        raise click.UsageError(str(problem)) from None
    except (httpx.HTTPError, ValueError):
        raise click.UsageError(
            "--sandbox: no sandbox answers there; `forwardc sandbox` starts one."
        ) from None
