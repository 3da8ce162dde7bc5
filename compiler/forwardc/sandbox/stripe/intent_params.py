"""The parameters of payment intents, as far as they matter to a card. Data only.

Names from stripe-python 16.1 and the API reference; what the sandbox takes without acting upon
it is `Free`.
"""

from forwardc.sandbox.stripe.params import Flag, Free, Items, Kind, Metadata, Shape, Text, Whole

_IGNORED: dict[str, Kind] = dict.fromkeys(
    (
        "amount_details",
        "excluded_payment_method_types",
        "hooks",
        "mandate",
        "mandate_data",
        "payment_details",
        "payment_method_options",
        "radar_options",
        "shipping",
    ),
    Free(),
)
# Parameters of Stripe that the sandbox cannot follow: it says so instead of passing over them.
UNSUPPORTED = ("confirmation_token", "customer", "customer_account", "payment_method_data")
_SHARED: dict[str, Kind] = {
    **_IGNORED,
    **dict.fromkeys(UNSUPPORTED, Free()),
    "allowed_payment_method_types": Items(Text()),
    "payment_method_types": Items(Text()),
    "capture_method": Text(choices=("automatic", "automatic_async", "manual")),
    "error_on_requires_action": Flag(),
    "expand": Items(Text()),
    "off_session": Flag(words=("one_off", "recurring")),
    "payment_method": Text(),
    "receipt_email": Text(),
    "return_url": Text(),
    "setup_future_usage": Text(choices=("off_session", "on_session")),
    "use_stripe_sdk": Flag(),
}
CREATE = Shape(
    {
        **_SHARED,
        "amount": Whole(low=1),
        "application_fee_amount": Whole(low=0),
        "automatic_payment_methods": Shape(
            {"enabled": Flag(), "allow_redirects": Text(choices=("always", "never"))},
            required=("enabled",),
        ),
        "confirm": Flag(),
        "confirmation_method": Text(choices=("automatic", "manual")),
        "currency": Text(),
        "description": Text(1000),
        "metadata": Metadata(),
        "on_behalf_of": Text(),
        "payment_method_configuration": Text(),
        "statement_descriptor": Text(22),
        "statement_descriptor_suffix": Text(22),
        "transfer_data": Free(),
        "transfer_group": Text(),
    },
    required=("amount", "currency"),
)
CONFIRM = Shape({**_SHARED, "amount_to_confirm": Whole(low=1), "client_secret": Text()})
RETRIEVE = Shape({"expand": Items(Text()), "client_secret": Text()})
