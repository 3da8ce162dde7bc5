"""Writes what was emitted as a plan has it: JSON whose members stand in the order of this file.

Each function writes one class of `emission.py`. Terms stay terms, which know their place in the
YAML, until `encode.py` makes them bytes. What is absent, or empty in every plan, is left out.
"""

from collections.abc import Mapping
from typing import Any, Final

from forwardc.compile.ir.client_certificate import ClientCertificate
from forwardc.compile.ir.poll import Poll
from forwardc.compile.ir.reason_place import ReasonPlace
from forwardc.compile.ir.reuse import Reuse
from forwardc.compile.vaults.emission import (
    EmittedAnswer,
    EmittedArrangement,
    EmittedCall,
    EmittedCredential,
    EmittedFallback,
    EmittedField,
    EmittedHead,
    EmittedInput,
    EmittedInstrument,
    EmittedLoss,
    EmittedOutput,
    EmittedReader,
    EmittedRetention,
    EmittedReview,
    EmittedRule,
    EmittedSignature,
    EmittedSource,
    EmittedStep,
    Losses,
    Presence,
)
from forwardc.compile.vaults.encode import Json

CONNECT_MS: Final = 10_000
"""Milliseconds: a lost SYN is repeated after 1, 3 and 7 seconds (RFC 6298), which fit into them."""
MAX_ANSWER_BYTES: Final = 1_048_576
"""1 MiB: an answer of a payment has a few KiB; more fills the memory of whoever reads it."""


def head_json(head: EmittedHead) -> Json:
    """The parts that all operations share."""
    store, parts, card = head.secret_store, head.parts, head.card
    credentials = head.credentials.items()
    return {
        "hosts": {
            "vault": list(head.vault_hosts),
            "destination": [head.destination_host],
        },
        "credentials": {name: _credential(credential) for name, credential in credentials},
        **({"keys": {"jwks": head.key_set}} if head.key_set else {}),
        **(
            {
                "secret_store": {
                    "url": store.url,
                    "max_value_bytes": store.max_value_bytes,
                    "scopes": list(store.scopes),
                }
            }
            if store
            else {}
        ),
        "sources": {kind: _source(source) for kind, source in head.sources.items()},
        **(
            {
                "gets": _present(
                    body=parts.body,
                    headers=parts.headers,
                    encrypted=parts.encrypted,
                    query=parts.query,
                    variables=parts.variables,
                    fills=parts.fills,
                )
            }
            if parts
            else {}
        ),
        **({"log": head.log} if head.log else {}),
        **(
            {
                "card": {
                    "http": call_json(card.call),
                    "kinds": list(card.kinds),
                    **({"scopes": list(card.scopes)} if card.scopes else {}),
                    "tells": card.tells,
                }
            }
            if card
            else {}
        ),
    }


def _present(**members: Any) -> Json:
    return {name: value for name, value in members.items() if value is not None}


def _credential(credential: EmittedCredential) -> Json:
    oauth = credential.oauth
    if oauth is None:
        return dict(credential.form)
    client = {"token_url": oauth.token_url, **oauth.client, "scopes": list(oauth.scopes)}
    return {**credential.form, "or": {"oauth": client}}


def _source(source: EmittedSource) -> Json:
    return {
        "pattern": source.pattern,
        "single_use": source.single_use,
        "inputs": source.inputs,
        "has": {atom: _presence(presence) for atom, presence in source.has.items()},
        "bind": source.bind,
    }


def _presence(presence: Presence) -> str | Json:
    return presence.when if presence.input is None else {"input": presence.input}


def call_json(call: EmittedCall) -> Json:
    """A request with holes."""
    return {
        "method": call.method,
        "url": call.url,
        "query": [[name, term] for name, term in call.query],
        "headers": [[name, term] for name, term in call.headers],
        **({} if call.body is None else {"body": call.body}),
    }


def step_json(step: EmittedStep) -> Json:
    """One step: the request, how its answer is read, and what a reviewer and a person are told."""
    retention = step.retention
    return {
        "name": step.name,
        "deliver": "direct" if step.is_direct else "vault",
        **({"private": True} if step.private else {}),
        "http": call_json(step.call),
        **({"sign": _signature(step.sign)} if step.sign else {}),
        **({"review": _review(step.review)} if step.review else {}),
        "read": {"direct": True} if step.reader is None else _reader(step.reader),
        "destination": {"method": step.destination.method, "url": step.destination.url},
        "timeouts": {"connect_ms": CONNECT_MS, "read_ms": step.read_ms},
        "max_answer_bytes": MAX_ANSWER_BYTES,
        "idempotent": step.idempotent,
        **({"uses_cvc": True} if step.uses_cvc else {}),
        **_answer(step.answer),
        **(
            {
                "echo": {
                    **step.echo.at,
                    **({"syntax": step.echo.syntax} if step.echo.syntax else {}),
                    "filled": list(step.echo.filled),
                }
            }
            if step.echo
            else {}
        ),
        **({} if step.vault_key_hours is None else {"vault_key_hours": step.vault_key_hours}),
        **({"reconcile": _retention(retention)} if retention else {}),
        **({"vault_reference": step.vault_reference} if step.vault_reference else {}),
        **({"reuse": _reuse(step.reuse)} if step.reuse else {}),
        **({"poll": _poll(step.poll)} if step.poll else {}),
        **_client_certificate(step.client_certificate),
    }


def _client_certificate(certificate: ClientCertificate | None) -> Json:
    if certificate is None:
        return {}
    return {"client_certificate": {"certificate": certificate.certificate, "key": certificate.key}}


