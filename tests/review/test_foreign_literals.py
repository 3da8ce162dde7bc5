"""What authors write stays text in what reviewers get: no line, no markup, nothing that hides."""

import json
import unicodedata
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from pathlib import PurePosixPath

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from forwardc.compile.review.templates import code, quoted, text
from forwardc.core.diagnostics.render.printable import on_one_line
from one_rule import one_rule
from shop_project import Project

MARKDOWN = MarkdownIt("commonmark").enable("table")
TEXTS = {
    "plain": "Plain words",
    "a cell": "a | b || c",
    "code": "a `b` ``c`` ` d",
    "a link": "[a](https://evil.example) ![b](x) [c]: d <https://evil.example>",
    "html": "<b>a</b> <script>alert(1)</script> <!-- b --> </pre></code></td> &lt;i&gt; &amp;",
    "a heading": "# a",
    "an item": "- a",
    "a number": "1. a",
    "a quotation": "> a",
    "a fence": "~~~ a",
    "a line": "---",
    "an underline": "=== a",
    "emphasis": "*a* **b** _c_ __d__ ~~e~~ a_b_c",
    "a formula": "$a$ $$b$$",
    "escapes": "\\ \\* a\\",
    "quotation marks": "\"a\" 'b'",
    "a command": "##[stop-commands]a ##vso[task.setvariable]b",
    "another command": "::error title=a::b",
}
# What a setting's value and a literal may hold besides: a title must not.
HIDDEN = "a\nb\x1b[2K\u202ec\u2028d\u2066e\u200bf"

SHOP = """forwardc: 1
name: shop
title: TEXT
docs: https://docs.shop.example/a?b=c
environments:
  sandbox: {base_url: https://api.shop.example}
  production: {base_url: https://api.shop.example}
settings:
  merchant: {type: string, description: TEXT}
secrets:
  shop_key: {description: TEXT}
params:
  note: {type: string, max_length: 20, description: TEXT}
operations:
  payment:
    title: TEXT
    description: TEXT
    initiator: customer
    unconfirmed: TEXT
    steps:
      pay:
        request:
          POST: /payments
          headers: {X-Key: "${secrets.shop_key}"}
          json:
            number: ${card.number}
            name: ${card.holder_name}
            merchant: ${settings.merchant}
            literal: VALUE
            note: ${params.note}
        response:
          outcome: by_status
"""
PROJECT = """forwardc: 1
merchant: {name: TEXT}
environments:
  sandbox:
    vaults: &vaults
      checkout: {processing_channel_id: pc_sandbox0000000000000000000}
      stripe: {account: acct_sandbox, api_version: 2026-09-30.endive}
    settings: &settings
      shop: {merchant: VALUE}
  production:
    vaults:
      checkout: {processing_channel_id: pc_production0000000000000000}
      stripe: {account: acct_production, api_version: 2026-09-30.endive}
    settings: *settings
""".replace("&vaults", "")


@pytest.fixture
def built(compiled: Callable[..., Project]) -> Callable[[str], dict[str, bytes]]:
    """The files of `build/`, with a text wherever an author may write one."""

    def go(words: str) -> dict[str, bytes]:
        def put(source: str) -> str:
            value = json.dumps(words + HIDDEN)
            return source.replace("TEXT", json.dumps(words)).replace("VALUE", value)

        project = compiled(put(SHOP), put(PROJECT))
        assert [str(one.code) for one in project.sink.sorted() if one.severity == "error"] == []
        return dict(project.compiled.outputs())

    return go


def visible(shown: str) -> bool:
    return not any(
        unicodedata.category(char) in ("Cc", "Cf", "Cs", "Zl", "Zp")
        for char in shown.replace("\n", "")
    )


