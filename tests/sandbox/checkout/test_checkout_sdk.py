"""The official client works against a sandbox on loopback, with keys and with OAuth."""

from collections.abc import Iterator
from typing import Any

import pytest
from checkout_sdk.checkout_sdk import CheckoutSdk
from checkout_sdk.common.common import Address
from checkout_sdk.environment import Environment
from checkout_sdk.exception import CheckoutApiException, CheckoutAuthorizationException
from checkout_sdk.forward.forward import (
    DestinationRequest,
    DlocalParameters,
    DlocalSignature,
    ForwardKeyValue,
    ForwardRequest,
    Headers,
    IdSource,
    NetworkToken,
    SecretRequest,
    TokenSource,
    UpdateSecretRequest,
)
from checkout_sdk.instruments.instruments import (
    CreateTokenInstrumentRequest,
    UpdateCardInstrumentRequest,
)
from checkout_sdk.oauth_scopes import OAuthScopes
from checkout_sdk.tokens.tokens import (
    CardTokenRequest,
    CvvTokenData,
    CvvTokenRequest,
    PinTokenData,
    PinTokenRequest,
)

from forwardc.sandbox import secrets_rule
from forwardc.sandbox.serve import Running, start_in_thread

# The merchant's subdomain would be put before 127.0.0.1; the client warns of its own risk module.
pytestmark = [
    pytest.mark.filterwarnings("ignore:use_legacy_domain:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:Risk endpoints:DeprecationWarning"),
]


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Running]:
    with start_in_thread() as running:
        yield running


def environment(sandbox: Running) -> Environment:
    def at(host: str) -> str:
        return f"{sandbox.url}/{host}.sandbox.checkout.com/"

    return Environment(
        base_uri=at("api"),
        authorization_uri=at("access") + "connect/token",
        files_uri=at("files"),
        transfers_uri=at("transfers"),
        balances_uri=at("balances"),
        forward_uri=at("forward"),
        identity_uri=at("identity-verification"),
        is_sandbox=True,
    )


@pytest.fixture
def api(sandbox: Running) -> Iterator[Any]:
    builder = CheckoutSdk.builder()
    builder.secret_key(secrets_rule.checkout_secret_key())
    builder.public_key(secrets_rule.checkout_public_key())
    made = builder.environment(environment(sandbox)).use_legacy_domain().build()
    yield made
    builder._http_client.close()


def card_token(api: Any) -> str:
    request = CardTokenRequest()
    request.number = "4242424242424242"
    request.expiry_month = 8
    request.expiry_year = 2030
    request.name = "Jane Roe"
    request.cvv = "100"
    address = Address()
    address.address_line1 = "1 High St"
    address.city = "London"
    address.country = "GB"
    request.billing_address = address
    return api.tokens.request_card_token(request).token


def forward_request(source: Any, body: str) -> ForwardRequest:
    destination = DestinationRequest()
    destination.url = "https://psp.example.com/pay"
    destination.method = "POST"
    destination.headers = Headers()
    destination.headers.raw = {"Content-Type": "application/json"}
    destination.body = body
    request = ForwardRequest()
    request.source = source
    request.destination_request = destination
    request.reference = "order-1"
    return request


def received(sandbox: Running) -> str:
    return sandbox.world.received[-1].body.decode()


def test_a_card_becomes_an_instrument_and_is_forwarded(api: Any, sandbox: Running) -> None:
    create = CreateTokenInstrumentRequest()
    create.token = card_token(api)
    source = IdSource()
    source.id = api.instruments.create(create).id
    cvv = CvvTokenRequest()
    cvv.token_data = CvvTokenData()
    cvv.token_data.cvv = "737"
    source.cvv_token = api.tokens.request_cvv_token(cvv).token
    request = forward_request(source, '{"n":"{{card_number}}","c":"{{card_cvv}}","q":"{{q}}"}')
    variable = ForwardKeyValue()
    variable.name, variable.value = "q", "{{cardholder_name}}"
    request.destination_request.variables = [variable]
    answer = api.forward.forward_request(request)
    assert received(sandbox) == '{"n":"4242424242424242","c":"737","q":"Jane Roe"}'
    assert answer.destination_response.status == 200
    kept = api.forward.get(answer.request_id)
    assert kept.reference == "order-1"
    assert "{{card_number}}" in kept.destination_request.body


