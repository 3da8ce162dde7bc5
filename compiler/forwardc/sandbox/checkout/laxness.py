"""What the emulated Checkout.com takes where it is asked to. Data; see `sandbox/laxness.py`."""

from forwardc.sandbox.laxness import Laxness

LAXNESSES: tuple[Laxness, ...] = (
    Laxness(
        "checkout_unknown_headers",
        "Checkout.com",
        "a header that no plan of the project names for the URL",
        "not documented: 422 `header_not_allowed`",
        "this sandbox's choice: green here is green there",
    ),
    Laxness(
        "checkout_undefined_names",
        "Checkout.com",
        "a placeholder or a secret that does not exist: empty text",
        "not documented: 422 `placeholder_unknown`, `secret_not_found`",
        "Forward stored credentials, January 2026",
    ),
    Laxness(
        "checkout_variable_of_variable",
        "Checkout.com",
        "a variable that names an earlier one",
        "not documented: 422",
        "Forward stored credentials, January 2026",
    ),
    Laxness(
        "checkout_header_twice",
        "Checkout.com",
        "a header given raw and encrypted: the encrypted one counts",
        "not documented: 422",
        "Forward stored credentials, January 2026",
    ),
    Laxness(
        "checkout_unknown_members",
        "Checkout.com",
        "members of the request that no SDK has, at its top level",
        "not documented: 422",
        "SDK-net, package forward",
    ),
    Laxness(
        "checkout_token_as_id",
        "Checkout.com",
        "`source.id` for a source of the type token",
        "`source.token`",
        "SDK-net TokenSource.cs; an example of the documents has `id`",
    ),
    Laxness(
        "checkout_empty_encrypted",
        "Checkout.com",
        "an empty `headers.encrypted`",
        "a JWE, or absent",
        "SDK-net Headers.cs; calls in the documents show it empty",
    ),
    Laxness(
        "checkout_secret_hyphens",
        "Checkout.com",
        "hyphens in the names of secrets",
        "letters, digits and underscore: 422",
        "all SDKs; older documents show hyphens",
    ),
    Laxness(
        "checkout_secret_dots",
        "Checkout.com",
        "`{{ secret.name }}`",
        "`{{ secret_name }}`",
        "Forward stored credentials; one example has the dot",
    ),
    Laxness(
        "checkout_padded_key",
        "Checkout.com",
        "padding in the `k` of a JWK",
        "base64url without padding",
        "RFC 7518 section 6.4.1",
    ),
    Laxness(
        "checkout_network_tokens_by_key",
        "Checkout.com",
        "the secret key for `/network-tokens`",
        "an access token: 401",
        "SDK-java NetworkTokensClient",
    ),
    Laxness(
        "checkout_no_channel",
        "Checkout.com",
        "a request without `processing_channel_id` of a client with several channels",
        "422 `processing_channel_id_required`",
        "a mock of SDK-node; help pages of integrators",
    ),
)
