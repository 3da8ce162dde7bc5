"""The mistakes that were seeded into other compilers of configuration, seeded into ours.

Nine mistakes, each refused at the line to edit; six in two files, told in one run and briefly.
"""

from pathlib import Path

import pytest

from forwardc.compile.pipeline import compile_project
from forwardc.core.diagnostics.diagnostic import Diagnostic
from forwardc.core.diagnostics.excerpt_lines import ExcerptLines
from forwardc.core.diagnostics.render.render import DiagnosticFormat, render
from forwardc.core.diagnostics.sink import Sink

SHOP = """\
forwardc: 1
name: shop
title: Card payments of a shop
environments:
  sandbox: {base_url: "https://api.shop.example"}
settings:
  account: {type: string, max_length: 32}
params:
  amount: {type: amount, minimum: 1}
  note: {type: string, max_length: 64}
secrets:
  shop_key: {description: API key of the shop}
operations:
  payment:
    initiator: customer
    steps:
      pay:
        request:
          POST: /payments
          headers:
            X-Api-Key: ${secrets.shop_key}
          json:
            number: ${card.number}
            amount: ${params.amount}
            note: ${params.note}
            account: ${settings.account}
        response: {outcome: by_status}
"""
MARKET = SHOP.replace("shop", "market")
PROJECT = """\
forwardc: 1
environments:
  sandbox:
    vaults: {checkout: {processing_channel_id: pc_sandbox0000000000000000000, prefix: shop1234}}
    settings:
      shop: {account: example}
      market: {account: example}
"""

# File, the text that is replaced, the mistake, its code, and the text of the line to edit.
NINE = {
    "misspelled key": ("shop", "minimum: 1", "minimun: 1", "FC0201", "minimun"),
    "value that is not allowed": (
        "shop",
        "initiator: customer",
        "initiator: costumer",
        "FC0204",
        "costumer",
    ),
    "no environment": (
        "shop",
        'environments:\n  sandbox: {base_url: "https://api.shop.example"}\n',
        "environments: {}\n",
        "FC0206",
        "environments: {}",
    ),
    "plain http": ("shop", '"https://', '"http://', "FC0507", "http://"),
    "undeclared secret": (
        "shop",
        "${secrets.shop_key}",
        "${secrets.shop_kye}",
        "FC0309",
        "shop_kye",
    ),
    "wrong type": ("shop", "max_length: 64", 'max_length: "64"', "FC0203", '"64"'),
    "value and secret in one": (
        "shop",
        "{description: API key of the shop}",
        "{description: API key of the shop, value: hunter}",
        "FC0201",
        "value: hunter",
    ),
    "bad value that no request reads": (
        "forwardc",
        "shop: {account: example}",
        "shop: {account: example, region: EU}",
        "FC0320",
        "region",
    ),
    "duplicate key": (
        "shop",
        "            note: ${params.note}\n",
        "            note: ${params.note}\n            amount: 5\n",
        "FC0105",
        "amount: 5",
    ),
}


def check(root: Path, **files: str) -> list[Diagnostic]:
    texts = {"shop": SHOP, "market": MARKET, "forwardc": PROJECT} | files
    (root / "destinations").mkdir()
    for name, text in texts.items():
        path = root / "forwardc.yaml" if name == "forwardc" else root / f"destinations/{name}.yaml"
        path.write_text(text, encoding="utf-8")
    sink = Sink()
    compile_project(root, sink)
    return sink.sorted()


def test_the_project_without_a_mistake_is_clean(tmp_path: Path) -> None:
    assert check(tmp_path) == []


@pytest.mark.parametrize("mistake", NINE)
def test_each_mistake_is_refused_at_the_line_to_edit(mistake: str, tmp_path: Path) -> None:
    name, right, wrong, code, shown = NINE[mistake]
    before = PROJECT if name == "forwardc" else SHOP
    assert right in before
    after = before.replace(right, wrong, 1)
    found = check(tmp_path, **{name: after})
    (first,) = found
    assert first.code == code
    assert first.span is not None
    assert Path(first.span.path).stem == name
    assert shown in after.split("\n")[first.span.start.line - 1]


@pytest.fixture
def six(tmp_path: Path) -> list[Diagnostic]:
    shop = SHOP
    for mistake in ("misspelled key", "value that is not allowed", "plain http"):
        shop = shop.replace(*NINE[mistake][1:3], 1)
    market = MARKET.replace("max_length: 64", 'max_length: "64"', 1)
    market = market.replace("${card.number}", "${card.nubmer}", 1)
    market = market.replace(
        "            note: ${params.note}\n",
        "            note: ${params.note}\n            amount: 5\n",
        1,
    )
    return check(tmp_path, shop=shop, market=market)


def test_six_mistakes_in_two_files_are_told_in_one_run(
    six: list[Diagnostic], tmp_path: Path
) -> None:
    told = [(Path(one.span.path).stem, one.code) for one in six if one.span]
    assert told == [
        ("market", "FC0203"),
        ("market", "FC0302"),
        ("market", "FC0105"),
        ("shop", "FC0507"),
        ("shop", "FC0201"),
        ("shop", "FC0204"),
    ]
    text = render(six, DiagnosticFormat.TEXT, ExcerptLines(tmp_path))
    assert len(text.splitlines()) <= 40
    concise = render(six, DiagnosticFormat.CONCISE, ExcerptLines(tmp_path))
    assert len(concise.splitlines()) == 6
