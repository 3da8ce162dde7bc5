"""Runs a plan through an emulated vault to a gateway that answers in its own words.

The sandbox's echo judges what arrives first: what a real destination could not read never gets an
answer of the gateway's.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

from arranged import NOW, handed
from emulated import Emulated
from forwardc.plan.model import Plan
from forwardc.runtime.run.result import RunResult
from forwardc.sandbox.world import EmulatedAnswer, OutboundRequest, World

KINDS: Final = {"{": "application/json", "<": "text/xml"}
"""The type of an answer, by its first character; a form otherwise."""


def answered_run(
    plan: Plan,
    source: str,
    params: Mapping[str, str],
    answer: tuple[int, str] | None = None,
) -> tuple[RunResult, OutboundRequest]:
    """Run the one operation of a plan: the result, and what the vault delivered.

    `answer` is status and body, in place of the echo's; of `params` those that are asked for are
    given.
    """
    (operation,) = plan.operations
    emulated = Emulated(World(now=lambda: NOW, project=handed([plan])))
    deliver = emulated.world.send
    assert deliver is not None

    async def answered(outbound: OutboundRequest) -> EmulatedAnswer:
        echoed = await deliver(outbound)
        assert echoed.status == 200, echoed.body
        if answer is None:
            return echoed
        status, body = answer
        kind = KINDS.get(body[:1], "application/x-www-form-urlencoded")
        return EmulatedAnswer(status, (("content-type", kind),), body.encode(), duration_ms=1)

    emulated.world.send = answered
    asked = plan.operations[operation].params
    result = emulated.run(
        *(plan.vault, plan.destination, operation, source),
        plan=plan,
        now=datetime.fromtimestamp(NOW, UTC),
        **{name: text for name, text in params.items() if name in asked},
    )
    return result, emulated.exchanges[-1][0]
