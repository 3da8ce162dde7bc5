"""A value that cannot be computed with is named, and nothing that stands beside it."""

import asyncio
import json
from typing import Any

import httpx
import pytest

from compiled import plan_of, program_of
from forwardc.core.diagnostics.sink import Sink
from forwardc.plan.model import load_plan
from forwardc.runtime.http.jwk_sets import VaultKeys
from forwardc.runtime.http.send import Sender
from forwardc.runtime.run.context import RunDependencies
from forwardc.runtime.run.request import RunRequest
from forwardc.runtime.run.run import run
from forwardc.runtime.secret_providers.plan_secrets import sandbox_resolver

TEXT = """forwardc: 1
name: shop
title: A shop
environments: {sandbox: {base_url: https://shop.example}}
params:
  country: {type: country}
  other: {type: country}
  tags: {type: json, schema: {type: array, items: {type: string}}}
operations:
  send:
    initiator: customer
    steps:
      send:
        request:
          POST: /
          form:
            at: ${format_time(run.now, 'YYYYMMDD')}
            country: ${country_alpha3(params.country)}
            other: ${lower(country_number(params.other))}
            tags: ${join(params.tags, ',')}
            list: ${params.tags}
        response: {outcome: by_status}
"""


@pytest.mark.parametrize(
    ("params", "names"),
    [
        ({"country": "XK", "other": "NO", "tags": ["a"]}, "(params.country)"),
        ({"country": "NO", "other": "xk", "tags": ["a"]}, "(params.other)"),
        ({"country": "NO", "other": "SE", "tags": ["a,b"]}, "(params.tags)"),
    ],
    ids=["country", "other", "tags"],
)
def test_a_refused_run_names_what_is_to_blame(params: dict[str, Any], names: str) -> None:
    plan, sink = load_plan(json.dumps(plan_of(program_of(TEXT), "direct")).encode()), Sink()
    calls: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        calls.append(request)
        return httpx.Response(200)

    async def once() -> object:
        async with Sender(httpx.MockTransport(answer)) as sender:
            means = RunDependencies(sender, VaultKeys(sender))
            return await run(
                plan, "send", RunRequest(params=params), sandbox_resolver(plan), means, sink
            )

    assert asyncio.run(once()) is None
    assert calls == []
    (problem,) = sink.sorted()
    assert problem.code == "FC0807"
    assert problem.message.endswith(names)
