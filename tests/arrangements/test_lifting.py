"""What an arrangement lifts: the refusals of its own place, of its own codes, and nothing else."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from arranged import NOW, VENDOR, built, handed, project, sent
from forwardc.compile.ir.arrangements import ArrangementKind, parts_of
from forwardc.compile.pipeline import compile_project
from forwardc.compile.vaults.assess import VaultAccount, assess
from forwardc.compile.vaults.registry import vaults
from forwardc.core.diagnostics.codes import CODES
from forwardc.core.diagnostics.sink import Sink
from forwardc.sandbox.stripe.filling import SIGNATURE, date_in
from one_rule import one_rule

SCHEMAS = Path(__file__).resolve().parents[2] / "schemas"
FACTS = {vault.name: vault.facts.data.get("arrangements", {}) for vault in vaults()}
MONTHS, YEARS, BETWEEN = ("M", "MM"), ("YY", "YYYY"), ("", "-", "/", ".")
PAIRS = [
    first + between + second
    for month in MONTHS
    for year in YEARS
    for between in BETWEEN
    for first, second in ((month, year), (year, month))
]


def test_no_vault_lifts_what_is_wrong_whatever_it_agrees_to() -> None:
    lifted = {
        code
        for kinds in FACTS.values()
        for fact in kinds.values()
        for code in fact["value"]["lifts"]
    }
    assert lifted
    assert all(code in CODES and code.startswith("FC06") for code in lifted)


def test_the_kinds_of_the_facts_are_those_of_the_language() -> None:
    assert FACTS["stripe"].keys() == {str(kind) for kind in ArrangementKind}
    assert FACTS["checkout"] == {} == FACTS["direct"]


def destination(body: str, arrangements: str, *, method: str = "POST", kind: str = "json") -> str:
    head, _, _ = VENDOR.partition("operations:")
    return f"""{head}operations:
  pay:
    initiator: customer
    steps:
      exec:
        request:
          {method}: /pay
          {kind}: {body}
        response: {{outcome: by_status}}
arrangements:
  expiry: {{vault: stripe, steps: [pay.exec], {arrangements}}}
"""


def composed(form: str) -> str:
    parts = parts_of(form)
    assert parts is not None
    return "".join(part if part in BETWEEN else f"${{card.expiry.{part}}}" for part in parts)


def own_date(form: str) -> str:
    """03/2029 in a form, apart from the sandbox's own table."""
    text = form.replace("YYYY", "2029").replace("YY", "29").replace("MM", "03")
    return text.replace("M", "3")


@one_rule("form", [*PAIRS, "YY", "M"])
@one_rule("kind", ["json", "xml"])
def test_every_form_arrives_as_it_is_composed(form: str, kind: str, tmp_path: Path) -> None:
    inner = f'{{number: "${{card.number}}", until: "{composed(form)}"}}'
    at = "/until" if kind == "json" else "/card/until"
    body = inner if kind == "json" else f"{{card: {inner}}}"
    text = destination(body, f'fills: [{{at: {at}, format: "{form}"}}]', kind=kind)
    made = built(project(tmp_path, text))
    assert made.found == []
    result, arrived = sent(made.plan("stripe", "vendor", "sandbox"), "pay", "pm_sandbox_visa")
    assert result.outcome == "approved"
    written = (
        f'"until":"{own_date(form)}"' if kind == "json" else f"<until>{own_date(form)}</until>"
    )
    assert written in arrived.body.decode()


@given(st.text(alphabet="MYD-/. mYy:", max_size=8))
def test_the_grammar_is_closed(text: str) -> None:
    assert (parts_of(text) is not None) == (text in {*PAIRS, *MONTHS, *YEARS})


@given(st.sampled_from([*PAIRS, *MONTHS, *YEARS]), st.integers(1, 12), st.integers(2000, 2099))
def test_the_sandbox_writes_every_form(form: str, month: int, year: int) -> None:
    text = form.replace("YYYY", f"{year}").replace("YY", f"{year % 100:02}")
    text = text.replace("MM", f"{month:02}").replace("M", f"{month}")
    assert date_in(form, month, year) == text


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)
@given(composes=st.sampled_from(PAIRS), says=st.sampled_from([*PAIRS, *MONTHS, *YEARS]))
def test_another_form_than_the_composed_one_is_a_mistake(
    composes: str, says: str, tmp_path: Path
) -> None:
    body = f'{{number: "${{card.number}}", until: "{composed(composes)}"}}'
    text = destination(body, f'fills: [{{at: /until, format: "{says}"}}]')
    found = built(project(tmp_path, text)).found
    assert (found == []) == (composes == says)
    assert all(" FC0357 " in line for line in found)


