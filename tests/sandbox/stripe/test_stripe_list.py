"""Forwarding requests read again: lists in pages, filters, and thirty days."""

from typing import Any

import pytest

FORWARD = "/v1/forwarding/requests"
BLANK = {"card": {"number": "", "exp_month": "", "exp_year": "", "cvc": "", "name": ""}}
ADYEN = "https://checkout-test.adyen.com/v71/payments"


def error(answer: Any) -> dict[str, Any]:
    found: dict[str, Any] = answer.json()["error"]
    return found


def made(bench, count: int) -> list[str]:
    ids = []
    for _ in range(count):
        bench.time += 10
        ids.append(bench.forward(BLANK).json()["id"])
    return ids[::-1]


def listed(bench, query: str = "") -> tuple[list[str], bool]:
    page = bench.get(f"{FORWARD}?{query}").json()
    assert (page["object"], page["url"]) == ("list", FORWARD)
    return [row["id"] for row in page["data"]], page["has_more"]


def test_lists_newest_first_in_pages_of_ten(bench):
    ids = made(bench, 12)
    assert listed(bench) == (ids[:10], True)
    assert listed(bench, f"starting_after={ids[9]}") == (ids[10:], False)
    assert listed(bench, "limit=100") == (ids, False)


def test_cursors_walk_both_ways(bench):
    ids = made(bench, 6)
    assert listed(bench, f"limit=2&starting_after={ids[1]}") == (ids[2:4], True)
    assert listed(bench, f"limit=2&ending_before={ids[4]}") == (ids[2:4], True)
    assert listed(bench, f"limit=2&ending_before={ids[2]}") == (ids[:2], False)


def test_created_filters(bench):
    ids = made(bench, 3)
    at = bench.get(f"{FORWARD}/{ids[1]}").json()["created"]
    assert listed(bench, f"created[gt]={at}")[0] == ids[:1]
    assert listed(bench, f"created[gte]={at}")[0] == ids[:2]
    assert listed(bench, f"created[lt]={at}")[0] == ids[2:]
    assert listed(bench, f"created[lte]={at}")[0] == ids[1:]


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=101", "limit=ten", "created=5", "starting_after=fwdreq_x", "page=2"]
)
def test_bad_list_parameters(bench, query):
    assert bench.get(f"{FORWARD}?{query}").status_code == 400


def test_both_cursors_exclude_each_other(bench):
    one, two = made(bench, 2)
    assert bench.get(f"{FORWARD}?starting_after={one}&ending_before={two}").status_code == 400


def test_requests_are_kept_thirty_days(bench):
    (identifier,) = made(bench, 1)
    bench.time += 30 * 86_400 - 1
    assert bench.get(f"{FORWARD}/{identifier}").status_code == 200
    bench.time += 1
    gone = bench.get(f"{FORWARD}/{identifier}")
    assert (gone.status_code, error(gone)["code"]) == (404, "resource_missing")
    assert listed(bench) == ([], False)
