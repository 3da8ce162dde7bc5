"""Whatever destination compiles: its plan holds no card value and no syntax but the vault's own."""

import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl
from xml.etree import ElementTree

from hypothesis import assume, given
from hypothesis import strategies as st

from compiled import Run, bind, plan_of, read_program, references, terms_in
from forwardc.compile.ir.program import Program
from forwardc.compile.vaults.facts import load
from forwardc.core.atoms import ATOMS
from forwardc.core.diagnostics.sink import Sink
from forwardc.core.terms.terms import Raw

VAULTS = ("checkout", "stripe", "direct")
ATTACK = 'a "b" {{card_number}} {% x %} \\ </x> & = \r\n é'
PARAMS = {
    "note": {"type": "string", "max_length": 99},
    "maybe": {"type": "string", "optional": True},
}
SECRETS = {"key": {"as_key": "jwk"}, "other": {}}
EXPRESSIONS = [
    *(f"${{{atom}}}" for atom in sorted(ATOMS)),
    *(f"${{{atom}?}}" for atom in ("card.cvc", "card.holder_name", "billing.city")),
    *(f"${{int({atom})}}" for atom in ("card.expiry.MM", "card.expiry.M", "card.expiry.YYYY")),
    "${card.expiry.MM}/${card.expiry.YY}",
    "${params.note}",
    "${params.maybe?}",
    "n: ${params.note}",
    "${secrets.key}",
    "${base64(secrets.key)}",
    "${secrets.other}",
    "${upper(secrets.other)}",
    "${upper(params.note)}",
    "${unix(run.now)}",
    "${json(inner)}",
    "${jwe(inner, key=secrets.key, alg='A256GCMKW', enc='A256GCM', headers=inner)}",
    "${jwe(card.number, key=secrets.key, alg='A256GCMKW', enc='A128GCM')}",
    "${slice(card.number, 0, 6)}",
]
LITERALS = st.one_of(
    st.text("abz {}[]<>&\"'\\é", max_size=12), st.integers(0, 99), st.booleans(), st.none()
)
LEAVES = st.one_of(st.sampled_from(EXPRESSIONS), LITERALS)
NAMES = st.from_regex(r"[a-z]{1,6}", fullmatch=True)
TREES = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, min_size=1, max_size=3)
    ),
    max_leaves=8,
)
MAPS = st.dictionaries(NAMES, TREES, min_size=1, max_size=4)
HEADERS = st.dictionaries(
    st.sampled_from(["X-A", "X-B", "Content-Type"]),
    st.sampled_from(
        [
            "plain",
            "${secrets.key}",
            "Bearer ${secrets.other}",
            "${secrets.other} ${base64(secrets.key)}",
            "${secrets.other}-${card.expiry.MM}",
            "${params.note}",
            "${params.maybe?}",
        ]
    ),
    max_size=3,
)
BODIES = st.one_of(
    MAPS.map(lambda tree: {"json": tree}),
    MAPS.map(lambda tree: {"form": tree}),
    MAPS.map(lambda tree: {"xml": {"root": tree}}),
    st.sampled_from(EXPRESSIONS).map(lambda text: {"text": text}),
)
INNER = st.dictionaries(NAMES, st.sampled_from(EXPRESSIONS[:28]), min_size=1, max_size=3)


def destination(body: Any, headers: Any, inner: Any, initiator: str) -> bytes:
    request = {"POST": "/c", "headers": headers, **body}
    if not headers:
        del request["headers"]
    text = json.dumps(request)
    step = {"let": {"inner": inner}, "request": request}
    if "inner" not in text:
        del step["let"]
    text = json.dumps(step)
    document = {
        "forwardc": 1,
        "name": "case",
        "title": "A case",
        "environments": {"sandbox": {"base_url": "https://api.case.example"}},
        "params": {name: spec for name, spec in PARAMS.items() if f"params.{name}" in text},
        "secrets": {name: spec for name, spec in SECRETS.items() if f"secrets.{name}" in text},
        "operations": {"pay": {"initiator": initiator, "steps": {"send": step}}},
    }
    return json.dumps(document, ensure_ascii=False).encode()


def compiled(data: bytes) -> Program:
    sink = Sink()
    program = read_program(data, sink)
    assume(program is not None and not sink.has_errors)
    assert program is not None
    return program


PROGRAMS = st.builds(
    destination, BODIES, HEADERS, INNER, st.sampled_from(["customer", "merchant"])
).map(compiled)


