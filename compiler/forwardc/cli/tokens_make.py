"""Asks a sandbox for a token of a test card. Knows names of cards, and no number.

The merchant's own side of `tokenize` is where the card number is; here the sandbox plays it.
"""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from forwardc.cli.json_output import say_document
from forwardc.cli.output import note, say
from forwardc.cli.sandbox_link import Unreachable, transport_to
from forwardc.cli.tokens_show import report
from forwardc.cli.tokens_work import project_of
from forwardc.core.diagnostics.sink import Sink
from forwardc.plan.build_folder import read_plan
from forwardc.plan.model import Plan

if TYPE_CHECKING:
    import httpx

_SWITCHES: Final = "https://api.rocketpay.kz/_sandbox/rocketpay"
_WHY: Final = (
    "The Gate wants a signature over the card number too, so only whoever holds the number can ask "
    "for a token. forwardc holds none: the sandbox signed for a test card of its own."
)


def make(card: str, customer_id: str, by: str, sandbox: str, build: Path, *, as_json: bool) -> int:
    """Make a token and show it. Returns the exit code: 1 where the payment gave none."""
    sink = Sink()
    plan = read_plan(build, "direct", "rocketpay", "sandbox", sink)
    if plan is None:
        return report(sink, as_json=as_json)
    asked = {"card": card, "customer_id": customer_id, "project_id": project_of(plan), "by": by}
    answer = asyncio.run(_ask(sandbox, plan, asked))
    token = answer["token"]
    if as_json:
        say_document({"customer_id": customer_id, **answer}, sink)
        return 0 if token else 1
    note(_WHY)
    say(f"token     {token or 'none: a payment that does not succeed makes none'}")
    say(f"customer  {customer_id}, project {answer['project_id']}")
    say(f"request   {answer['request_id']}, accepted; a callback tells the result")
    return 0 if token else 1


async def _ask(sandbox: str, plan: Plan, asked: dict[str, Any]) -> dict[str, Any]:
    import httpx

    try:
        async with httpx.AsyncClient(transport=transport_to(sandbox, [plan]), timeout=10) as client:
            await _check_name(client, asked["card"])
            answer = await client.post(f"{_SWITCHES}/tokens", json=asked)
    except Unreachable as problem:
        raise click.UsageError(f"--sandbox: {problem}") from None
    except (httpx.HTTPError, ValueError):
        raise click.UsageError(
            "--sandbox: no sandbox answers there; `forwardc sandbox` starts one."
        ) from None
    if answer.status_code != httpx.codes.OK:
        raise click.UsageError(f"The sandbox refused to make the token: {_reason(answer)}.")
    content: dict[str, Any] = answer.json()
    return content


async def _check_name(client: "httpx.AsyncClient", card: str) -> None:
    listed = (await client.get(f"{_SWITCHES}/cards")).raise_for_status().json()
    names = [one["name"] for one in listed["data"]]
    if card not in names:
        # What stands there may be a card number, so that the message does not repeat it.
        raise click.UsageError(f"--card takes the name of a test card: {', '.join(names)}.")


def _reason(answer: "httpx.Response") -> str:
    content = answer.json()
    errors = content.get("errors") or [{"message": content.get("error", "no reason was given")}]
    field = errors[0].get("field")
    return str(errors[0]["message"]) + (f" ({field})" if field else "")
