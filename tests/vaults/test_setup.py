"""The set-up file: what must exist at the vault, by name, before the first run."""

import json
import re
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from compiled import ACCOUNTS, assessed, program_of
from forwardc.compile.language import yaml_reader
from forwardc.compile.language.schema import load_schema, validate
from forwardc.compile.review.setup import setup_file
from forwardc.compile.vaults.encode import to_bytes
from forwardc.compile.vaults.plan_file import plan_file
from forwardc.core.diagnostics.sink import Sink
from forwardc.plan.environment import EnvironmentClass

HEAD = """forwardc: 1
name: case
title: A case
environments:
  sandbox: {base_url: "https://api.case.example"}
  production: {base_url: "https://api.case.example"}
"""
SECRETS = """secrets:
  plain: {description: In a header only}
  in_json: {description: In a body}
  in_query: {description: In a query and a body}
  computed: {description: Encoded by the runtime}
  keyed: {description: A key, as_key: sha256_base64url}
operations:
  pay:
    initiator: customer
    steps:
      send:
        let: {data: {number: "${card.number}"}}
        request:
          POST: /c
          headers: {X-Plain: "${secrets.plain}", X-Computed: "${base64(secrets.computed)}"}
          query: {q: "${secrets.in_query}"}
          json:
            json: ${secrets.in_json}
            query: ${secrets.in_query}
            card: ${jwe(data, key=secrets.keyed, alg='A256GCMKW', enc='A256GCM')}
        response: {outcome: by_status}
"""
TOKENS = """operations:
  card:
    initiator: customer
    steps:
      send:
        request: {POST: /c, json: {number: "${card.number}"}}
        response: {outcome: by_status}
  token:
    initiator: customer
    fallback: card
    steps:
      send:
        request: {POST: /c, json: {number: "${network_token.number}"}}
        response: {outcome: by_status}
"""


def setup_of(text: str, vault: str, environment: EnvironmentClass = "sandbox") -> Any:
    program = program_of(HEAD + text, environment=environment)
    group = assessed(program, vault)
    account = ACCOUNTS[vault]
    plan = plan_file(group[0].vault, program, group)
    assert plan is not None
    data = json.loads(to_bytes(setup_file(group[0].vault, program, account, plan, group)))
    assert not list(Draft202012Validator(load_schema("setup")).iter_errors(data))
    return data


def test_secrets_are_named_with_their_holder_and_their_form() -> None:
    found = {entry["name"]: entry for entry in setup_of(SECRETS, "checkout")["secrets"]}
    assert {name: entry["held"] for name, entry in found.items()} == {
        "plain": ["vault"],
        "in_json": ["vault"],
        "in_query": ["vault"],
        "computed": ["runtime"],
        "keyed": ["vault"],
    }
    assert found["computed"]["environment_variable"] == "FORWARDC_SECRET__SANDBOX__CASE__COMPUTED"
    assert found["keyed"]["as_key"] == "sha256_base64url"
    assert {name for name, entry in found.items() if "pattern" in entry} == {"in_json", "in_query"}


@pytest.mark.parametrize(
    ("name", "value", "fits"),
    [
        ("in_json", "a+b/c==", True),
        ("in_json", 'a"b', False),
        ("in_json", "a\\b", False),
        ("in_json", "{{x}}", False),
        ("in_query", "a.b-c_d~e", True),
        ("in_query", "a+b", False),
        ("in_query", "a&b", False),
    ],
)
def test_a_stored_secret_may_hold_what_means_itself_in_every_place(
    name: str, value: str, fits: bool
) -> None:
    found = {entry["name"]: entry for entry in setup_of(SECRETS, "checkout")["secrets"]}
    assert bool(re.fullmatch(found[name]["pattern"], value)) is fits


def test_network_tokens_and_their_question_need_a_product_and_a_permission() -> None:
    with_tokens, without = setup_of(TOKENS, "checkout"), setup_of(SECRETS, "checkout")
    assert with_tokens["network_tokens"] == {"cryptogram": True}
    assert with_tokens["permissions"] == ["forward", "vault:instruments"]
    assert without["network_tokens"] is None
    assert without["permissions"] == ["forward", "forward:secrets"]


def test_an_address_off_the_vaults_list_is_named() -> None:
    assert setup_of(TOKENS, "stripe")["onboarding"] == []
    (wanted,) = setup_of(TOKENS, "stripe", environment="production")["onboarding"]
    assert wanted["url"] == "https://api.case.example/c"
    assert wanted["operation"] == "card"


def test_a_public_key_is_refused_with_its_reason() -> None:
    found = setup_of(TOKENS, "checkout")["authentication"]
    assert found["accepted"] == ["secret_key", "oauth_client"]
    assert [way["name"] for way in found["refused"]] == ["public_key"]
    assert "no SDK" in found["refused"][0]["why"]


@pytest.mark.parametrize("line", ["public_key: pk_x", "authentication: public_key"])
def test_a_project_cannot_name_another_way_in(line: str) -> None:
    text = (
        "forwardc: 1\nenvironments:\n  sandbox:\n    vaults:\n"
        f"      checkout:\n        processing_channel_id: pc_{'a' * 26}\n        {line}\n"
    )
    sink = Sink()
    node = yaml_reader.read("forwardc.yaml", text.encode(), sink)
    assert node is not None
    assert not validate("project", node, sink)
    assert [found.code for found in sink.sorted()] == ["FC0201"]


def test_room_to_the_vaults_limits_is_shown() -> None:
    limits = {entry["limit"]: entry for entry in setup_of(SECRETS, "checkout")["limits"]}
    assert limits["destination_request.body"]["maximum"] == 16384
    assert 0 < limits["destination_request.body"]["shortest"] < 300
    assert limits["headers.encrypted"]["maximum"] == 8192