def test_a_token_is_forwarded_with_a_signature(api: Any, sandbox: Running) -> None:
    source = TokenSource()
    source.token = card_token(api)
    assert api.tokens.get_token_metadata(source.token).last4 == "4242"
    request = forward_request(source, "{{card_cvv}}")
    request.destination_request.headers.raw = {"X-Login": "login"}
    signature = DlocalSignature()
    signature.dlocal_parameters = DlocalParameters()
    signature.dlocal_parameters.secret_key = "made-up"
    request.destination_request.signature = signature
    api.forward.forward_request(request)
    assert received(sandbox) == "100"
    assert "x-date" in dict(sandbox.world.received[-1].headers)


def test_a_fixed_instrument_with_its_network_token(api: Any, sandbox: Running) -> None:
    source = IdSource()
    source.id = "src_" + "visa_network_token".ljust(26, "0")
    request = forward_request(source, "{{network_token_type}}")
    request.network_token = NetworkToken()
    request.network_token.enabled = True
    request.network_token.request_cryptogram = True
    api.forward.forward_request(request)
    assert received(sandbox) == "vts"
    assert api.instruments.get(source.id).network_token.state == "active"


def test_instruments_are_updated_revoked_and_deleted(api: Any) -> None:
    create = CreateTokenInstrumentRequest()
    create.token = card_token(api)
    made = api.instruments.create(create).id
    update = UpdateCardInstrumentRequest()
    update.expiry_year = 2033
    api.instruments.update(made, update)
    assert api.instruments.get(made).expiry_year == 2033
    api.instruments.revoke(made)
    api.instruments.delete(made)
    with pytest.raises(CheckoutApiException) as failure:
        api.instruments.get(made)
    assert failure.value.http_metadata.status_code == 404


def test_pin_tokens(api: Any) -> None:
    pin = PinTokenRequest()
    pin.token_data = PinTokenData()
    pin.token_data.pin = "1234"
    assert api.tokens.request_pin_token(pin).type == "pin"


def test_secrets(api: Any) -> None:
    create = SecretRequest()
    create.name, create.value = "sdk_secret", "made-up"
    assert api.forward.create_secret(create).version == 1
    update = UpdateSecretRequest()
    update.value = "made-up-2"
    assert api.forward.update_secret("sdk_secret", update).version == 2
    assert [row.name for row in api.forward.list_secrets().data] == ["sdk_secret"]
    assert api.forward.delete_secret("sdk_secret").http_metadata.status_code == 204


def test_refusals_arrive_as_the_clients_exceptions(api: Any) -> None:
    create = SecretRequest()
    create.name, create.value = "with-hyphen", "made-up"
    with pytest.raises(CheckoutApiException) as failure:
        api.forward.create_secret(create)
    assert failure.value.error_type == "request_invalid"
    assert failure.value.error_details == ["name_invalid"]
    assert failure.value.request_id


def oauth(sandbox: Running, secret: str, scopes: list[OAuthScopes]) -> Any:
    builder = CheckoutSdk.builder().oauth()
    builder.client_credentials(secrets_rule.checkout_client_id(), secret).scopes(scopes)
    try:
        return builder.environment(environment(sandbox)).use_legacy_domain().build()
    finally:
        builder._http_client.close()


def test_oauth_with_its_scopes(sandbox: Running) -> None:
    secret = secrets_rule.checkout_client_secret()
    api = oauth(sandbox, secret, [OAuthScopes.FORWARD_SECRETS])
    assert api.forward.list_secrets().data == []
    with pytest.raises(CheckoutApiException) as failure:
        api.forward.get("fwd_x")
    assert failure.value.http_metadata.status_code == 403


def test_oauth_with_a_wrong_secret(sandbox: Running) -> None:
    with pytest.raises(CheckoutAuthorizationException, match="invalid_client"):
        oauth(sandbox, "wrong", [OAuthScopes.FORWARD])
