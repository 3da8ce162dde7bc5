"""Advice on expressions of other languages: it ends for any text, and shows no secret."""

from typing import Final

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from forwardc.compile.language.other_languages.advice import (
    advice,
    name_advice,
    placeholder_advice,
)
from forwardc.compile.language.other_languages.names import meaning_of_placeholder
from forwardc.compile.language.symbols import ExpressionUse, Symbol, SymbolTable
from forwardc.compile.vaults import facts
from forwardc.core.atoms import ATOMS
from forwardc.core.terms.functions import Type

PARAMS: Final = {
    "total": Symbol(Type.INTEGER, amount=True),
    "money": Symbol(Type.TEXT),
    "name": Symbol(Type.TEXT, optional=True),
}
REQUEST: Final = SymbolTable(
    params=PARAMS, secrets=frozenset({"gate_key"}), currencies=frozenset({"money"})
)
RULE: Final = SymbolTable(use=ExpressionUse.RULE, params=PARAMS)
WORDS: Final = st.sampled_from(
    "params.name params.total secrets.gate_key card.number env x if else ? : or and not || && ?? !"
    " == === != < > in is [ ] ( ) { } ' \" ` . , | + - * / % ~ 'a' 100 1 lower default None true"
    " uuid now format $ f'{x}' `${x}` for lambda => \\ ; ".split()
)


@given(st.lists(WORDS, max_size=24).map(" ".join) | st.text(max_size=60), st.booleans())
@example("(" * 390, False)
@example("not " * 95, True)
@example("-" * 390, False)
@example("x ? " * 90, False)
@example("x[" * 190, True)
@example("f'{" * 100, False)
@example("x|" * 190, False)
def test_any_text_has_an_answer(text: str, in_rule: bool) -> None:
    hint = advice(text, RULE if in_rule else REQUEST)
    assert hint is None or (hint and "\n" not in hint)
    assert advice(text, REQUEST, "own") is not None
    assert name_advice(text, REQUEST) != ""
    assert placeholder_advice("{{" + text, 0) != ""


SECRETS: Final = (
    "hunter2",
    "sk_" + "live_" + "4eC39HqLyjWDarjtT1zdp7dc",
    "4111 1111 1111 1111",
    "5555555555554444",
)


@pytest.mark.parametrize("secret", SECRETS, ids=["word", "key", "card", "digits"])
def test_no_secret_is_in_a_hint(secret: str) -> None:
    for text in (
        f"secrets.gate_key or '{secret}'",
        f"env('API_KEY') or '{secret}'",
        f"'{secret}' if params.password == 'x' else '{secret}'",
        f"base64('{secret}' ~ secrets.gate_key)",
        f"{{'{secret}': 1}}[secrets.gate_key]",
        f"params.name | default(secrets.gate_key, '{secret}')",
    ):
        hint = advice(text, REQUEST) or ""
        assert secret not in hint, (text, hint)


def test_a_placeholder_of_checkout_is_the_atom_that_it_fills() -> None:
    named = facts.load("checkout").section("atoms")
    assert named
    for atom, fact in named.items():
        meaning = meaning_of_placeholder(f"{{{{{fact['value']}}}}}", 0)
        assert (meaning.written if meaning else None) == atom, fact


def test_a_placeholder_that_is_named_as_an_atom_is_that_atom() -> None:
    for atom in ATOMS:
        meaning = meaning_of_placeholder("{{ " + atom + " }}", 0)
        assert (meaning.written if meaning else None) == atom
