"""A host of the operator's own network is allowed in the open: in plan, page and approval."""

import json
from collections.abc import Callable

from forwardc.plan.digests import approval_digest, leaving
from forwardc.plan.model import load_plan
from shop_project import Project

RISK = """forwardc: 1
name: shop
title: Card payments of a shop, scored first
environments: {sandbox: {base_url: "https://HOST"PRIVATE}}
operations:
  score:
    initiator: customer
    steps:
      ask:
        deliver: direct
        request:
          POST: /scores
          json: {order: "A-1"}
        response: {outcome: by_status}
"""


def built(compiled: Callable[..., Project], host: str, *, private: bool) -> dict[str, bytes]:
    mark = ", private: true" if private else ""
    project = compiled(RISK.replace("HOST", host).replace("PRIVATE", mark))
    assert [found.code for found in project.sink.sorted()] == []
    return dict(project.compiled.outputs())


def test_it_stands_in_the_plan_and_in_what_an_approval_covers(
    compiled: Callable[..., Project],
) -> None:
    plans = {}
    for private in (False, True):
        data = built(compiled, "risk.shop.example", private=private)[
            "direct/shop/sandbox.plan.json"
        ]
        assert ("private" in json.loads(data)["operations"]["score"]["steps"][0]) is private
        plans[private] = load_plan(data)
    assert approval_digest(plans[False], "score") != approval_digest(plans[True], "score")
    assert "private" not in leaving(plans[False], "score")["steps"][0]
    assert leaving(plans[True], "score")["steps"][0]["private"] is True


def test_the_page_shows_it(compiled: Callable[..., Project]) -> None:
    pages = {
        private: built(compiled, "risk.shop.example", private=private) for private in (False, True)
    }
    shown = {private: page["direct/shop/review.html"].decode() for private, page in pages.items()}
    assert "the host may be one of our own network" in shown[True]
    assert "own network" not in shown[False]


def test_hosts_of_ones_own_network(compiled: Callable[..., Project]) -> None:
    for host in ("gateway", "risk.internal", "10.0.0.8:8443", "[fd00::8]:8443", "localhost"):
        plan = json.loads(built(compiled, host, private=True)["direct/shop/sandbox.plan.json"])
        assert plan["hosts"]["destination"] == [host]
