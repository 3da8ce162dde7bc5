"""Two files with six mistakes, as every form must show them."""

import pytest

from forwardc.core.diagnostics.diagnostic import Diagnostic, Related, Severity
from forwardc.core.diagnostics.excerpt_lines import ExcerptLines
from forwardc.core.diagnostics.span import Position, Span

SHOP = """\
forwardc: 1
name: shop
initator: customer
params:
  amount: {type: amount}
  amount: {type: integer}
json:
  total: ${params.amuont}
  länge: "日本 ${card.expiry}"
"""
MARKET = """\
forwardc: 1
base_url: http://api.market.example
\tname: market
"""


def at(path: str, line: int, start: int, end: int) -> Span:
    return Span(path, Position(line, start), Position(line, end))


@pytest.fixture
def sources() -> ExcerptLines:
    return ExcerptLines(texts={"destinations/shop.yaml": SHOP, "destinations/market.yaml": MARKET})


@pytest.fixture
def six() -> list[Diagnostic]:
    shop, market = "destinations/shop.yaml", "destinations/market.yaml"
    first = Related(at(shop, 5, 3, 9), "the same key stands here already")
    return [
        Diagnostic(
            "FC0302",
            "no param `amuont`",
            at(shop, 8, 12, 25),
            "/json/total",
            "did you mean `amount`?",
        ),
        Diagnostic(
            "FC0105", "duplicate key", at(shop, 6, 3, 9), "/params/amount", related=(first,)
        ),
        Diagnostic(
            "FC0201", "unknown key", at(shop, 3, 1, 9), "/initator", "did you mean `initiator`?"
        ),
        Diagnostic("FC0313", "an expiry without its form", at(shop, 9, 14, 25), "/json/länge"),
        Diagnostic("FC0108", "a tab in the indentation", at(market, 3, 1, 2)),
        Diagnostic(
            "FC0507",
            "a URL without TLS",
            at(market, 2, 11, 35),
            "/base_url",
            "write https://",
            Severity.WARNING,
        ),
    ]
