"""What a vendor's code means, as the author's table says it, is the reason of a run."""

import asyncio
import json
from typing import Any

import httpx
import pytest

from compiled import codes_of, plan_of, program_of
from forwardc.compile.vaults.encode import to_bytes
from forwardc.core.diagnostics.sink import Sink
from forwardc.plan.digests import behaviour_digest
from forwardc.plan.model import Plan, load_plan
from forwardc.runtime.http.jwk_sets import VaultKeys
from forwardc.runtime.http.send import Sender
from forwardc.runtime.run.context import RunDependencies
from forwardc.runtime.run.request import ClockAndIds, RunRequest
from forwardc.runtime.run.run import run
from forwardc.runtime.secret_providers.plan_secrets import sandbox_resolver

FILE = """\
forwardc: 1
name: till
title: A till that answers with codes
environments: {sandbox: {base_url: "https://api.till.example"}}
operations:
  ask:
    initiator: merchant
    steps:
      ask:
        deliver: direct
        request: {POST: /ask, json: {a: b}}
        response:
          reason: REASON
          outcome: by_status
"""
WORDS = '{"05": do not honor, "51": insufficient funds, "-1": "no   such\\tcard", "1.5": half}'
BOTH = f"[{{at: /code, map: {WORDS}}}, {{at: /message}}]"


def till(reason: str) -> Plan:
    return load_plan(to_bytes(plan_of(program_of(FILE.replace("REASON", reason)), "direct")))


def reason_of(plan: Plan, answer: Any) -> str | None:
    async def go() -> str | None:
        refusing = httpx.MockTransport(lambda _: httpx.Response(402, text=json.dumps(answer)))
        async with Sender(refusing) as sender:
            means, sink = RunDependencies(sender, VaultKeys(sender), ClockAndIds()), Sink()
            done = await run(plan, "ask", RunRequest(), sandbox_resolver(plan), means, sink)
            assert done is not None, [one.message for one in sink.sorted()]
            return done.reason

    return asyncio.run(go())


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ({"code": "05", "message": "Refused"}, "do not honor"),
        ({"code": " 05 "}, "do not honor"),
        ({"code": "51"}, "insufficient funds"),
        ({"code": 51}, "insufficient funds"),
        ({"code": -1}, "no such card"),
        ({"code": 1.5}, "half"),
        # A number has no leading zero, and is another code.
        ({"code": 5, "message": "Refused"}, "Refused"),
        ({"code": "99", "message": "Refused"}, "Refused"),
        ({"code": None, "message": "Refused"}, "Refused"),
        ({"code": True, "message": "Refused"}, "Refused"),
        ({"code": ["05"], "message": "Refused"}, "Refused"),
        ({"message": "Refused"}, "Refused"),
    ],
    ids=range(12),
)
def test_a_code_has_its_words_and_any_other_leaves_it_to_the_next_place(
    answer: Any, reason: str
) -> None:
    assert reason_of(till(BOTH), answer) == reason


def test_a_code_without_words_is_told_where_the_author_says_so() -> None:
    plan = till("[{at: /code, map: {a: b}}, {at: /code}]")
    assert reason_of(plan, {"code": "a"}) == "b"
    assert reason_of(plan, {"code": "zz"}) == "zz"


def test_where_no_place_says_anything_the_status_does() -> None:
    said = reason_of(till("{at: /code, map: {a: b}}"), {"code": "zz"})
    assert said is not None
    assert "402" in said
    assert "zz" not in said


def test_the_table_is_part_of_what_is_approved() -> None:
    reasons = ("{at: /code}", "{at: /code, map: {a: b}}", "{at: /code, map: {a: c}}")
    assert len({behaviour_digest(till(reason), "ask") for reason in reasons}) == 3


@pytest.mark.parametrize(
    "table", ["{}", "{a: 5}", "{a: ''}", "{a: [b]}", "{a: {b: c}}", "[a]", "a", "{'': b}"]
)
def test_what_is_no_table_of_words(table: str) -> None:
    assert codes_of(FILE.replace("REASON", f"{{at: /code, map: {table}}}"))


def test_a_code_is_text_in_quotes() -> None:
    """What YAML reads as a number would lose its zeros."""
    assert codes_of(FILE.replace("REASON", "{at: /code, map: {05: do not honor}}")) == ["FC0111"]
