"""What a destination file becomes: the typed values that later stages work on."""

from pathlib import Path

import pytest

from forwardc.compile.language.destination import (
    BodyKind,
    Destination,
    ParamType,
    SettingType,
    settings_used,
    terms_of,
)
from forwardc.compile.language.read_destination import read_destination
from forwardc.compile.language.schema import validate
from forwardc.compile.language.yaml_reader import read
from forwardc.core.diagnostics.sink import Sink
from forwardc.core.terms.functions import Type
from forwardc.core.terms.terms import Atom, Call, If, Lit, Map, Ref, Seq, Text, walk
from forwardc.plan.environment import implied

VISA = """\
forwardc: 1
name: visa
title: Visa tokens, provisioning
docs: https://developer.visa.com/
environments:
  sandbox: {base_url: https://cert.api.visa.com}
  production: {base_url: "https://${settings.live_label}.visa.com"}
settings:
  relationship_id: {type: string}
  client_app_id: {type: string, default: app, unconfirmed: seen once}
  live_label: {type: string, pattern: "^[a-z]+$"}
params:
  wallet_account_id: {type: string, max_length: 64}
  email: {type: string, optional: true, sensitive: true}
  count: {type: integer, minimum: 1, maximum: 9, default: 2}
  extra: {type: json, schema: {type: object}, optional: true}
secrets:
  visa_api_key: {description: API key}
  visa_shared_key: {held: runtime}
  visa_encryption_shared_key: {as_key: sha256_base64url}
operations:
  provision:
    title: Make a token
    initiator: customer
    steps:
      provision:
        idempotent: {header: Idempotency-Key}
        let:
          instrument:
            accountNumber: ${card.number}
            cvv2: ${card.cvc?}
            expirationDate: {month: "${card.expiry.MM}", year: "${card.expiry.YYYY}"}
          headers: {iat: "${text(unix(run.now))}"}
        request:
          POST: /vts/${params.wallet_account_id}/tokens
          query: {apiKey: "${secrets.visa_api_key}", relationshipID: "${settings.relationship_id}"}
          headers: {x-request-id: "${run.id}", Accept: application/json}
          json:
            clientAppID: ${settings.client_app_id}
            email: ${params.email?}
            count: "${params.count}"
            extra: ${params.extra?}
            types: [CLOUD, "${params.wallet_account_id}"]
            encrypted: >-
              ${jwe(instrument, key=secrets.visa_encryption_shared_key,
              alg='A256GCMKW', enc='A256GCM', headers=headers)}
          sign:
            scheme: visa-x-pay-token
            secret: ${secrets.visa_shared_key}
            remove_path_prefix: /vts
        response:
          outputs:
            token_id: {at: /id, sensitive: true}
            state: {at: /state, optional: true, type: integer}
          outcome:
            - {when: "${response.status in [200, 201]}", is: approved}
            - {is: rejected}
      confirm:
        deliver: direct
        stand_in: true
        request:
          GET: /vts/${steps.provision.token_id}
          text: "state ${run.idempotency_key}"
        response:
          outcome:
            - {when: "${response.json['state'] == steps.provision.state?}", is: approved}
"""


@pytest.fixture(scope="module")
def visa() -> Destination:
    return load(VISA)


def load(text: str) -> Destination:
    sink = Sink()
    root = read("visa.yaml", text.encode(), sink)
    assert root is not None
    assert validate("destination", root, sink)
    destination = read_destination(root, sink)
    assert sink.sorted() == []
    assert destination is not None
    return destination


def test_declarations(visa: Destination) -> None:
    assert (visa.name, visa.docs) == ("visa", "https://developer.visa.com/")
    assert visa.settings["live_label"].type is SettingType.STRING
    assert visa.settings["live_label"].bounds.pattern == "^[a-z]+$"
    assert visa.settings["client_app_id"].default == Lit("app")
    assert visa.settings["client_app_id"].unconfirmed == "seen once"
    assert visa.params["count"].type is ParamType.INTEGER
    assert (visa.params["count"].bounds.minimum, visa.params["count"].bounds.maximum) == (1, 9)
    assert visa.params["email"].optional
    assert visa.params["email"].sensitive
    assert visa.params["extra"].schema == {"type": "object"}
    assert visa.secrets["visa_shared_key"].held == "runtime"
    assert visa.secrets["visa_encryption_shared_key"].as_key == "sha256_base64url"


def test_base_urls(visa: Destination) -> None:
    assert visa.environments["sandbox"] == Lit("https://cert.api.visa.com")
    assert visa.environments["production"] == Text(
        (Lit("https://"), Ref("settings.live_label"), Lit(".visa.com"))
    )


