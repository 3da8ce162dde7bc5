"""What a vault is asked beside the steps of a run, as JSON that an approval covers.

For an access token, about the instrument before the first step, and about the card after the last.
"""

from typing import Any, TypeAlias

from forwardc.core.documents.writing import as_json
from forwardc.core.terms.codec import json_of, to_json
from forwardc.plan.model import Plan, PlanOperation
from forwardc.plan.parts import PlanRequest
from forwardc.plan.questions import scopes_of_questions

Json: TypeAlias = Any


def http_json(http: PlanRequest) -> Json:
    """A request with its holes, as it is covered by a digest."""
    return {
        "method": http.method,
        "url": json_of(http.url),
        "query": [[name, json_of(term)] for name, term in http.query],
        "headers": [[name, json_of(term)] for name, term in http.headers],
        "body": None if http.body is None else json_of(http.body),
    }


def token_requests(plan: Plan, operation: PlanOperation) -> Json:
    """Where an OAuth client may go, and for what; nothing where the vault has no such way."""
    credentials = {name: plan.credentials.get(name) for name in sorted(operation.credentials)}
    fallback = operation.fallback.ask.scopes if operation.fallback else None
    asked = scopes_of_questions(fallback, operation.instrument)
    clients = {
        name: {**as_json(oauth), "scopes": [*oauth.scopes, *asked]}
        for name, credential in credentials.items()
        if credential is not None and credential.instead is not None
        for oauth in (credential.instead.oauth,)
    }
    return {"tokens": clients} if clients else {}


def card_question(plan: Plan, operation: PlanOperation) -> Json:
    """What the vault is asked about the card, after a run that went through it."""
    card = plan.card
    if card is None or not any(step.deliver == "vault" for step in operation.steps):
        return {}
    return {"card": [http_json(card.http), list(card.kinds), list(card.scopes)]}


def instrument_question(operation: PlanOperation) -> Json:
    """What is asked of the instrument before anything is sent, and what of the answer leaves."""
    reading = operation.instrument
    if reading is None:
        return {}
    values = {name: value.at for name, value in reading.values.items()}
    return {"instrument": [http_json(reading.http), list(reading.kinds), values]}


def fallback_question(operation: PlanOperation) -> Json:
    """What decides whether the fallback runs; None where there is none."""
    fallback = operation.fallback
    if fallback is None:
        return None
    return [http_json(fallback.ask.http), to_json(fallback.ask.when), fallback.operation]
