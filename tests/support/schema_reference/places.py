"""Where each kind of value may stand: a table that is made by trying every pair.

A pair is a small destination with one value at one place. Where the compiler has a finding, the
cell shows its code; else the vaults that carry it, those with a named loss in brackets; and where
none does, the code of the first one's refusal. Followed: `card.number` in a header is FC0502, and
`params.p` in a path is carried by Checkout.com alone, since an address at Stripe is exact.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from compiled import assessed, read_program
from forwardc.compile.vaults.findings import Verdict
from forwardc.compile.vaults.registry import vaults
from forwardc.core.diagnostics.sink import Sink

PATH: Final = "docs/reference/places.md"
PAGES_OF_CODES: Final = "compiler/forwardc/core/diagnostics/pages"


@dataclass(frozen=True)
class Value:
    """A kind of value: how a page calls it, its expression, and what declares it."""

    name: str
    expression: str
    declared: str = ""
    first_step: bool = False


@dataclass(frozen=True)
class Place:
    """A place of a destination. In its parts VALUE stands for `${EXPRESSION}`."""

    name: str
    path: str = "/pay"
    request: str = ""
    body: str = 'json: {number: "${card.number}"}'
    base_url: str = "https://shop.example"
    extra: str = ""
    when: str = "response.status == 200"
    deliver: str = "vault"


VALUES: Final = (
    Value("a literal", "'a'"),
    Value("a setting", "settings.s", "settings: {s: {type: string, default: a}}"),
    Value("a param", "params.p", "params: {p: {type: string, max_length: 9}}"),
    Value("a secret", "secrets.k", "secrets: {k: {description: key}}"),
    Value(
        "a secret of `high_entropy`",
        "secrets.k",
        "secrets: {k: {description: key, high_entropy: true}}",
    ),
    Value("`run.id`", "run.id"),
    Value("an output of an earlier step", "steps.first.o", first_step=True),
    Value("`instrument.last4`", "instrument.last4"),
    Value("`billing.country`", "billing.country"),
    Value("`card.holder_name`", "card.holder_name"),
    Value("`card.expiry.MM`", "card.expiry.MM"),
    Value("`card.cvc`", "card.cvc"),
    Value("`card.number`", "card.number"),
)
_JSON: Final = 'json: {{number: "${{card.number}}", a: "{}"}}'
PLACES: Final = (
    Place("host", base_url="https://VALUE.shop.example"),
    Place("path", path="/pay/VALUE"),
    Place("query", request='query: {a: "VALUE"}'),
    Place("header", request='headers: {X-A: "VALUE"}'),
    Place("JSON", body=_JSON.format("VALUE")),
    Place("longer text in JSON", body=_JSON.format("a VALUE b")),
    Place("hash in JSON", body=_JSON.format("${hex(sha256(EXPRESSION))}")),
    Place("form", body='form: {number: "${card.number}", a: "VALUE"}'),
    Place("XML element", body='xml: {r: {number: "${card.number}", a: "VALUE"}}'),
    Place("XML attribute", body='xml: {r: {number: "${card.number}", .a: "VALUE"}}'),
    Place("direct step", body='json: {a: "VALUE"}', deliver="direct"),
    Place("`when:`", when="response.json['a'] == EXPRESSION"),
)


def page() -> str:
    """The page, as Markdown."""
    names = [place.name for place in PLACES]
    used: set[str] = set()
    rows = []
    for value in VALUES:
        cells = ["<br>".join(_told(value, place, used)) for place in PLACES]
        rows.append(f"| {value.name} | {' | '.join(cells)} |")
    links = [
        f"[{code}]: {os.path.relpath(f'{PAGES_OF_CODES}/{code}.md', Path(PATH).parent)}"
        for code in sorted(used)
    ]
    lines = [
        "<!-- Written by `make generated`, which tries every pair. -->",
        "# Where a value may stand",
        "",
        "One small destination for each cell, compiled for every vault that holds cards. A name is",
        "a vault that carries the value there, in brackets where coverage names a loss; *all* are",
        "all of them. A code is why it cannot stand there; of several, the first is told.",
        "`forwardc coverage --why` says the same of a file of yours, with its line.",
        "",
        f"| | {' | '.join(names)} |",
        f"|---|{'---|' * len(names)}",
        *rows,
        "",
        *links,
    ]
    return "\n".join(lines) + "\n"


def _told(value: Value, place: Place, used: set[str]) -> Iterator[str]:
    """The lines of a cell. Codes that it names are added to `used`."""
    sink = Sink()
    program = read_program(_definition(value, place).encode(), sink)
    if program is None or sink.has_errors:
        yield _link(next(one.code for one in sink.sorted() if one.severity == "error"), used)
        return
    holders = [one.name for one in vaults() if "source_kinds" in one.facts.data]
    verdicts = {name: assessed(program, name)[0] for name in holders}
    carried = [name for name, one in verdicts.items() if one.level != "refused"]
    shown = [name if verdicts[name].level == "full" else f"({name})" for name in carried]
    if shown == holders:
        yield "all"
    elif shown:
        yield from shown
    else:
        findings = next(iter(verdicts.values())).findings
        yield _link(next(one.code for one in findings if one.verdict is Verdict.REFUSED), used)


def _link(code: str, used: set[str]) -> str:
    used.add(code)
    return f"[{code}]"


def _definition(value: Value, place: Place) -> str:
    first = """
      first:
        deliver: direct
        request: {POST: /first, json: {a: b}}
        response: {outputs: {o: {at: /o}}, outcome: by_status}"""
    text = f"""\
forwardc: 1
name: place
title: A value at a place
environments: {{sandbox: {{base_url: "{place.base_url}"}}}}
{value.declared}
operations:
  pay:
    initiator: customer
    steps:{first if value.first_step else ""}
      pay:
        deliver: {place.deliver}
        request:
          POST: "{place.path}"
          {place.request}
          {place.body}
        response:
          outcome: [{{when: "${{{place.when}}}", is: approved}}]
"""
    return text.replace("VALUE", "${EXPRESSION}").replace("EXPRESSION", value.expression)