class Tags(HTMLParser):
    """The elements of a page, with the names of their attributes."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, tuple[str, ...]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, tuple(name for name, _ in attrs)))

    def handle_endtag(self, tag: str) -> None:
        self.found.append((f"/{tag}", ()))

    def handle_comment(self, data: str) -> None:
        self.found.append(("comment", ()))


def structure(tokens: list[Token]) -> Iterator[str]:
    """What Markdown makes of a page, without its words."""
    for token in tokens:
        if token.type not in ("text", "text_special", "inline", "code_inline"):
            yield token.type
        yield from structure(token.children or [])


@pytest.mark.parametrize("name", TEXTS)
def test_pages_keep_their_structure(built: Callable[[str], dict[str, bytes]], name: str) -> None:
    plain, hostile = built(TEXTS["plain"]), built(TEXTS[name])
    assert plain.keys() == hostile.keys()
    for path, data in hostile.items():
        shown, expected = data.decode(), plain[path].decode()
        assert visible(shown), path
        match PurePosixPath(path).suffix:
            case ".md":
                assert shown.count("\n") == expected.count("\n")
                assert list(structure(MARKDOWN.parse(shown))) == list(
                    structure(MARKDOWN.parse(expected))
                )
            case ".html":
                # Names in backticks are shown as code, also those in an author's doubt, and an
                # address may break before its parts.
                ours = {"code", "wbr"}
                assert [tag for tag in Tags(shown).found if tag[0].strip("/") not in ours] == [
                    tag for tag in Tags(expected).found if tag[0].strip("/") not in ours
                ]
            case _:
                assert len(json.loads(shown)) == len(json.loads(expected))
    letter = hostile["stripe/shop/submission.md"].decode()
    words = "".join(
        child.content
        for token in MARKDOWN.parse(letter)
        for child in token.children or []
        if child.type in ("text", "text_special")
    )
    assert on_one_line(TEXTS[name]) in words


def test_json_keeps_the_value(built: Callable[[str], dict[str, bytes]]) -> None:
    for path in ("stripe/shop/payment.pay.production.config.json", "stripe/shop/sandbox.plan.json"):
        shown = built("a")[path].decode()
        assert visible(shown)
        assert "a" + HIDDEN in _all_texts(json.loads(shown))


def _all_texts(value: object) -> str:
    match value:
        case dict():
            return "".join(_all_texts(item) for item in value.values())
        case list():
            return "".join(_all_texts(item) for item in value)
        case _:
            return str(value)


def inline(source: str) -> list[Token]:
    """The parts of one line of a page, which is one paragraph."""
    tokens = MARKDOWN.parse(source)
    assert [token.type for token in tokens] == ["paragraph_open", "inline", "paragraph_close"]
    return tokens[1].children or []


@given(st.text(min_size=1))
@example("a\\")
@example("1) a")
@example("    code")
@example("&#35; &copy; & &a")
@example("a_ _b_ _")
@example("[x]: y")
def test_any_text_is_text(value: str) -> None:
    line = on_one_line(value).strip()
    for before in ("", "Subject: "):
        if not line:
            continue
        parts = inline(before + text(value) + " x")
        assert {part.type for part in parts} <= {"text", "text_special"}
        shown = "".join(part.content for part in parts)
        assert shown.split() == (before + line + " x").split() or shown.replace(" ", "") == (
            before + line + " x"
        ).replace(" ", "")
    row = MARKDOWN.parse(f"| a | b |\n|---|---|\n| {text(value)} | c |\n")
    assert [token.type for token in row].count("td_open") == 2


@given(st.text())
def test_any_text_is_code_of_one_line(value: str) -> None:
    parts = inline(f"a {code('x' + value)} b")
    assert [part.type for part in parts] == ["text", "code_inline", "text"]


@given(st.text())
def test_names_in_backticks_are_code_and_nothing_else_is(value: str) -> None:
    parts = inline(f"a {quoted(value)} b")
    assert {part.type for part in parts} <= {"text", "text_special", "code_inline"}


@one_rule("place", ["title", "docs", "name", "unconfirmed"])
@one_rule("char", list("\n\r\x1b\x9b\u2028\u202e\u2066\u200e\ufeff\u2060\x07\x00"))
def test_what_a_line_must_not_hold_is_refused(
    compiled: Callable[..., Project], place: str, char: str
) -> None:
    words, value = json.dumps(f"a{char}b"), json.dumps("a")
    shop = SHOP.replace("VALUE", value)
    project = PROJECT.replace("VALUE", value)
    match place:
        case "title" | "unconfirmed":
            shop = shop.replace(f"{place}: TEXT", f"{place}: {words}")
        case "docs":
            link = json.dumps(f"https://docs.shop.example/{char}")
            shop = shop.replace("https://docs.shop.example/a?b=c", link)
        case _:
            project = project.replace("name: TEXT", f"name: {words}")
    found = compiled(shop.replace("TEXT", value), project.replace("TEXT", value)).sink.sorted()
    assert {one.code for one in found} & {"FC0205", "FC0208"}
