"""Whatever the vault holds, what a destination receives is JSON, or the operation is refused."""

import json
from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compiled import Run, assessed, bind, plan_of, program_of, read_program
from forwardc.compile.vaults.assess import Level
from forwardc.compile.vaults.facts import load
from forwardc.core.atoms import ATOMS, EXPIRIES, InstrumentKind
from forwardc.core.diagnostics.sink import Sink
from one_rule import one_rule

MONTHS = [f"{month:02d}" for month in range(1, 13)]
SHORT_YEARS = [f"{year:02d}" for year in range(100)]
VALUES = {
    "M": [month.lstrip("0") for month in MONTHS],
    "MM": MONTHS,
    "YY": SHORT_YEARS,
    "YYYY": [f"20{year}" for year in SHORT_YEARS],
}
JWE = "jwe(inner, key=secrets.key, alg='A256GCMKW', enc='A256GCM')"
SHAPES = {
    "json": 'json: {{pan: "${{{pan}}}", it: "{it}"}}',
    "list": 'json: {{pan: "${{{pan}}}", it: ["{it}", {{in: "{it}"}}]}}',
    "in text": 'json: {{pan: "${{{pan}}}", it: "${{json(inner)}}"}}',
    "in text in text": 'json: {{pan: "${{{pan}}}", it: "a ${{json(json(inner))}}"}}',
    "encrypted": 'json: {{it: "${{' + JWE + '}}"}}',
    "form": 'form: {{pan: "${{{pan}}}", it: "${{json(inner)}}"}}',
}
FORMS = ["${{int({atom})}}", "${{text(int({atom}))}}", "n ${{int({atom})}}", "${{{atom}}}"]
# Every function over the digits themselves: a vault that cannot compute it refuses.
FUNCTIONS_OF_TEXT = [
    "${{lower({atom})}}",
    "${{upper({atom})}}",
    "${{slice({atom}, 0, 1)}}",
    "${{base64({atom})}}",
    "${{base64url({atom})}}",
    "${{hex({atom})}}",
    "${{hex(sha256({atom}))}}",
    "${{hex(hmac_sha256({atom}, {atom}))}}",
    "${{hex(hmac_sha512({atom}, {atom}))}}",
    "${{json({atom})}}",
    "${{json(json({atom}))}}",
    "${{{atom} + 'x' + {atom}}}",
]
INPUTS = {"cvv_token": "tok_" + "b" * 26, "pin_token": "tok_" + "c" * 26}


def values_of(atom: str) -> list[str]:
    """All that a vault may put in for an atom of digits."""
    return VALUES.get(atom.rpartition(".")[2], ["012", "4242424242424242"])


def document(atom: str, form: str, shape: str) -> str:
    token = ATOMS[atom].instrument is InstrumentKind.NETWORK_TOKEN
    pan = "network_token.number" if token else "card.number"
    it = form.format(atom=atom)
    request = SHAPES[shape].format(pan=pan, it=it)
    inner = f'{{pan: "${{{pan}}}", it: ["{it}"]}}'
    let = f"let: {{inner: {inner}}}, " if "inner" in request else ""
    secrets = "secrets: {key: {as_key: sha256_base64url}}\n" if "secrets.key" in request else ""
    return f"""forwardc: 1
name: case
title: A case
environments: {{sandbox: {{base_url: https://api.case.example}}}}
{secrets}operations:
  pay:
    initiator: customer
    steps: {{send: {{{let}response: {{outcome: by_status}}, request: {{POST: /c, {request}}}}}}}
"""


DIGITS = [name for name, kind in ATOMS.items() if kind.digits]
NUMBERS = [*product(EXPIRIES, FORMS), *product(DIGITS, [FORMS[3], *FUNCTIONS_OF_TEXT])]


