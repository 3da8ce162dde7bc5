"""Turns a checked forward request and the vault's values into the request that goes out.

Order as the facts have it: variables first, then headers, query, body and signature parameters,
functions with them, and the signature last, over the final bytes. Substitution is plain text:
nothing is escaped, as at the vendor. A placeholder whose value is None exists and has no value
here.

Source of the placeholders: Checkout.com docs "Forward stored credentials" (December 2025 and
January 2026), the pair of month formats as both show it; the network token month has two digits. Of
the signatures: SDK-net DlocalSignature.cs; for Visa the docs page only, which no SDK confirms.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from forwardc.sandbox.checkout import network_tokens, template
from forwardc.sandbox.checkout.access import ENCRYPTION, private_jwk
from forwardc.sandbox.checkout.clients import CheckoutAccount
from forwardc.sandbox.checkout.forward_request import ForwardRequest, Pair, is_header_name
from forwardc.sandbox.checkout.instruments import INSTRUMENTS_TABLE, keep_card, take_token
from forwardc.sandbox.checkout.request_checks import CheckoutError, RequestFaults, invalid
from forwardc.sandbox.checkout.stored_secrets import value_of
from forwardc.sandbox.checkout.template import (
    QuotedText,
    TemplateCall,
    TemplateError,
    TemplateName,
    parse,
)
from forwardc.sandbox.crypto import dlocal, jwe, visa
from forwardc.sandbox.world import OutboundRequest, Pairs

Values = dict[str, str | None]

_BILLING = {
    "billing_address_line1": "address_line1",
    "billing_address_line2": "address_line2",
    "billing_address_city": "city",
    "billing_address_state": "state",
    "billing_address_zip": "zip",
    "billing_address_country": "country",
}
_NETWORK_TOKEN = (
    "network_token_number",
    "network_token_type",
    "network_token_cryptogram",
    "network_token_eci",
    "network_token_expiry_month",
    "network_token_expiry_year_yy",
    "network_token_expiry_year_yyyy",
)
# What must not come back in an answer, see redact.py.
SENSITIVE = (
    "card_number",
    "card_cvv",
    "card_pin",
    "network_token_number",
    "network_token_cryptogram",
)


def resolve(
    account: CheckoutAccount, source: dict[str, Any], token_request: dict[str, Any]
) -> Values:
    """The values for a request's source, consuming its tokens. Raises `CheckoutError`."""
    if source["type"] == "id":
        row = account.table(INSTRUMENTS_TABLE).get(source["id"])
        if row is None or row["revoked"]:
            raise invalid("source_id_invalid", at="source.id")
        cvv = _single_use(account, source, "cvv")
        pin = _single_use(account, source, "pin")
        values = _card(row, cvv, pin[:2] if pin else None)
        return values | _network_token(account, row, token_request)
    row = take_token(account, source["token"], "card")
    if source.get("store_for_future_use"):
        # Where the vendor returns the new instrument's id is not documented.
        keep_card(account, row)
    return _card(row, row.get("cvv"), None) | _network_token(account, {}, token_request)


def _single_use(account: CheckoutAccount, source: dict[str, Any], kind: str) -> str | None:
    token = source.get(f"{kind}_token")
    return None if token is None else str(take_token(account, token, kind)[kind])


def _card(row: dict[str, Any], cvv: str | None, pin: str | None) -> Values:
    month, year = int(row["expiry_month"]), str(row["expiry_year"])
    holder = row.get("account_holder", {})
    names = (holder.get("first_name"), holder.get("last_name"))
    address = row.get("billing_address") or holder.get("billing_address") or {}
    return {
        "card_number": row["number"],
        "card_expiry_month": str(month),
        "card_expiry_month_mm": f"{month:02}",
        "card_expiry_year_yy": year[-2:],
        "card_expiry_year_yyyy": year,
        "card_cvv": cvv,
        "card_pin": pin,
        "cardholder_name": row.get("name") or " ".join(n for n in names if n) or None,
        **{name: address.get(member) or None for name, member in _BILLING.items()},
    }


def _network_token(
    account: CheckoutAccount, row: dict[str, Any], options: dict[str, Any]
) -> Values:
    empty: Values = dict.fromkeys(_NETWORK_TOKEN)
    if not options.get("enabled"):
        return empty
    token = network_tokens.of_instrument(account, row)
    if token is None:
        if options.get("required"):
            raise invalid("network_token_unavailable", at="network_token")
        return empty
    year = str(token["expiry_year"])
    values: Values = {
        "network_token_number": token["number"],
        "network_token_type": token["type"],
        "network_token_expiry_month": f"{token['expiry_month']:02}",
        "network_token_expiry_year_yy": year[-2:],
        "network_token_expiry_year_yyyy": year,
    }
    if options.get("request_cryptogram"):
        values["network_token_cryptogram"] = network_tokens.cryptogram()
        values["network_token_eci"] = network_tokens.ECI[token["type"]]
    return empty | values


# --- Signing the final request

_AT = "destination_request.signature"


def sign(
    kind: str,
    parameters: Mapping[str, str],
    *,
    url: str,
    headers: Pairs,
    body: bytes,
    now: float,
) -> Pairs:
    """The headers with the signature's own; `now` is seconds since 1970. Raises `CheckoutError`."""
    if kind == "visa":
        added = _visa(parameters, url, body, now)
    else:
        added = _dlocal(parameters, headers, body, now)
    names = {name.lower() for name, _ in headers}
    if any(name.lower() in names for name, _ in added):
        raise invalid("signature_header_given", at=_AT)
    return (*headers, *added)


def _visa(parameters: Mapping[str, str], url: str, body: bytes, now: float) -> Pairs:
    try:
        token = visa.x_pay_token(
            secret=parameters["shared_secret"],
            timestamp=int(now),
            url=url,
            body=body,
            remove_prefix=parameters.get("remove_resource_path_prefix"),
        )
    except ValueError:
        raise invalid("remove_resource_path_prefix_invalid", at=_AT) from None
    return (("x-pay-token", token),)


def _dlocal(parameters: Mapping[str, str], headers: Pairs, body: bytes, now: float) -> Pairs:
    login = next((value for name, value in headers if name.lower() == "x-login"), None)
    if login is None:
        raise invalid("x_login_header_required", at=_AT)
    moment = datetime.fromtimestamp(now, UTC).isoformat(timespec="milliseconds")
    date = moment.replace("+00:00", "Z")
    value = dlocal.sign(secret=parameters["secret_key"], x_login=login, x_date=date, body=body)
    return (("X-Date", date), ("Authorization", value))


# --- Rendering

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

    def _piece(self, piece: TemplateName | QuotedText | TemplateCall) -> str:
        try:
            return self._value(piece)
        except CheckoutError as refused:
            self.faults.note(self.at, *refused.codes)
            return ""

    def _value(self, piece: TemplateName | QuotedText | TemplateCall) -> str:
        match piece:
            case QuotedText(text):
                return text
            case TemplateName(name):
                return self._named(name)
            case TemplateCall(function, arguments):
                evaluated = tuple((name, self._value(value)) for name, value in arguments)
                return template.call(function, evaluated, self.account.lets)

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
    templates = signature.parameters.items() if signature else ()
    parameters = {
        name: renderer.render(text, f"{_DESTINATION}.signature") for name, text in templates
    }
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
        opened = jwe.decrypt(compact, key, algs=jwe.RSA_ALGS, encs=template.ENCS)
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
