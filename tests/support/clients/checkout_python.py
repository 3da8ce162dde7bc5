"""Checkout.com's client for Python, with its own classes of requests.

Its addresses stay its own, with a merchant's subdomain; the connection goes to the sandbox.
"""

import re
from collections.abc import Callable, Mapping
from importlib.metadata import version
from typing import Any, get_type_hints
from urllib.parse import urlsplit

import requests
from checkout_sdk.checkout_sdk import CheckoutSdk
from checkout_sdk.environment import Environment
from checkout_sdk.exception import CheckoutApiException, CheckoutAuthorizationException
from checkout_sdk.forward import forward
from checkout_sdk.http_client_interface import HttpClientBuilderInterface
from checkout_sdk.instruments import instruments
from checkout_sdk.networktokens import network_tokens
from checkout_sdk.payments import payments
from checkout_sdk.tokens import tokens
from requests.adapters import HTTPAdapter

from clients.case import MissingCallError, RaisedError
from clients.keys import Keys

# Where a class of the client says what a field is only in general, by the field's `type`.
KINDS: Mapping[type, Mapping[str, type]] = {
    forward.AbstractSource: {"id": forward.IdSource, "token": forward.TokenSource},
    network_tokens.NetworkTokenRequestSource: {
        "id": network_tokens.NetworkTokenRequestIdSource,
        "card": network_tokens.NetworkTokenRequestCardSource,
    },
    instruments.CreateInstrumentRequest: {
        "token": instruments.CreateTokenInstrumentRequest,
        "card": instruments.CreateCardInstrumentRequest,
    },
    payments.PaymentRequestSource: {
        "card": payments.PaymentRequestCardSource,
        "id": payments.PaymentRequestIdSource,
        "token": payments.PaymentRequestTokenSource,
    },
}
ITEMS: Mapping[str, type] = {"query": forward.ForwardKeyValue, "variables": forward.ForwardKeyValue}
# The client's own name of a call, and the class of the request that is its last argument.
CALLS: Mapping[str, tuple[str, type | None]] = {
    "tokens.card": ("tokens.request_card_token", tokens.CardTokenRequest),
    "tokens.cvv": ("tokens.request_cvv_token", tokens.CvvTokenRequest),
    "tokens.pin": ("tokens.request_pin_token", tokens.PinTokenRequest),
    "tokens.metadata": ("tokens.get_token_metadata", None),
    "instruments.create": ("instruments.create", instruments.CreateInstrumentRequest),
    "instruments.get": ("instruments.get", None),
    "instruments.update": ("instruments.update", instruments.UpdateCardInstrumentRequest),
    "instruments.revoke": ("instruments.revoke", None),
    "instruments.delete": ("instruments.delete", None),
    "forward.create": ("forward.forward_request", forward.ForwardRequest),
    "forward.get": ("forward.get", None),
    "secrets.create": ("forward.create_secret", forward.SecretRequest),
    "secrets.list": ("forward.list_secrets", None),
    "secrets.update": ("forward.update_secret", forward.UpdateSecretRequest),
    "secrets.delete": ("forward.delete_secret", None),
    "payments.create": ("payments.request_payment", payments.PaymentRequest),
    "payments.get": ("payments.get_payment_details", None),
    "payments.list": ("payments.get_payments_list", payments.PaymentsQueryFilter),
    "payments.actions": ("payments.get_payment_actions", None),
    "payments.capture": ("payments.capture_payment", payments.CaptureRequest),
    "payments.void": ("payments.void_payment", payments.VoidRequest),
    "payments.refund": ("payments.refund_payment", payments.RefundRequest),
    "payments.reverse": ("payments.reverse_payment", payments.ReversePaymentRequest),
    "network_tokens.create": (
        "network_tokens.provision_network_token",
        network_tokens.ProvisionNetworkTokenRequest,
    ),
    "network_tokens.get": ("network_tokens.get_network_token", None),
    "network_tokens.cryptogram": (
        "network_tokens.request_cryptogram",
        network_tokens.RequestCryptogramRequest,
    ),
    "network_tokens.delete": (
        "network_tokens.delete_network_token",
        network_tokens.DeleteNetworkTokenRequest,
    ),
}