def test_the_settings_of_an_environment_are_those_its_requests_use(visa: Destination) -> None:
    assert settings_used(visa, implied("sandbox")) == {"relationship_id", "client_app_id"}
    assert settings_used(visa, implied("production")) == {
        "relationship_id",
        "client_app_id",
        "live_label",
    }


def test_request(visa: Destination) -> None:
    step = visa.operations["provision"].steps[0]
    request = step.request
    assert (step.deliver, step.idempotent_header) == ("vault", "Idempotency-Key")
    assert request.method == "POST"
    assert request.path == Text((Lit("/vts/"), Ref("params.wallet_account_id"), Lit("/tokens")))
    assert [field.name for field in request.query] == ["apiKey", "relationshipID"]
    assert [field.term for field in request.headers] == [Ref("run.id"), Lit("application/json")]
    assert request.sign is not None
    assert request.sign.secret == Ref("secrets.visa_shared_key")
    assert request.sign.remove_path_prefix == "/vts"


def test_body(visa: Destination) -> None:
    body = visa.operations["provision"].steps[0].request.body
    assert body is not None
    assert body.kind is BodyKind.JSON
    assert isinstance(body.tree, Map)
    tree = dict(body.tree.entries)
    assert tree["email"] == If("params.email", Ref("params.email"))
    assert tree["count"] == Ref("params.count")
    assert tree["types"] == Seq((Lit("CLOUD"), Ref("params.wallet_account_id")))
    assert tree["encrypted"] == Call(
        "jwe",
        (Ref("let.instrument"),),
        (
            ("key", Ref("secrets.visa_encryption_shared_key")),
            ("alg", Lit("A256GCMKW")),
            ("enc", Lit("A256GCM")),
            ("headers", Ref("let.headers")),
        ),
    )


def test_let(visa: Destination) -> None:
    let = visa.operations["provision"].steps[0].let
    assert list(let) == ["instrument", "headers"]
    assert isinstance(let["instrument"], Map)
    assert dict(let["instrument"].entries)["cvv2"] == If("card.cvc", Atom("card.cvc"))


def test_response(visa: Destination) -> None:
    step = visa.operations["provision"].steps[0]
    assert step.outputs["token_id"].at == "/id"
    assert step.outputs["token_id"].sensitive
    assert step.outputs["state"].optional
    assert [output.type for output in step.outputs.values()] == [Type.TEXT, Type.INTEGER]
    assert [rule.is_ for rule in step.outcome] == ["approved", "rejected"]
    assert step.outcome[1].when is None


def test_a_later_step(visa: Destination) -> None:
    step = visa.operations["provision"].steps[1]
    assert (step.deliver, step.stand_in) == ("direct", True)
    assert step.request.path == Text((Lit("/vts/"), Ref("steps.provision.token_id")))
    assert step.request.body is not None
    assert step.request.body.kind is BodyKind.TEXT


def test_everything_knows_its_place(visa: Destination) -> None:
    step = visa.operations["provision"].steps[0]
    assert step.pointer == "/operations/provision/steps/provision"
    assert (step.span.start.line, step.span.start.column) == (26, 7)
    header = step.request.headers[0]
    assert header.pointer.endswith("/request/headers/x-request-id")
    assert (header.name_span.start.column, header.span.start.column) == (21, 35)
    for found in visa.operations["provision"].steps:
        for term in terms_of(found):
            assert all(node.span is not None for node in walk(term))


def test_an_xml_body() -> None:
    start = VISA.index("          json:")
    end = VISA.index("          sign:")
    xml = """          xml:
            request:
              .version: "1"
              PAN: ${card.number}
              note: {.lang: en, .: "${params.email?}"}
              item: [1, 2]
              empty: null
              app: "${settings.client_app_id} ${params.count} ${secrets.visa_encryption_shared_key}"
              json: ${json(instrument)} ${json(headers)}
          doctype: {public: -//X//1, system: https://x.example/x.dtd}
"""
    text = VISA[:start] + xml + VISA[end:]
    text = text.replace("  extra: {type: json, schema: {type: object}, optional: true}\n", "")
    # The CVC stands inside a map, so its absence does not reach the text around it.
    body = load(text).operations["provision"].steps[0].request.body
    assert body is not None
    assert body.kind is BodyKind.XML
    assert body.doctype == ("-//X//1", "https://x.example/x.dtd")
    assert isinstance(body.tree, Map)
    inner = body.tree.entries[0][1]
    assert isinstance(inner, Map)
    assert dict(inner.entries)["empty"] == Lit(None)


def test_the_destinations_of_this_repository_have_no_mistake(root: Path) -> None:
    paths = sorted((root / "destinations").glob("*.yaml"))
    assert len(paths) >= 5
    for path in paths:
        sink = Sink()
        tree = read(path.name, path.read_bytes(), sink)
        assert tree is not None
        assert read_destination(tree, sink) is not None
        assert sink.sorted() == []
