"""Turns a checked forward request and the vault's values into the request that goes out.

Knows no HTTP server and no storage but secrets. Order as the facts have it: variables first, then
headers, query, body and signature parameters, functions with them, and the signature last, over
the final bytes. Substitution is plain text: nothing is escaped, as at the vendor.
"""

import json
from dataclasses import dataclass, field
from urllib.parse import quote

from forwardc.sandbox.checkout import functions
from forwardc.sandbox.checkout.body import RequestFaults
from forwardc.sandbox.checkout.clients import CheckoutAccount
from forwardc.sandbox.checkout.forward_request import ForwardRequest, Pair, is_header_name
from forwardc.sandbox.checkout.keys import ENCRYPTION, private_jwk
from forwardc.sandbox.checkout.placeholders import SENSITIVE, Values
from forwardc.sandbox.checkout.problems import CheckoutError, invalid
from forwardc.sandbox.checkout.signing import sign
from forwardc.sandbox.checkout.stored_secrets import value_of
from forwardc.sandbox.checkout.template import (
    TemplateCall,
    TemplateError,
    TemplateName,
    TemplateText,
    parse,
)
from forwardc.sandbox.crypto import jwe
from forwardc.sandbox.world import OutboundRequest

_DESTINATION = "destination_request"


@dataclass(slots=True)
class TemplateRenderer:
    """Evaluates templates against one request's values."""

    account: CheckoutAccount
    values: Values = field(repr=False)
    variables: dict[str, str] = field(default_factory=dict, repr=False)
    # While variables are made: those that came before, which nothing says that one may name.
    earlier: dict[str, str] = field(default_factory=dict, repr=False)
    # The member of the request whose template is evaluated.
    at: str = _DESTINATION
    # Every fault of every template, before anything is refused.
    faults: RequestFaults = field(default_factory=RequestFaults)
    # What was put in and must not come back.
    filled: set[str] = field(default_factory=set, repr=False)

    def render(self, text: str, at: str) -> str:
        """The text with every template replaced; what is wrong is noted at the member `at`."""
        self.at = at
        try:
            pieces = parse(text, lets=self.account.lets, at=at)
        except TemplateError as error:
            self.faults.note(at, str(error))
            return ""
        return "".join(piece if isinstance(piece, str) else self._piece(piece) for piece in pieces)

    def _piece(self, piece: TemplateName | TemplateText | TemplateCall) -> str:
        try:
            return self._value(piece)
        except CheckoutError as refused:
            self.faults.note(self.at, *refused.codes)
            return ""

    def _value(self, piece: TemplateName | TemplateText | TemplateCall) -> str:
        match piece:
            case TemplateText(text):
                return text
            case TemplateName(name):
                return self._named(name)
            case TemplateCall(function, arguments):
                given = tuple((name, self._value(value)) for name, value in arguments)
                return functions.call(function, given, self.account.lets)

    def _named(self, name: str) -> str:
        if name in self.variables:
            return self.variables[name]
        if name in self.earlier and self.account.lets("checkout_variable_of_variable", self.at):
            return self.earlier[name]
        if name in self.values:
            value = self._available(self.values[name])
            if name in SENSITIVE and value:
                self.filled.add(value)
            return value
        if name.startswith(("secret_", "secret.")):
            secret = value_of(self.account, name[len("secret_") :])
            if secret is not None:
                return secret
        if self.account.lets("checkout_undefined_names", self.at):
            return ""
        raise invalid("secret_not_found" if name.startswith("secret_") else "placeholder_unknown")

    def _available(self, value: str | None) -> str:
        if value is None and self.account.fail_unavailable:
            raise invalid("placeholder_unavailable")
        return value or ""