def _poll(poll: Poll) -> Json:
    return {"every_s": poll.every_s, "at_most_s": poll.at_most_s, "times": poll.times}


def _reuse(reuse: Reuse) -> Json:
    return {
        **_present(expires_in=reuse.expires_in, at_most_s=reuse.at_most_s),
        **({"renew_on_401": True} if reuse.renew_on_401 else {}),
    }


def _signature(sign: EmittedSignature) -> Json:
    return _present(
        scheme=sign.scheme,
        secret=sign.secret,
        remove_path_prefix=sign.remove_path_prefix,
        into=sign.into,
    )


def _review(review: EmittedReview) -> Json:
    parts = {
        "url": review.url,
        "method": review.method,
        "fields": [field_json(field) for field in review.fields],
        "headers": list(review.headers),
        "keys": list(review.keys),
    }
    surface = {name: parts[name] for name in review.surface}
    stated = [_arrangement(arrangement) for arrangement in review.arrangements]
    return surface | ({"arrangements": stated} if stated else {})


def field_json(field: EmittedField) -> Json:
    """A field that the vault fills, as a plan and a reviewer's file have it."""
    return {
        "at": field.at,
        "atom": field.atom,
        "replacement": field.replacement,
        "json_type": field.json_type,
        "format": field.format,
        "required": field.required,
    }


def _arrangement(arrangement: EmittedArrangement) -> Json:
    wallets = {"wallets": list(arrangement.wallets)} if arrangement.wallets else {}
    if arrangement.ticket is None:
        return {"id": arrangement.id, **wallets, "as_if_agreed": True}
    return {
        "id": arrangement.id,
        "ticket": arrangement.ticket,
        "date": arrangement.date,
        **({"expires": arrangement.expires} if arrangement.expires else {}),
        **wallets,
    }


def _reader(reader: EmittedReader) -> Json:
    return {
        "status": reader.status,
        "headers": {"at": reader.headers, "form": reader.headers_form},
        "body": reader.body,
        "request_id": reader.request_id,
        **({"mode": reader.mode} if reader.mode else {}),
        **(
            {"method": dict(zip(("at", "is"), reader.agreed_method, strict=True))}
            if reader.agreed_method
            else {}
        ),
        "failures": [
            {
                "status": list(failure.status),
                "sent": failure.sent,
                **({"consumes_cvc": True} if failure.consumes_cvc else {}),
                **({"retry": failure.retry} if failure.retry else {}),
                **(
                    {"code": {"at": failure.code_at, "in": list(failure.codes)}}
                    if failure.codes
                    else {}
                ),
            }
            for failure in reader.failures
        ],
    }


def _answer(answer: EmittedAnswer) -> Json:
    return {
        **({"namespaces": answer.namespaces} if answer.namespaces else {}),
        "outputs": {output.name: _output(output) for output in answer.outputs},
        "answer": answer.answer,
        **({"reason": [_place(place) for place in answer.reason]} if answer.reason else {}),
        **({"mode": answer.mode} if answer.mode else {}),
        "outcome": [_rule(rule) for rule in answer.rules],
    }


def _place(place: ReasonPlace) -> Json:
    return {"at": place.at, **({"map": dict(place.words)} if place.words else {})}


def _output(output: EmittedOutput) -> Json:
    return {
        "at": output.at,
        "sensitive": output.sensitive,
        "optional": output.optional,
        **_present(type=output.type, currency=output.currency, asked=output.asked),
    }


def _rule(rule: EmittedRule) -> Json:
    condition = {} if rule.when is None else {"when": rule.when}
    return {"rule": rule.number, **condition, "is": rule.outcome}


def _retention(retention: EmittedRetention) -> Json:
    call = {"http": call_json(retention.call)}
    if retention.pages is None:
        return {"get": {**call, "days": retention.days}}
    return {"list": {**call, **retention.pages, "days": retention.days}}


def input_json(supplied: EmittedInput) -> Json:
    """An atom that the caller gives: it is masked wherever it is shown."""
    return {"type": "text", "sensitive": True, "optional": supplied.optional}


def losses_json(losses: Mapping[str, Losses]) -> Json:
    """What may be missing, by step, kind of source and atom."""
    return {
        step: {
            kind: {atom: _loss(loss) for atom, loss in atoms.items()}
            for kind, atoms in kinds.items()
        }
        for step, kinds in losses.items()
    }


def _loss(loss: EmittedLoss) -> Json:
    return {
        "by": loss.by,
        **({"input": loss.input} if loss.input else {}),
        **({"at": list(loss.at)} if loss.at else {}),
    }


def fallback_json(fallback: EmittedFallback) -> Json:
    """What runs instead, and the question that decides it."""
    question = fallback.question
    return {
        "operation": fallback.operation,
        "ask": {
            "http": call_json(question.call),
            "when": question.when,
            "scopes": list(question.scopes),
            "tells": question.tells,
            **({"holds": question.holds} if question.holds else {}),
        },
    }


def instrument_json(instrument: EmittedInstrument) -> Json:
    """What is asked of the instrument before anything is sent, and read of the answer."""
    return {
        "http": call_json(instrument.call),
        "kinds": list(instrument.kinds),
        **({"scopes": list(instrument.scopes)} if instrument.scopes else {}),
        "tells": instrument.tells,
        "values": {
            name: {
                "at": value.at,
                **({"words": value.words} if value.words else {}),
                **({"required": True} if value.required else {}),
            }
            for name, value in instrument.values.items()
        },
    }