class CheckoutPython:
    """`CheckoutSdk` at a sandbox. Calls are named as in `CALLS`."""

    name = "checkout-sdk"
    version = version("checkout-sdk")

    def __init__(self, sandbox: str, keys: Keys) -> None:
        self._session = requests.Session()
        self._session.mount("https://", _ToSandbox(sandbox))
        self._keys = keys

    def close(self) -> None:
        """Close its connections."""
        self._session.close()

    @staticmethod
    def named(name: str) -> str:
        """The call as this client names it."""
        return CALLS[name][0] if name in CALLS else "OAuthSdk.build"

    def call(self, name: str, *args: Any, idempotency: str | None = None, **options: Any) -> Any:
        """As `Client.call`. Options: `key`, or `scopes` and `secret` of OAuth."""
        try:
            api = self._api(**options)
            if name == "oauth.token":
                return {}
            own, kind = CALLS[name]
            target = _find(api, own)
            given = [typed(kind, one) if kind and isinstance(one, dict) else one for one in args]
            more = {"idempotency_key": idempotency} if idempotency else {}
            return plain(target(*given, **more))
        except CheckoutApiException as error:
            status = error.http_metadata.status_code
            about = {"codes": error.error_details, "type": error.error_type}
            raise RaisedError(type(error).__name__, status, **about) from error
        except CheckoutAuthorizationException as error:
            codes = re.findall(r"error: \((\w+)\)", str(error))
            raise RaisedError(type(error).__name__, None, codes=codes) from error

    def _api(self, key: str | None = None, scopes: Any = None, secret: str | None = None) -> Any:
        builder: Any = CheckoutSdk.builder()
        if scopes is None:
            builder = builder.secret_key(key or self._keys.secret).public_key(self._keys.public)
        else:
            builder = builder.oauth().scopes(scopes)
            builder.client_credentials(self._keys.client, secret or self._keys.client_secret)
        builder = builder.environment(Environment.sandbox()).http_client_builder(self._builder())
        return builder.environment_subdomain(self._keys.subdomain).build()

    def _builder(self) -> HttpClientBuilderInterface:
        session = self._session

        class Builder(HttpClientBuilderInterface):
            def get_client(self) -> requests.Session:
                return session

        return Builder()


class _ToSandbox(HTTPAdapter):
    """Connects to a sandbox whatever host is meant; the Host header stays."""

    def __init__(self, sandbox: str) -> None:
        super().__init__()
        self._sandbox = sandbox

    def send(self, request: requests.PreparedRequest, *args: Any, **more: Any) -> Any:
        parts = urlsplit(request.url or "")
        request.headers["Host"] = str(parts.netloc)
        request.url = self._sandbox + str(parts._replace(scheme="", netloc="").geturl())
        return super().send(request, *args, **more)


def _find(api: Any, own: str) -> Callable[..., Any]:
    target = api
    for part in own.split("."):
        target = getattr(target, part, None)
        if target is None:
            raise MissingCallError(own)
    found: Callable[..., Any] = target
    return found


def typed(kind: type, data: Any) -> Any:
    """A request of the client's own class. Raises `MissingCallError` for a field it lacks."""
    if kind in KINDS:
        if data.get("type") not in KINDS[kind]:
            raise MissingCallError(f"{kind.__name__} of no type")
        kind = KINDS[kind][data["type"]]
    hints = get_type_hints(kind)
    made = kind()
    for told, value in data.items():
        # No name of a class begins with a digit; the client writes it as the API has it.
        name = "three_ds" if told == "3ds" else told
        if name not in hints:
            raise MissingCallError(f"{kind.__name__}.{name}")
        if name in ITEMS and isinstance(value, list):
            value = [typed(ITEMS[name], item) for item in value]
        elif isinstance(value, dict) and hints[name] is not dict:
            value = typed(hints[name], value)
        setattr(made, name, value)
    return made


def plain(value: Any) -> Any:
    """An answer of the client as plain data, without what it says of HTTP."""
    if isinstance(value, list):
        return [plain(item) for item in value]
    if type(value).__name__ != "ResponseWrapper":
        return value
    said = {name: plain(item) for name, item in vars(value).items() if name != "http_metadata"}
    # What the API answers with a list, the client keeps as its only member.
    return said["items"] if list(said) == ["items"] else said
