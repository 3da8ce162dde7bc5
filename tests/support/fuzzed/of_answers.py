"""One function for each reader: bytes in; nothing out but the exceptions that it lets through.

What is caught here is the reader's contract: its own typed error, which becomes a diagnostic or
an answer. Whatever else is raised is a finding. Answers of vaults and destinations.
"""

import json
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from typing import Any

from forwardc.core.diagnostics.sink import Sink
from fuzzed.common import ROOT, loose, shown

NOW = datetime(2026, 11, 20, 12, 0, 0, tzinfo=UTC)


def json_body(data: bytes) -> None:
    from forwardc.runtime.http.bodies.parsers import read_json

    read_json(loose(data))


def xml_body(data: bytes) -> None:
    from forwardc.runtime.http.bodies.xml_body import read_xml

    read_xml(loose(data), {"s": "http://schemas.xmlsoap.org/soap/envelope/"})


def form_body(data: bytes) -> None:
    from forwardc.runtime.http.bodies.parsers import read_form

    read_form(loose(data))


def field_by_field(data: bytes) -> None:
    from forwardc.runtime.http.bodies.body import fields_of
    from forwardc.runtime.run.redaction import is_telling_name, looks_secret, shown_url

    for row in fields_of(loose(data)).rows:
        is_telling_name(row.path)
        looks_secret(row.shown)
        shown_url(row.shown)


def packed_answer(data: bytes) -> None:
    import zlib

    from forwardc.runtime.history.answers import unpack

    unpack(data)
    unpack(zlib.compress(data))


def packed_text(data: bytes) -> None:
    from forwardc.runtime.history.step_texts import pack, read_texts, unpack

    known = b'{"called":""}'
    for text in (unpack(data, known), data):
        read_texts(text, text, "run")
    assert unpack(pack(data, known), known) == data


def charset(data: bytes) -> None:
    from forwardc.runtime.http.bodies.decoding import decoded
    from forwardc.runtime.http.bodies.parsers import is_page

    label, _, body = data.partition(b"\n")
    is_page(decoded(body, loose(label)))


def compressed(data: bytes) -> None:
    from forwardc.runtime.http.bodies.decoding import UndecodableBodyError, uncompressed

    for coding in ("gzip", "deflate", "br", "gzip, deflate"):
        with suppress(UndecodableBodyError):
            assert len(uncompressed(data, [coding], 10_000)) <= max(10_000, len(data))


@cache
def _operations() -> tuple[Any, ...]:
    from forwardc.plan.model import load_plan

    folders = ROOT / "tests" / "runtime" / "plans"
    plans = [load_plan((folders / f"{name}.json").read_bytes()) for name in ("forward", "direct")]
    return tuple(operation for one in plans for operation in one.operations.values())


def _steps() -> tuple[Any, ...]:
    return tuple(step for operation in _operations() for step in operation.steps)


def vault_answer(data: bytes) -> None:
    from forwardc.runtime.http.send import HttpAnswer
    from forwardc.runtime.run.answer import DestinationAnswer, read_answer
    from forwardc.runtime.run.step_result import decide

    head, _, body = data.partition(b"\n")
    status = int(head[:3]) if head[:3].isdigit() else 200
    kind = loose(head[3:])
    for step in _steps():
        read = read_answer(step, HttpAnswer(status, (("Content-Type", kind),), body, 5))
        if isinstance(read, DestinationAnswer):
            for syntax in ("json", "xml", "form", "text", "empty", "any"):
                read.values().reads_as(syntax)
            read.values().document()
            decide(step, read.values())


def echo(data: bytes) -> None:
    from forwardc.plan.answers import Echo, LossByEcho, LossUntold
    from forwardc.runtime.run.losses import SuppliedValues, atoms_held, losses_of

    told = LossByEcho(by="echo", at=("/a/0/b", "/pay/.cvc"))
    from_pm = {"pm_": {"card.cvc": told, "card.holder_name": LossUntold(by="untold")}}
    text = loose(data)
    for syntax in ("json", "xml"):
        place = Echo(at="/sent", syntax=syntax, filled=("/a/1",))
        step = replace(_steps()[0], echo=place)
        operation = replace(_operations()[0], losses={step.name: from_pm})
        lacks = losses_of(operation, step, SuppliedValues("pm_"), {"sent": text})
        assert not {*lacks.losses} & {*lacks.untold}
    atoms_held({"card.cvc": ("/a", "/b/0")}, {"a": text})


def told_times(data: bytes) -> None:
    from forwardc.runtime.http.declared_times import LONGEST_WAIT_S, lifetime, max_age, retry_after

    lines = loose(data).split("\n")
    pairs = [(name, value) for name, _, value in (line.partition(":") for line in lines)]
    found = retry_after(pairs, NOW)
    assert found is None or 0 <= found <= LONGEST_WAIT_S
    for _, value in pairs:
        max_age(value)
        lifetime(value)


def token_answer(data: bytes) -> None:
    from forwardc.runtime.http.oauth import AccessTokenError, _json, _reason, _token

    held = _json(data)
    _reason(400, held)
    with suppress(AccessTokenError):
        _token(held, 0.0)


def store_answer(data: bytes) -> None:
    from forwardc.runtime.secret_providers.vault_store import _codes, _listed, _read, _secret

    sink = Sink()
    _codes(data, {"value": "a"})
    _read(_secret, data, "a", sink)
    _read(_listed, data, "a", sink)
    shown(sink)


def jwk_set(data: bytes) -> None:
    from forwardc.core.terms.functions import ComputationError
    from forwardc.runtime.http.jwk_sets import JwkSetError, encryption_key, members
    from forwardc.server.oauth.verification_keys import read_verification_key

    with suppress(JwkSetError):
        for member in members(data):
            read_verification_key(member, ("ES256", "ES384", "RS256", "PS256", "EdDSA"))
            key = encryption_key(member)
            if key is not None:
                with suppress(ComputationError):
                    _encrypted_for(key)


def _encrypted_for(key: Any) -> None:
    from forwardc.core.terms.functions import FUNCTIONS

    FUNCTIONS["jwe"].compute("x", key=key.jwk, alg="RSA-OAEP-256", enc="A256GCM")


def enveloped(data: bytes) -> None:
    from forwardc.server.payment_sharing.answer import _embedded

    told = _embedded(loose(data), lambda text: text.replace("4242424242424242", "***"))
    json.loads(told, parse_int=str)