def refusals(folder: Path, environment: str = "sandbox") -> list[str]:
    return [
        line.split()[1]
        for line in built(folder).reasons("stripe", environment)
        if line.startswith("refused")
    ]


def test_one_let_at_two_places_is_lifted_at_one(tmp_path: Path) -> None:
    text = VENDOR.replace(
        "        request:",
        '        let: {date: "${card.expiry.YY}${card.expiry.MM}"}\n        request:',
    ).replace(
        '"${card.expiry.YY}${card.expiry.MM}"}\n        response',
        '"${date}", again: "${date}"}\n        response',
    )
    assert refusals(project(tmp_path, text)) == ["FC0619", "FC0604"]
    both = text.replace("format: YYMM}", "format: YYMM}, {at: /again, format: YYMM}")
    assert refusals(project(tmp_path, both)) == []


def test_a_number_has_forms_too(tmp_path: Path) -> None:
    body = '{number: "${card.number}", year: "${int(card.expiry.YY)}"}'
    made = built(project(tmp_path, destination(body, "fills: [{at: /year, format: YY}]")))
    assert made.found == []
    result, arrived = sent(made.plan("stripe", "vendor", "sandbox"), "pay", "pm_sandbox_visa")
    assert result.outcome == "approved"
    assert arrived.body == b'{"number":"4242424242424242","year":29}'


def test_what_stands_beside_stays_refused(tmp_path: Path) -> None:
    body = """
            number: "${card.number}"
            pin: "${card.pin_first_two}"
            until: "${card.expiry.MM}${card.expiry.YY}\""""
    text = destination(body, "fills: [{at: /until, format: MMYY}]")
    assert refusals(project(tmp_path, text)) == ["FC0608"]


def test_an_address_filled_by_a_run_stays_refused(tmp_path: Path) -> None:
    body = '{number: "${card.number}", until: "${card.expiry.MM}${card.expiry.YY}"}'
    text = destination(body, "fills: [{at: /until, format: MMYY}]").replace(
        "POST: /pay", "POST: /pay/${params.shop}"
    )
    text = text.replace("operations:", "params: {shop: {type: string}}\noperations:", 1)
    assert refusals(project(tmp_path, text)) == ["FC0609"]


def test_a_computed_signature_is_left_to_the_vault(tmp_path: Path) -> None:
    body = """
            number: "${card.number}"
            signature: "${hex(hmac_sha256(secrets.key, card.number + 'x'))}\""""
    text = destination(
        body, "signature: {replacement: request_signature, at: /signature, covers: number}"
    ).replace("operations:", "secrets: {key: {description: k}}\noperations:", 1)
    made = built(
        project(tmp_path, text, grants={"production": "{ticket: T-1, date: 2026-11-12, by: x}"})
    )
    assert made.found == []
    plan = made.plan("stripe", "vendor", "sandbox")
    assert plan.operations["pay"].runtime_secrets == ()
    result, arrived = sent(plan, "pay", "pm_sandbox_visa")
    assert result.outcome == "approved"
    assert arrived.body.decode() == f'{{"number":"4242424242424242","signature":"{SIGNATURE}"}}'
    config = yaml.safe_load(made.files["stripe/vendor/pay.exec.production.config.json"])
    assert config["arrangements"][0]["signature"] == {"covers": "number", "secrets": ["key"]}


def test_a_blank_signature_goes_out_blank_nowhere(tmp_path: Path) -> None:
    body = '{number: "${card.number}", signature: ""}'
    text = destination(body, "signature: {replacement: request_signature, at: /signature}")
    made = built(project(tmp_path, text))
    assert [line for line in made.reasons("checkout", "sandbox") if "FC0607" in line]
    assert not [path for path in made.files if path.startswith("checkout/vendor")]


def test_our_own_signature_gives_way(tmp_path: Path) -> None:
    head, _, _ = VENDOR.partition("operations:")
    text = f"""{head}secrets: {{gate: {{description: key}}}}
operations:
  pay:
    initiator: customer
    steps:
      exec:
        request:
          POST: /pay
          json: {{number: "${{card.number}}", customer: {{signature: ""}}}}
          sign: {{scheme: rocketpay-gate, secret: "${{secrets.gate}}", into: /customer/signature}}
        response: {{outcome: by_status}}
arrangements:
  expiry:
    vault: stripe
    steps: [pay.exec]
    signature: {{replacement: request_signature, at: /customer/signature}}
"""
    made = built(project(tmp_path, text))
    assert [line for line in made.found if "error" in line] == []
    result, arrived = sent(made.plan("stripe", "vendor", "sandbox"), "pay", "pm_sandbox_visa")
    assert result.outcome == "approved"
    assert SIGNATURE in arrived.body.decode()