def forms_of_checkout() -> re.Pattern[str]:
    facts = load("checkout")
    atoms = "|".join(re.escape(fact["value"]) for fact in facts.section("atoms").values())
    jwe = facts.section("functions")["jwe"]
    variable = r"forwardc_(?:data|key|headers)_[0-9]+"
    call = (
        rf"{jwe['value']}\(data={variable}, key={variable}, "
        rf"alg='(?:{'|'.join(jwe['algorithms'])})', enc='(?:{'|'.join(jwe['encryptions'])})'"
        rf"(?:, headers={variable})?\)"
    )
    return re.compile(
        r"\{\{(?:" + atoms + r")\}\}|\{\{ secret_[A-Za-z0-9_]{1,64} \}\}|\{\{ " + call + r" \}\}"
    )


CHECKOUT = forms_of_checkout()
NONE = re.compile(r"(?!)")


@given(PROGRAMS)
def test_a_plan_is_data_with_the_vaults_own_syntax_only(program: Program) -> None:
    for vault in VAULTS:
        plan = plan_of(program, vault)
        if plan is None:
            continue
        forms = CHECKOUT if vault == "checkout" else NONE
        nodes = terms_in(plan)
        assert all(forms.fullmatch(node.text) for node in nodes if isinstance(node, Raw))
        assert not any(
            f'"{atom}"' in json.dumps(_requests(plan))
            for atom in ATOMS
            if not _may_be_named(plan, atom)
        )
        known = {f"secrets.{name}" for name in plan["operations"]["pay"]["runtime_secrets"]}
        assert {name for name in references(plan) if name.startswith("secrets.")} <= known


def _requests(plan: Any) -> list[Any]:
    """The steps without what a vault's reviewers read, where each filled field is named."""
    steps = plan["operations"]["pay"]["steps"]
    return [{key: step[key] for key in step if key != "review"} for step in steps]


@given(PROGRAMS)
def test_what_may_be_lost_is_what_the_vault_may_lack(program: Program) -> None:
    for vault in VAULTS:
        plan = plan_of(program, vault)
        by_step = (plan or {"operations": {"pay": {}}})["operations"]["pay"].get("losses", {})
        for kind, found in ((k, one) for kinds in by_step.values() for k, one in kinds.items()):
            has = plan["sources"][kind]["has"]
            assert found
            assert all(has.get(atom) != "always" for atom in found)
            assert {how["by"] for how in found.values()} <= {"echo", "inputs", "asked", "untold"}


def _may_be_named(plan: Any, atom: str) -> bool:
    """An optional atom is named by the condition for its presence."""
    return atom in plan["operations"]["pay"]["may_lack"]


@given(PROGRAMS)
def test_a_secret_of_the_runtime_reaches_checkout_in_an_encrypted_header_only(
    program: Program,
) -> None:
    plan = plan_of(program, "checkout")
    inputs = {"cvv_token": "tok_" + "b" * 26, **_billing()}
    run = Run(inputs=inputs, params={"note": "a", "maybe": "b"})
    for request in bind(plan, "pay", run) if plan else ():
        if "body" in request:
            request["body"]["destination_request"]["headers"].pop("encrypted", None)
        assert "held-" not in json.dumps(request).lower()


@given(PROGRAMS)
def test_whatever_a_run_gives_the_body_stays_well_formed(program: Program) -> None:
    run = Run(
        params={"note": ATTACK, "maybe": ATTACK},
        inputs={"cvv_token": "tok_" + "b" * 26, "billing.city": ATTACK, **_billing()},
    )
    for vault in VAULTS:
        plan = plan_of(program, vault)
        for request in bind(plan, "pay", run) if plan else ():
            if "cannot be sent" not in request:
                for text in _texts(vault, request):
                    _check(text, program.operations[0].steps[0].request.body.encoding)


def _billing() -> dict[str, str]:
    return {name: ATTACK for name in ATOMS if name.startswith("billing.")}


def _texts(vault: str, request: Any) -> Iterator[str]:
    """The destination's body, with digits where the vault puts its values."""
    if vault == "checkout":
        sent = request["body"]["destination_request"]
        for variable in sent.get("variables", ()):
            assert "{{" not in CHECKOUT.sub("1", variable["value"])
        body = CHECKOUT.sub("1", sent["body"])
        assert "{{" not in body
        assert "{%" not in body
        yield body
    elif vault == "stripe":
        prefix = "request[body] = "
        yield from (line[len(prefix) :] for line in request["body"] if line.startswith(prefix))
    else:
        yield request["body"]


def _check(text: str, encoding: str) -> None:
    if encoding == "json":
        json.loads(text)
    elif encoding == "form":
        parse_qsl(text, keep_blank_values=True, strict_parsing=bool(text))
    elif encoding == "xml":
        ElementTree.fromstring(text.encode())  # noqa: S314 - our own text
