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
    assert refused(TEXT, "direct", RunRequest(params=params)).endswith(names)


# Of a query and of headers, Checkout.com takes few characters of a run, but any of a time.
STRICT = """forwardc: 1
name: shop
title: A shop
environments: {sandbox: {base_url: https://shop.example}}
params:
  order: {type: json, schema: {type: object, required: [id], properties: {id: {type: string}}}}
  tags: {type: json, schema: {type: array, items: {type: string}}}
operations:
  send:
    initiator: customer
    steps:
      send:
        request:
          POST: /
          query: {id: "${params.order['id']}"}
          headers:
            Date: ${http_date(run.now)}
            X-Tags: ${join(params.tags, '|')}
          json: {number: "${card.number}"}
        response: {outcome: by_status}
"""


@pytest.mark.parametrize(
    ("order", "tag", "names"),
    [
        ("O 1", "a", "(params.order)"),
        ("O-1", "a b", "(params.tags)"),
        ("O 1", "a b", "(params.order, params.tags)"),
    ],
    ids=["member", "item", "both"],
)
def test_what_a_function_makes_of_a_value_is_not_to_blame(order: str, tag: str, names: str) -> None:
    params = {"order": {"id": order}, "tags": [tag, "b"]}
    request = RunRequest(source="src_".ljust(30, "a"), params=params)
    assert refused(STRICT, "checkout", request).endswith(names)


def refused(text: str, vault: str, request: RunRequest) -> str:
    """What one run says that sends nothing."""
    plan, sink = load_plan(json.dumps(plan_of(program_of(text), vault)).encode()), Sink()
    calls: list[httpx.Request] = []

    def answer(asked: httpx.Request) -> httpx.Response:
        calls.append(asked)
        return httpx.Response(200)

    async def once() -> object:
        async with Sender(httpx.MockTransport(answer)) as sender:
            means = RunDependencies(sender, VaultKeys(sender))
            return await run(plan, "send", request, sandbox_resolver(plan), means, sink)

    assert asyncio.run(once()) is None
    assert calls == []
    (problem,) = sink.sorted()
    assert problem.code == "FC0807"
    return problem.message
