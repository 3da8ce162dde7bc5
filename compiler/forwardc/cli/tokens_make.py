"""Makes a token of a test card: the sandbox plays whoever holds the card's number."""

import asyncio
from pathlib import Path
from typing import Any

import click

from forwardc.cli.json_output import say_document
from forwardc.cli.output import note, say
from forwardc.cli.sandbox_link import Unreachable, transport_to
from forwardc.cli.tokens_show import report
from forwardc.cli.tokens_work import no_tokens
from forwardc.core.diagnostics.sink import Sink
from forwardc.integrations.integration import CardTokens, SandboxTokenError
from forwardc.integrations.registry import integration_of
from forwardc.plan.build_folder import read_plan
from forwardc.plan.model import Plan


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
    """Make a token and show it. Returns the exit code: 1 where the payment gave none."""
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
    except Unreachable as problem:
        raise click.UsageError(f"--sandbox: {problem}") from None
    except SandboxTokenError as problem:
        raise click.UsageError(str(problem)) from None
    except (httpx.HTTPError, ValueError):
        raise click.UsageError(
            "--sandbox: no sandbox answers there; `forwardc sandbox` starts one."
        ) from None
