"""`review.html`: everything that leaves stands in it, and it asks nobody for anything."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forwardc.compile.compiled import Compiled
from forwardc.compile.ir.program import ProgramStep, terms_of
from forwardc.compile.pipeline import compile_project
from forwardc.compile.review.approve import ApprovalAct, with_approvals
from forwardc.compile.vaults.assess import Assessment
from forwardc.core.diagnostics.sink import Sink
from forwardc.core.recognizer.cards import find_cards
from forwardc.core.recognizer.scan import find_secrets
from forwardc.core.terms.terms import Atom, Ref, walk
from forwardc.plan.lock import Lock
from forwardc.plan.model import Plan, load_plan
from forwardc.sandbox.cards import lookup
from html_page import Page, parsed
from shop_project import ACCOUNTS, SHOP, Project

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build"
TODAY = date(2026, 11, 20)
NAME = re.compile(r"[\w.]+")
PATH = "stripe/shop/review.html"
LOADING = {"src", "srcset", "background", "poster", "data", "action", "formaction", "style"}


@cache
def this_project() -> Compiled:
    return compile_project(ROOT, Sink(), TODAY)


def pages_of(compiled: Compiled) -> dict[str, str]:
    return {at: text for at, text in compiled.documents().items() if at.endswith("review.html")}


@cache
def pages() -> dict[str, str]:
    return pages_of(this_project())


@cache
def later() -> dict[str, str]:
    return pages_of(compile_project(ROOT, Sink(), date(2027, 1, 1)))


@cache
def built() -> dict[str, Page]:
    return {at: parsed(text) for at, text in pages().items()}


def operations(at: str) -> Iterator[Assessment]:
    """What a pack's page is about: its production, else its sandbox."""
    found = [
        one
        for one in this_project().assessments
        if f"{one.vault.name}/{one.context.program.destination}/review.html" == at
        and one.emission is not None
    ]
    environments = {one.context.environment_class for one in found}
    leading = "production" if "production" in environments else "sandbox"
    yield from (one for one in found if one.context.environment_class == leading)


def names_in(step: ProgramStep) -> set[str]:
    """The names that a value of the request is made of."""
    return {
        node.name
        for term in terms_of(step.request)
        for node in walk(term)
        if isinstance(node, Atom | Ref)
    }


# Those that are committed: every worker imports this, and none of them compiles for that.
@pytest.fixture(
    params=sorted(at.relative_to(BUILD).as_posix() for at in BUILD.rglob("review.html"))
)
def at(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_nothing_is_loaded_from_anywhere(at: str) -> None:
    page, text = built()[at], pages()[at]
    tags = {tag for tag, _ in page.tags}
    assert not tags & {"script", "link", "img", "iframe", "object", "embed", "base", "form"}
    for tag, attributes in page.tags:
        assert not LOADING & set(attributes), tag
        assert not [name for name in attributes if name.startswith("on")], tag
        outside = {name for name, value in attributes.items() if "://" in value}
        # A link is followed when somebody clicks it, and a namespace is a name.
        assert outside <= ({"href"} if tag == "a" else {"xmlns"}), tag
    # `base64url(...)` is a function of the language, shown as text.
    assert not re.search(r"(?<!\w)url\((?!#[a-z-]+\))", text)
    assert "@import" not in text
    policy = [a["content"] for tag, a in page.tags if a.get("http-equiv")]
    assert policy == ["default-src 'none'; style-src 'unsafe-inline'"]


def test_every_value_that_leaves_stands_in_the_table_of_its_operation(at: str) -> None:
    for one in operations(at):
        rows = built()[at].rows[one.context.operation.name]
        sources = {name for row in rows if len(row) == 5 for name in NAME.findall(row[1])}
        for step in one.context.operation.steps:
            assert names_in(step) <= sources


def test_keys_are_named_with_the_place_they_go_to(at: str) -> None:
    rows = {row[0]: row for row in built()[at].rows[""] if len(row) == 4}
    for one in operations(at):
        for step in one.context.operation.steps:
            for name in names_in(step):
                if name.startswith("secrets."):
                    assert rows[name.removeprefix("secrets.")][2]


def test_no_secret_and_no_card_stands_in_it(at: str) -> None:
    text = pages()[at]
    assert not find_secrets(text)
    numbers = [re.sub(r"\D", "", text[card.start : card.end]) for card in find_cards(text)]
    assert all(lookup(number) for number in numbers)


def test_headings_tell_what_a_reviewer_looks_for(at: str) -> None:
    page = built()[at]
    assert {"Operations", "Keys and credentials"} <= set(page.headings)
    for one in operations(at):
        name = one.context.operation.name
        assert any(heading.endswith(f" {name}") for heading in page.headings)
        assert f"Step {one.context.operation.steps[0].name}: what leaves" in "".join(page.headings)
    vault = next(iter(operations(at))).vault.facts
    assert ("Not done by forwardc" in page.headings) == ("not_done" in vault.data)


def test_the_page_is_the_same_every_time(at: str) -> None:
    assert later()[at] == pages()[at]
    assert pages().keys() == later().keys()


def test_it_prints_on_a4(at: str) -> None:
    text = pages()[at]
    assert "@page { size: A4;" in text
    printed = text.partition("@media print {")[2]
    assert "break-inside: avoid" in printed
    assert "thead { display: table-header-group; }" in printed


LEAVES = st.sampled_from(
    [
        *("${card.number}", "${card.expiry.MM}", "${card.expiry.YYYY}", "${card.cvc?}"),
        *("${card.holder_name?}", "${params.note?}", "${run.id}", "${secrets.shop_key}"),
        *("plain", "7", "true", "null", "<b>&"),
    ]
)
TREES = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, min_size=1, max_size=3)
        | st.dictionaries(st.sampled_from("abcdef"), inner, min_size=1, max_size=3)
    ),
    max_leaves=6,
)


