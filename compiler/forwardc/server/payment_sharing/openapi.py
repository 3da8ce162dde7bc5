"""The API's own description: OpenAPI 3.1, made from the code, and a text for each problem.

It says what callers may know: members, limits and problems, from the same constants and tables that
the server goes by. `schemas/partner-api.openapi.json` is that of a server for Rokt.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from forwardc.core.atoms import ATOMS
from forwardc.server.http.problems import MEDIA_TYPE, ProblemError, ProblemKind
from forwardc.server.payment_sharing import request as rules
from forwardc.server.settings import IssuerSettings
from forwardc.version import __version__

PATH: Final = "/openapi.json"
SHARING_PATH: Final = "/v1/initiate-payment-sharing"
_JSON: Final = "application/json"
_UUID: Final = "11111111-2222-4333-8444-555555555555"
_NOT_OF_SHARING: Final = (ProblemKind.NOT_FOUND, ProblemKind.METHOD_NOT_ALLOWED)
_EVERYWHERE: Final = (
    ProblemKind.ADDRESS_REFUSED,
    ProblemKind.MISDIRECTED,
    ProblemKind.HEADERS_TOO_LARGE,
)


def document_routes(destinations: Sequence[str], issuer: IssuerSettings) -> list[Route]:
    """The routes of the document and of the texts. Nothing in them needs a token."""
    content = document_text(destinations, issuer).encode()

    async def openapi(_request: Request) -> Response:
        return Response(content, media_type=_JSON)

    async def problem(request: Request) -> Response:
        return _text_of(request.path_params["slug"])

    return [
        Route(PATH, openapi, methods=["GET"]),
        Route("/problems/{slug}", problem, methods=["GET"]),
    ]


def document_text(destinations: Sequence[str], issuer: IssuerSettings) -> str:
    """The document as it is served, and as `schemas/partner-api.openapi.json` has it."""
    return json.dumps(document(destinations, issuer), indent=2)


def document(destinations: Sequence[str], issuer: IssuerSettings) -> dict[str, Any]:
    """The OpenAPI document of a server that offers these destinations."""
    scheme, security = _security(issuer)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Payment sharing",
            "version": __version__,
            "description": "Forwards a stored payment method to a destination, out of its vault.",
        },
        "paths": {
            SHARING_PATH: {"post": {**_operation(), "security": security}},
            PATH: {"get": _document_operation()},
            "/problems/{slug}": {"get": _problem_operation()},
        },
        "components": {
            "securitySchemes": scheme,
            "schemas": {
                "SharingRequest": request_schema(destinations),
                "SharingAnswer": _answer_schema(),
                "Problem": _problem_schema(),
            },
            "headers": _headers(),
        },
    }


def request_schema(destinations: Sequence[str]) -> dict[str, Any]:
    """The body of a call. What looks like a card number is refused beside it."""
    return {
        "type": "object",
        "additionalProperties": False,
        "required": [rules.REFERENCE_MEMBER, rules.DESTINATION_MEMBER],
        "properties": {
            rules.REFERENCE_MEMBER: {
                **_text(1, rules.LONGEST_REFERENCE),
                "description": "The payment of the customer; never a card number.",
            },
            rules.DESTINATION_MEMBER: {"type": "string", "enum": list(destinations)},
            rules.IDENTIFIERS_MEMBER: {
                "type": "object",
                "description": "What the caller knows of the customer: all of it must be right.",
                "maxProperties": rules.MOST_IDENTIFIERS,
                "propertyNames": _text(1, rules.LONGEST_NAME),
                "additionalProperties": _text(0, rules.LONGEST_VALUE),
            },
        },
        "examples": [
            {
                rules.REFERENCE_MEMBER: "pay_8sYxqGm2Wv",
                rules.DESTINATION_MEMBER: next(iter(destinations), ""),
                rules.IDENTIFIERS_MEMBER: {"email": "jane.roe@example.com"},
            }
        ],
    }


def _text(shortest: int, longest: int) -> dict[str, Any]:
    return {
        "type": "string",
        "minLength": shortest,
        "maxLength": longest,
        "not": {"pattern": f"[{rules.UNPRINTABLE}]"},
    }


def _operation() -> dict[str, Any]:
    return {
        "operationId": "initiatePaymentSharing",
        "summary": "Forward a payment method",
        "description": "A repeat within the server's window, or under the same Idempotency-Key, is "
        "answered as the first call was, and sent again only if certainly nothing was sent.",
        "parameters": [_key_parameter()],
        "requestBody": {
            "required": True,
            "content": {_JSON: {"schema": {"$ref": "#/components/schemas/SharingRequest"}}},
        },
        "responses": {
            "200": _answer_response(),
            **_problems(kind for kind in ProblemKind if kind not in _NOT_OF_SHARING),
        },
    }


def _key_parameter() -> dict[str, Any]:
    return {
        "name": "Idempotency-Key",
        "in": "header",
        "required": False,
        "description": "Names this purchase beyond the window of its reference.",
        "schema": {
            "type": "string",
            "minLength": 1,
            "maxLength": rules.LONGEST_KEY,
            "pattern": "^[!-~]+$",
        },
    }


def _answer_response() -> dict[str, Any]:
    return {
        "description": "What the destination answered, also where it declined, or why the vault "
        "did not take the request.",
        "headers": {
            "Forwardc-Run": {"$ref": "#/components/headers/Forwardc-Run"},
            "Idempotent-Replayed": {"$ref": "#/components/headers/Idempotent-Replayed"},
        },
        "content": {_JSON: {"schema": {"$ref": "#/components/schemas/SharingAnswer"}}},
    }


def _answer_schema() -> dict[str, Any]:
    return {
        "type": "object",
        "additionalProperties": False,
        "required": ["status", "headers", "body", "request-time"],
        "properties": {
            "status": {
                "type": "integer",
                "minimum": 100,
                "maximum": 599,
                "description": "The destination's status; the vault's where it sent nothing.",
            },
            "headers": {
                "type": "object",
                "additionalProperties": {"type": "string"},
                "description": "The destination's header fields.",
            },
            "body": {"description": "The vault's whole answer; a string where it is not JSON."},
            "request-time": {
                "type": "integer",
                "minimum": 0,
                "description": "How long the vault took, in milliseconds.",
            },
            "reason": {
                "type": "string",
                "maxLength": 400,
                "description": "Why the destination did not approve; masked, and one line.",
            },
            "losses": _atoms("What of the payment method the destination did not get."),
            "untold": _atoms("What it may have got or not: the vault does not tell."),
            "advice": {
                "type": "string",
                "description": "What helps, where a loss may be why the destination said no.",
            },
        },
        "examples": [
            {
                "status": 200,
                "headers": {"Content-Type": "application/json"},
                "body": {"destination_response": {"status": 200, "body": "{}"}},
                "request-time": 150,
            }
        ],
    }


def _atoms(description: str) -> dict[str, Any]:
    return {
        "type": "array",
        "minItems": 1,
        "uniqueItems": True,
        "items": {"enum": list(ATOMS)},
        "description": description,
    }


def _problem_schema() -> dict[str, Any]:
    return {
        "type": "object",
        "description": "RFC 9457. `type` leads to a text about the problem.",
        "required": ["type", "title", "status", "detail"],
        "properties": {
            "type": {"type": "string", "format": "uri-reference"},
            "title": {"type": "string"},
            "status": {"type": "integer", "minimum": 400, "maximum": 599},
            "detail": {"type": "string"},
            "instance": {"type": "string", "format": "uri-reference"},
            "run": {"type": "string", "format": "uuid"},
            "outcome": {"enum": ["approved", "declined", "pending", "rejected"]},
            "errors": {"type": "array", "minItems": 1, "items": _error_schema()},
        },
    }


def _error_schema() -> dict[str, Any]:
    return {
        "type": "object",
        "additionalProperties": False,
        "required": ["detail"],
        "properties": {
            "pointer": {"type": "string", "description": "Where in the body, by RFC 6901."},
            "header": {"type": "string", "description": "Which header field."},
            "detail": {"type": "string"},
        },
    }


def _problems(kinds: Iterable[ProblemKind]) -> dict[str, Any]:
    by_status: dict[int, list[ProblemKind]] = {}
    for kind in kinds:
        by_status.setdefault(kind.value.status, []).append(kind)
    return {str(status): _problem_response(status, by_status[status]) for status in by_status}


def _problem_response(status: int, kinds: list[ProblemKind]) -> dict[str, Any]:
    schema = {
        "allOf": [
            {"$ref": "#/components/schemas/Problem"},
            {"properties": {"type": {"enum": [_type(kind) for kind in kinds]}}},
        ]
    }
    examples = {
        kind.slug: {"value": ProblemError(kind, more=_more(kind)).document()} for kind in kinds
    }
    header_fields = _response_headers(status)
    return {
        "description": f"{HTTPStatus(status).phrase}: "
        + " ".join(f"{kind.value.title}. {kind.value.advice}" for kind in kinds),
        **({"headers": header_fields} if header_fields else {}),
        "content": {MEDIA_TYPE: {"schema": schema, "examples": examples}},
    }


def _type(kind: ProblemKind) -> str:
    return f"/problems/{kind.slug}"


def _more(kind: ProblemKind) -> Mapping[str, Any]:
    if kind is ProblemKind.OUTCOME_UNKNOWN:
        return {"run": _UUID}
    if kind is ProblemKind.INVALID_REQUEST:
        return {"errors": [{"pointer": "/destination", "detail": "is required"}]}
    return {}


def _response_headers(status: int) -> dict[str, Any]:
    """The header fields of a problem, by its status."""
    names: dict[int, tuple[str, ...]] = {
        401: ("WWW-Authenticate",),
        429: ("Retry-After",),
        502: ("Forwardc-Run",),
        503: ("Retry-After", "Forwardc-Run"),
        504: ("Forwardc-Run",),
    }
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names.get(status, ())}


def _headers() -> dict[str, Any]:
    return {
        "Forwardc-Run": {
            "description": "The run that the answer is about: what the merchant looks for.",
            "schema": {"type": "string", "format": "uuid"},
        },
        "Idempotent-Replayed": {
            "description": "There where an earlier call forwarded, and this one repeats it.",
            "schema": {"const": "true"},
        },
        "Retry-After": {
            "description": "Seconds to wait.",
            "required": True,
            "schema": {"type": "integer", "minimum": 1},
        },
        "WWW-Authenticate": {
            "description": "RFC 6750, section 3.",
            "required": True,
            "schema": {"type": "string"},
        },
    }


def _security(issuer: IssuerSettings) -> tuple[dict[str, Any], list[dict[str, list[str]]]]:
    if issuer.url is not None:
        bearer = {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}
        return {"bearer": bearer}, [{"bearer": []}]
    flow = {"tokenUrl": "/oauth/token", "scopes": {issuer.scope: "Forward payment methods"}}
    oauth = {"type": "oauth2", "flows": {"clientCredentials": flow}}
    return {"oauth2": oauth}, [{"oauth2": [issuer.scope]}]


def _document_operation() -> dict[str, Any]:
    described = {"description": "This document.", "content": {_JSON: {"schema": True}}}
    return {
        "operationId": "openapi",
        "summary": "This document",
        "security": [],
        "responses": {"200": described, **_problems(_EVERYWHERE)},
    }


def _problem_operation() -> dict[str, Any]:
    slug = {
        "name": "slug",
        "in": "path",
        "required": True,
        "schema": {"type": "string", "enum": [kind.slug for kind in ProblemKind]},
    }
    text = {"description": "A text.", "content": {"text/plain": {"schema": {"type": "string"}}}}
    return {
        "operationId": "problem",
        "summary": "What a problem means",
        "security": [],
        "parameters": [slug],
        "responses": {"200": text, **_problems((*_EVERYWHERE, ProblemKind.NOT_FOUND))},
    }


def _text_of(slug: str) -> Response:
    for kind in ProblemKind:
        if kind.slug == slug:
            shape = kind.value
            text = f"{shape.title} (HTTP {shape.status})\n\n{shape.advice}\n"
            return PlainTextResponse(text)
    raise ProblemError(ProblemKind.NOT_FOUND)
