"""Templates: the grammar, the order, and that substitution is plain text."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forwardc.sandbox.checkout.template import (
    QuotedText,
    TemplateCall,
    TemplateError,
    TemplateName,
    parse,
)


def test_every_placeholder_of_a_card(vault: Any) -> None:
    names = (
        "card_number card_expiry_month card_expiry_month_mm card_expiry_year_yy "
        "card_expiry_year_yyyy cardholder_name billing_address_line1 billing_address_city "
        "billing_address_zip billing_address_country"
    ).split()
    got = vault.sent("|".join(f"{{{{{name}}}}}" for name in names)).split("|")
    assert got == [
        "4242424242424242", "8", "08", "30", "2030",
        "Sherlock Holmes", "221B Baker Street", "London", "NW1 6XE", "GB",
    ]  # fmt: skip


def test_what_is_not_there_renders_empty(vault: Any) -> None:
    body = "[{{card_cvv}}{{card_pin}}{{cardholder_name}}{{billing_address_line2}}]"
    assert vault.sent(body, "visa_without_holder") == "[]"


def test_what_is_not_there_can_be_made_an_error(vault: Any) -> None:
    vault.world.fail_unavailable = True
    reply = vault.forward(vault.request("{{card_cvv}}"))
    assert (reply.status, reply.codes) == (422, ["placeholder_unavailable"])


def test_substitution_escapes_nothing(vault: Any) -> None:
    token = vault.card_token(name='Ann "A" & B')
    source = {"type": "token", "token": token}
    got = vault.sent('{"name":"{{cardholder_name}}"}', source)
    assert got == '{"name":"Ann "A" & B"}'
    with pytest.raises(json.JSONDecodeError):
        json.loads(got)


def test_variables_come_first_and_serve_everywhere(vault: Any) -> None:
    more = {
        "variables": [{"name": "exp", "value": "{{card_expiry_month_mm}}/{{card_expiry_year_yy}}"}],
        "headers": {"raw": {"X-Expiry": "{{ exp }}"}},
        "query": [{"name": "e", "value": "{{exp}}"}],
    }
    assert vault.sent("{{exp}}", **more) == "08/30"
    assert ("x-expiry", "08/30") in vault.last.headers
    assert vault.last.target == "/pay?e=08%2F30"


def test_query_joins_a_query_that_is_there(vault: Any) -> None:
    query = [{"name": "b c", "value": "d&e=f"}]
    vault.sent("", url="https://psp.example.com/pay?a=1", query=query)
    assert vault.last.target == "/pay?a=1&b%20c=d%26e%3Df"


def test_card_data_inside_values_is_not_evaluated_again(vault: Any) -> None:
    vault.store("odd", "{{card_number}}")
    assert vault.sent("{{secret_odd}}") == "{{card_number}}"


def test_a_variable_may_not_name_another(vault: Any, lenient: Any) -> None:
    variables = [{"name": "a", "value": "1"}, {"name": "b", "value": "{{a}}2"}]
    assert vault.forward(vault.request(variables=variables)).codes == ["placeholder_unknown"]
    assert lenient.sent("{{b}}", variables=variables) == "12"


@pytest.mark.parametrize("name", ["card_number", "a-b", "1a", "a b", "a|b"])
def test_a_variable_needs_a_free_name(vault: Any, name: str) -> None:
    reply = vault.forward(vault.request(variables=[{"name": name, "value": "1"}]))
    assert reply.codes == ["variable_name_invalid"]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("{{ card_numbr }}", "placeholder_unknown"),
        ("{{ expiry_month }}", "placeholder_unknown"),
        ("{{ secret_none }}", "secret_not_found"),
        ("{{ secret.none }}", "template_invalid"),
        ("{{ card_number | upcase }}", "template_invalid"),
        ("{{ }}", "template_invalid"),
        ("{{ card_number", "template_unterminated"),
        ("{% if card_cvv %}x{% endif %}", "template_tag_not_supported"),
        ("{{ base64(card_number) }}", "template_function_unknown"),
        ("{{ jwe_encrypt(card_number) }}", "jwe_encrypt_key_required"),
        ("{{ jwe_encrypt(data=card_number, pad='1') }}", "jwe_encrypt_argument_invalid"),
    ],
)
def test_what_is_not_documented_is_refused(vault: Any, body: str, code: str) -> None:
    reply = vault.forward(vault.request(body))
    assert reply.status == 422
    assert code in reply.codes
    assert list(reply.json()["errors"]) == ["destination_request.body"]
    assert vault.world.received == []


def test_undefined_names_are_empty_with_lenient(lenient: Any) -> None:
    assert lenient.sent("[{{nothing}}{{secret.none}}]") == "[]"


def test_braces_beside_a_template_are_text() -> None:
    assert parse('{"a":{"b":{{x}}}}') == ('{"a":{"b":', TemplateName("x"), "}}")
    assert parse("{{{x}}}") == ("{", TemplateName("x"), "}")
    assert parse("}} { }") == ("}} { }",)


def test_a_call_has_named_and_quoted_arguments() -> None:
    assert parse("{{ f(a, key = b, alg='R S') }}") == (
        TemplateCall(
            "f", (("", TemplateName("a")), ("key", TemplateName("b")), ("alg", QuotedText("R S")))
        ),
    )


@given(st.text(alphabet="{}% a'(),=\"\n|x"))
def test_any_text_is_parsed_or_refused(text: str) -> None:
    try:
        pieces = parse(text)
    except TemplateError:
        return
    assert "".join(piece for piece in pieces if isinstance(piece, str)).count("{{") == 0


@given(st.text().filter(lambda text: "{{" not in text and "{%" not in text))
def test_text_without_templates_stays(text: str) -> None:
    assert "".join(map(str, parse(text))) == text