WALLET = destination(
    """
            number: "${network_token.number}"
            month: "${network_token.expiry.MM}"
            year: "${network_token.expiry.YYYY}"
            cryptogram: "${network_token.cryptogram}"
            eci: "${network_token.eci?}\"""",
    "network_token: {kinds: [google_pay]}",
)


def test_tokens_of_wallets_become_expressible(tmp_path: Path) -> None:
    made = built(project(tmp_path, WALLET))
    schema = json.loads((SCHEMAS / "plan.schema.json").read_text(encoding="utf-8"))
    data = json.loads(made.files["stripe/vendor/sandbox.plan.json"])
    Draft202012Validator(schema).validate(data)
    plan = made.plan("stripe", "vendor", "sandbox")
    result, arrived = sent(plan, "pay", "pm_sandbox_google_pay")
    assert result.outcome == "approved"
    body = yaml.safe_load(arrived.body)
    assert body["number"] == "4000000000000077"
    assert (body["month"], body["year"], body["eci"]) == ("03", "2029", "05")
    assert len(body["cryptogram"]) == 28


@pytest.mark.parametrize(("form", "arrives"), [("MM/YY", "03/29"), ("YY", "29")])
def test_a_token_has_forms_too(form: str, arrives: str, tmp_path: Path) -> None:
    date = composed(form).replace("card.", "network_token.")
    text = destination(
        f'{{number: "${{network_token.number}}", until: "{date}"}}',
        f"network_token: {{kinds: [google_pay]}}, fills: [{{at: /until, format: {form}}}]",
    )
    made = built(project(tmp_path, text))
    assert made.found == []
    plan = made.plan("stripe", "vendor", "sandbox")
    result, arrived = sent(plan, "pay", "pm_sandbox_google_pay")
    assert result.outcome == "approved"
    assert yaml.safe_load(arrived.body) == {"number": "4000000000000077", "until": arrives}


def test_a_fallback_from_a_wallet_is_never_chosen(tmp_path: Path) -> None:
    head, operations, rest = WALLET.partition("  pay:\n    initiator: customer\n")
    card = """\
  card:
    initiator: customer
    steps:
      exec:
        request: {POST: /pay, json: {number: "${card.number}"}}
        response: {outcome: by_status}
"""
    text = f"{head}{card}{operations}    fallback: card\n{rest}"
    made = built(project(tmp_path, text))
    assert made.found == []
    (why,) = [line for line in made.reasons("stripe", "sandbox") if line.startswith("refused")]
    assert "no `fallback` is chosen" in why


@pytest.mark.parametrize("code", ["FC0604", "FC0619"])
def test_the_facts_decide_what_is_lifted(code: str, tmp_path: Path) -> None:
    """A kind that lifts one code less leaves that refusal where it was."""
    made = built(project(tmp_path))
    one = next(
        one
        for one in made.compiled.assessments
        if one.vault.name == "stripe" and one.context.program.place == "sandbox"
    )
    facts = one.vault.facts
    fills = facts.section("arrangements")["fills"]
    lifts = [other for other in fills["value"]["lifts"] if other != code]
    kinds = {**facts.section("arrangements"), "fills": {**fills, "value": {"lifts": lifts}}}
    vault = replace(one.vault, facts=replace(facts, data={**facts.data, "arrangements": kinds}))
    found = assess(
        vault, one.context.program, one.context.authored, VaultAccount(one.context.account)
    )
    refused = [finding.code for finding in found.findings if finding.verdict == "refused"]
    assert (refused, found.emission) == ([code], None)


@pytest.mark.parametrize("source", ["pm_sandbox_apple_pay", "pm_sandbox_link"])
def test_a_wallet_that_was_not_agreed_is_refused(source: str, tmp_path: Path) -> None:
    from emulated import Emulated
    from forwardc.sandbox.world import World

    plan = built(project(tmp_path, WALLET)).plan("stripe", "vendor", "sandbox")
    emulated = Emulated(World(now=lambda: NOW, project=handed([plan])))
    result = emulated.run("stripe", "vendor", "pay", source, plan=plan)
    assert (result.outcome, emulated.exchanges) == ("rejected", [])


def test_findings_are_reported_once_for_all_environments(tmp_path: Path) -> None:
    sink = Sink()
    text = VENDOR.replace("YYMM", "MMYY")
    compile_project(project(tmp_path, text), sink)
    assert [one.code for one in sink.sorted()] == ["FC0357"]
