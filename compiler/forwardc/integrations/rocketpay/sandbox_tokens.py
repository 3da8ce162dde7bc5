"""Asks a sandbox for a token of a test card, by the card's name.

The merchant's own side of `tokenize` is where the card number is; here the sandbox plays it, at
switches of its own beside the Gate's API.
"""

import json
from typing import TYPE_CHECKING, Any, Final

from forwardc.core.diagnostics.sink import Sink
from forwardc.integrations.integration import SandboxTokenError
from forwardc.plan.model import Plan
from forwardc.runtime.run.request import ClockAndIds, RunRequest
from forwardc.runtime.run.run import preview
from forwardc.runtime.secret_providers.plan_secrets import sandbox_resolver

if TYPE_CHECKING:
    import httpx

_SWITCHES: Final = "https://api.rocketpay.kz/_sandbox/rocketpay"
_NO_TOKEN: Final = "0" * 64
"""Has a token's form, for a request that nobody sends."""


async def create_token(
    client: "httpx.AsyncClient", plan: Plan, card: str, customer_id: str, by: str
) -> dict[str, Any]:
    """What the sandbox answered; its `token` is None where the payment gave none.

    Raises: `SandboxTokenError` where it refuses; `httpx.HTTPError` and `ValueError` where what
    answers there is no sandbox.
    """
    await _check_name(client, card)
    wish = {"card": card, "customer_id": customer_id, "project_id": _project_of(plan), "by": by}
    answer = await client.post(f"{_SWITCHES}/tokens", json=wish)
    if answer.status_code != 200:
        raise SandboxTokenError(f"The sandbox refused to make the token: {_reason(answer)}.")
    content: dict[str, Any] = answer.json()
    return content


async def _check_name(client: "httpx.AsyncClient", card: str) -> None:
    listed = (await client.get(f"{_SWITCHES}/cards")).raise_for_status().json()
    names = [named["name"] for named in listed["data"]]
    if card not in names:
        # What stands there may be a card number, so that the message does not repeat it.
        raise SandboxTokenError(f"--card takes the name of a test card: {', '.join(names)}.")


def _project_of(plan: Plan) -> int:
    """The project id that a plan was built with, out of the request that it makes."""
    texts = {"customer_id": "none", "token": _NO_TOKEN}
    request, sink = RunRequest(texts=texts), Sink()
    shown = preview(
        plan, "revoke", request, sandbox_resolver(plan), sink, ClockAndIds(emulated=True)
    )
    if not shown or shown[0].body is None:
        raise RuntimeError("the plan of revoke makes no request")
    return int(json.loads(shown[0].body)["customer"]["project_id"])


def _reason(answer: "httpx.Response") -> str:
    content = answer.json()
    errors = content.get("errors") or [{"message": content.get("error", "no reason was given")}]
    field = errors[0].get("field")
    return str(errors[0]["message"]) + (f" ({field})" if field else "")