def build(account: CheckoutAccount, request: ForwardRequest, values: Values) -> OutboundRequest:
    """The final request, signed. Raises `CheckoutError` (422) with every fault of its templates."""
    renderer = TemplateRenderer(account, values)
    renderer.variables = _variables(renderer, request)
    renderer.earlier = {}
    headers = _headers(renderer, request)
    url = request.url + _query(renderer, request)
    body = renderer.render(request.body, f"{_DESTINATION}.body").encode()
    signature = request.signature
    given = signature.parameters.items() if signature else ()
    parameters = {name: renderer.render(text, f"{_DESTINATION}.signature") for name, text in given}
    renderer.faults.stop()
    if signature is not None:
        headers = sign(
            signature.kind,
            parameters,
            url=url,
            headers=headers,
            body=body,
            now=account.now(),
        )
    filled = tuple(sorted(renderer.filled))
    return OutboundRequest(request.method, url, headers, body, filled=filled)


def _variables(renderer: TemplateRenderer, request: ForwardRequest) -> dict[str, str]:
    """All variables. That one names an earlier one is not documented: only with a laxness."""
    done: dict[str, str] = {}
    for name, text in request.variables:
        at = f"{_DESTINATION}.variables"
        if name in done or name in renderer.values or not _is_name(name, renderer.account, at):
            renderer.faults.note(at, "variable_name_invalid")
            continue
        renderer.earlier = dict(done)
        done[name] = renderer.render(text, at)
    return done


def _is_name(name: str, account: CheckoutAccount, at: str) -> bool:
    try:
        return parse(f"{{{{{name}}}}}", lets=account.lets, at=at) == (TemplateName(name),)
    except TemplateError:
        return False


def _headers(renderer: TemplateRenderer, request: ForwardRequest) -> tuple[Pair, ...]:
    at = f"{_DESTINATION}.headers"
    raw = [(name, renderer.render(value, f"{at}.raw")) for name, value in request.raw_headers]
    encrypted: tuple[Pair, ...] = ()
    try:
        encrypted = _decrypted(renderer.account, request.encrypted_headers)
    except CheckoutError as refused:
        renderer.faults.note(f"{at}.encrypted", *refused.codes)
    names = [name.lower() for name, _ in (*raw, *encrypted)]
    twice = len(set(names)) != len(names)
    if twice and not renderer.account.lets("checkout_header_twice", at):
        renderer.faults.note(at, "header_given_twice")
    taken = {name.lower() for name, _ in encrypted}
    headers = (*((n, v) for n, v in raw if n.lower() not in taken), *encrypted)
    if not all(_is_field_value(value) for _, value in headers):
        renderer.faults.note(at, "header_value_invalid")
    return headers


def _is_field_value(value: str) -> bool:
    """RFC 9110 section 5.5: visible characters, space and tab; obs-text as Latin-1."""
    return all(c == "\t" or " " <= c <= "~" or "\xa0" <= c <= "\xff" for c in value)


def _decrypted(account: CheckoutAccount, compact: str | None) -> tuple[Pair, ...]:
    """The headers inside the JWE: a JSON object of strings, under the vault's key."""
    if compact is None:
        return ()
    key = private_jwk(account.world, ENCRYPTION)
    problem = invalid("headers_encrypted_invalid", at=f"{_DESTINATION}.headers.encrypted")
    try:
        opened = jwe.decrypt(compact, key, algs=jwe.RSA_ALGS, encs=functions.ENCS)
        headers = json.loads(opened.plaintext)
    except (jwe.JweError, ValueError, RecursionError):
        raise problem from None
    if opened.header.get("kid", key["kid"]) != key["kid"] or not isinstance(headers, dict):
        raise problem
    if not all(is_header_name(name) and isinstance(text, str) for name, text in headers.items()):
        raise problem
    return tuple(headers.items())


def _query(renderer: TemplateRenderer, request: ForwardRequest) -> str:
    """The query to append. That values are percent-encoded is an engineer's note, unconfirmed."""
    if not request.query:
        return ""
    at = f"{_DESTINATION}.query"
    pairs = [
        f"{quote(name, safe='')}={quote(renderer.render(value, at), safe='')}"
        for name, value in request.query
    ]
    return ("&" if "?" in request.url else "?") + "&".join(pairs)
