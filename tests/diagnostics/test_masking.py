"""No form shows a credential or a card number, wherever it stands, and no form ever raises."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forwardc.core.diagnostics.codes import CODES
from forwardc.core.diagnostics.diagnostic import Diagnostic, Related, Severity
from forwardc.core.diagnostics.excerpt_lines import ExcerptLines
from forwardc.core.diagnostics.render.render import DiagnosticFormat, render
from forwardc.core.diagnostics.span import Position, Span

KEY = "sk_live_" + "4eC39HqLyjWDarjtT1zdp7dc"
CARD = "4242424242424242"
PEM = "-----BEGIN PRIVATE KEY-----\n  MIIEvQIBADANBgkq\n  -----END PRIVATE KEY-----"

positions = st.builds(
    Position,
    st.integers(min_value=-3, max_value=12) | st.just(10**9),
    st.integers(min_value=-3, max_value=300) | st.just(10**9),
)
spans = st.builds(Span, st.sampled_from(["a.yaml", "missing.yaml", ""]), positions, positions)
texts = st.text(st.characters(), max_size=40)
diagnostics = st.builds(
    Diagnostic,
    st.sampled_from([*CODES, "FC0000", ""]),
    texts,
    st.none() | spans,
    texts,
    st.none() | texts,
    st.sampled_from(Severity),
    st.lists(st.builds(Related, spans, texts), max_size=2).map(tuple),
)


@pytest.mark.parametrize("form", DiagnosticFormat)
@pytest.mark.parametrize("secret", [KEY, CARD, "4242 4242 4242 4242"])
def test_nothing_secret_is_shown_from_any_part(form: DiagnosticFormat, secret: str) -> None:
    span = Span("a.yaml", Position(2, 3), Position(2, 9))
    elsewhere = Span(f"{secret}.yaml", Position(1, 1), Position(1, 2))
    found = [
        Diagnostic("FC0504", f"message {secret}", span, f"/{secret}/0", f"hint {secret}"),
        Diagnostic("FC0505", "m", span, related=(Related(elsewhere, f"related {secret}"),)),
        Diagnostic(secret, "m", elsewhere),
    ]
    source = f"a: 1\n  key: {secret} # {secret}\n"
    for color in (False, True):
        shown = render(found, form, ExcerptLines(texts={"a.yaml": source}), color)
        assert "message" in shown
        assert secret not in shown


def test_a_private_key_over_several_lines_is_masked_on_each() -> None:
    sources = ExcerptLines(texts={"a.yaml": f"key: |\n  {PEM}\nname: shop\n"})
    for line in (2, 3, 4):
        span = Span("a.yaml", Position(line, 3), Position(line, 9))
        shown = render([Diagnostic("FC0504", "m", span)], DiagnosticFormat.TEXT, sources)
        assert "***" in shown.split("\n")[1]
        assert "MIIE" not in shown
    assert sources.line("a.yaml", 5) == "name: shop"


def test_the_bad_examples_of_pages_are_masked_in_sarif() -> None:
    shown = render(
        [Diagnostic(number, "m") for number in CODES], DiagnosticFormat.SARIF, ExcerptLines()
    )
    assert CARD not in shown
    assert "sk_test_notarealkey" not in shown


@given(st.lists(diagnostics, max_size=5), st.text(st.characters(), max_size=400), st.booleans())
def test_no_form_ever_raises(found: list[Diagnostic], source: str, color: bool) -> None:
    for form in DiagnosticFormat:
        shown = render(found, form, ExcerptLines(texts={"a.yaml": source}), color)
        shown.encode("utf-8")
        if form in (DiagnosticFormat.JSON, DiagnosticFormat.SARIF):
            json.loads(shown)
        if form in (DiagnosticFormat.CONCISE, DiagnosticFormat.GITHUB):
            assert len(shown.splitlines()) == len(found)