@pytest.mark.costly
@one_rule("shape", SHAPES)
@one_rule(("atom", "form"), NUMBERS)
def test_every_value_of_the_vault_gives_json(atom: str, form: str, shape: str) -> None:
    program = program_of(document(atom, form, shape))
    plan = plan_of(program, "checkout")
    if plan is None:
        return
    (request,) = bind(plan, "pay", Run(inputs=INPUTS))
    sent = request["body"]["destination_request"]
    for value in values_of(atom):
        body = filled(sent["body"], atom, value)
        for variable in sent.get("variables", ()):
            text = filled(variable["value"], atom, value)
            if text.startswith("{"):
                read(text, atom, value)
        if shape == "form":
            continue
        read(body, atom, value)


def read(text: str, atom: str, value: str) -> None:
    """Read JSON, and the JSON inside its texts; a number among them is the vault's value."""
    todo: list[Any] = [json.loads(text)]
    while todo:
        match todo.pop():
            case dict() as found:
                todo += found.values()
            case list() as found:
                todo += found
            case str() as found if found.removeprefix("a ").startswith(('{"', '"')):
                todo.append(json.loads(found.removeprefix("a ")))
            case int() as found:
                assert found == int(value)


def filled(text: str, atom: str, value: str) -> str:
    """A text of Checkout.com with one atom's value, in each form that it has there."""
    forms = {name: fact["value"] for name, fact in load("checkout").section("atoms").items()}
    if atom.rpartition(".")[2] in ("M", "MM"):
        stem = atom.rpartition(".")[0]
        months = {f"{stem}.M": value.lstrip("0"), f"{stem}.MM": value.zfill(2)}
        for name, month in months.items():
            text = text.replace("{{" + forms.get(name, "-") + "}}", month)
    text = text.replace("{{" + forms[atom] + "}}", value)
    for placeholder in forms.values():
        text = text.replace("{{" + placeholder + "}}", "4242424242424242")
    return text.replace("{{ ", "<<").replace(" }}", ">>")


@one_rule("atom", EXPIRIES)
@one_rule("shape", SHAPES)
def test_a_number_that_may_begin_with_a_zero_is_refused(atom: str, shape: str) -> None:
    program = program_of(document(atom, FORMS[0], shape))
    (one,) = assessed(program, "checkout")
    zero = "leading zero" in (one.refusal or "")
    assert zero is (
        atom in ("card.expiry.YY", "network_token.expiry.MM", "network_token.expiry.YY")
    )
    if zero:
        (found,) = (found for found in one.findings if "leading zero" in found.reason)
        assert found.span is not None
        assert (found.code, atom in found.reason) == ("FC0604", True)
    else:
        assert one.level is not Level.REFUSED


@given(st.sampled_from(EXPIRIES), st.sampled_from(FORMS), st.sampled_from(sorted(SHAPES)))
def test_a_blank_of_stripe_has_the_type_that_is_asked_for(atom: str, form: str, shape: str) -> None:
    plan = plan_of(program_of(document(atom, form, shape)), "stripe")
    for request in bind(plan, "pay", Run()) if plan else ():
        (body,) = (line for line in request["body"] if line.startswith("request[body] = "))
        blank = json.loads(body.removeprefix("request[body] = "))["it"]
        wanted = 0 if form == FORMS[0] else ""
        assert blank == ([wanted, {"in": wanted}] if shape == "list" else wanted)
        assert type(blank) is list or type(blank) is type(wanted)


ZERO = "the vault has it with a leading zero only, which is no number: leave `int` out"


@pytest.mark.parametrize(
    ("name", "levels"),
    [
        ("nt_month_invalid_json", {"card": "refused", "nt": "refused"}),
        ("x4_corners", {"nested": "degraded", "ntmonth": "refused"}),
    ],
)
def test_the_shared_corners_end_as_their_readme_says(
    name: str, levels: dict[str, str], shared: Callable[[str], Path]
) -> None:
    sink = Sink()
    program = read_program(shared(f"cases/language/{name}.yaml").read_bytes(), sink)
    assert program is not None
    assert not sink.has_errors
    found = {one.context.operation.name: one for one in assessed(program, "checkout")}
    assert {operation: found[operation].level for operation in levels} == levels
    refused = [one.refusal for name, one in found.items() if levels.get(name) == "refused"]
    assert all(reason is not None and reason.endswith(ZERO) for reason in refused)