@given(st.dictionaries(st.sampled_from("ghijkl"), TREES, min_size=1, max_size=3))
def test_every_value_of_any_body_has_its_row(tree: dict[str, object]) -> None:
    compiled = _shop_with(tree)
    pages = pages_of(compiled)
    for one in compiled.assessments:
        path = f"{one.vault.name}/shop/review.html"
        if one.emission is None or path not in pages:
            continue
        rows = parsed(pages[path]).rows["payment"]
        sources = {name for row in rows if len(row) == 5 for name in NAME.findall(row[1])}
        assert names_in(one.context.operation.steps[0]) <= sources


def _shop_with(tree: dict[str, object]) -> Compiled:
    """The shop with another body, as it compiles for every vault that carries it."""
    import tempfile

    head, _, _ = SHOP.partition("          json:\n")
    text = f"{head}          json: {json.dumps({'n': '${card.number}', **tree})}\n"
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "destinations").mkdir()
        (Path(folder) / "forwardc.yaml").write_text(ACCOUNTS, encoding="utf-8")
        (Path(folder) / "destinations/shop.yaml").write_text(text, encoding="utf-8")
        return compile_project(Path(folder), Sink(), TODAY)


def _plan(compiled: Compiled) -> Plan:
    return load_plan(dict(compiled.outputs())["stripe/shop/production.plan.json"])


def _approved(compiled: Compiled, ticket: str | None = None) -> Lock:
    act = ApprovalAct("Ada Moreau", TODAY, date(2027, 11, 20), ticket)
    lock = with_approvals(Lock(), _plan(compiled), ["payment"], act, Sink())
    assert lock is not None
    return lock


def test_without_an_approval(compiled: Callable[..., Project]) -> None:
    page = parsed(pages_of(compiled().compiled)[PATH])
    assert "own: never approved" in page.texts[""]
    assert "PSP: never approved" in page.texts[""]
    assert not [one for one in page.headings if "since the last approval" in one]


def test_with_approvals_their_ticket_and_their_last_day(compiled: Callable[..., Project]) -> None:
    made = compiled().compiled
    lock = _approved(made, "SUP-1042")
    page = parsed(pages_of(replace(made, approvals=lock))[PATH])
    assert "Nothing changed since the last approval" in page.headings
    assert "2026-11-20 by Ada Moreau, ticket SUP-1042, until 2027-11-20" in page.texts["payment"]
    assert "days" not in page.texts["payment"]


def test_after_a_change(compiled: Callable[..., Project]) -> None:
    lock = _approved(compiled().compiled, "SUP-1042")
    changed = compiled(SHOP.replace("X-Version: 2", "X-Version: 2\n            X-New: a")).compiled
    page = parsed(pages_of(replace(changed, approvals=lock))[PATH])
    assert "Changed since the last approval" in page.headings
    assert "what the PSP reviews, approved on 2026-11-20, ticket SUP-1042" in page.texts[""]
    assert page.texts[""].count("(X-New)") == 2
    assert "own: changed" in page.texts[""]
    assert "PSP: changed" in page.texts[""]


def test_where_production_is_not_built_it_says_so(compiled: Callable[..., Project]) -> None:
    only_sandbox = ACCOUNTS.partition("  production:")[0]
    page = parsed(pages_of(compiled(accounts=only_sandbox).compiled)[PATH])
    assert "Not built for production" in page.headings
    assert "none needed here" in page.texts[""]


def test_text_of_an_author_stays_text(compiled: Callable[..., Project]) -> None:
    attack = SHOP.replace("Card payments of a shop", '"<script>alert(1)</script> <b>"').replace(
        "Key of the shop", "'<img src=x onerror=y>'"
    )
    tags = {tag for tag, _ in parsed(pages_of(compiled(attack).compiled)[PATH]).tags}
    assert not tags & {"script", "img", "b"}
