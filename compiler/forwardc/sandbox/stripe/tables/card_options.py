"""`payment_method_options[card]` of payment intents and setup intents. Data only."""

from typing import Final

from forwardc.sandbox.stripe.kinds import (
    Cleared,
    Gated,
    Kind,
    Shape,
    Text,
    Unsupported,
    Whole,
)

_NETWORKS: Final = (
    "amex cartes_bancaires diners discover eftpos_au girocard interac jcb link mastercard unionpay "
    "unknown visa"
)
_IF_AVAILABLE: Final = Text(choices=("if_available", "never"))
_USAGE: Final = Text(choices=("installment", "recurring", "unscheduled"))
_THREE_D_SECURE: Final[dict[str, Kind]] = {
    "ares_trans_status": Text(choices=tuple("ACINRUY")),
    "cryptogram": Text(),
    "electronic_commerce_indicator": Text(choices=("01", "02", "05", "06", "07")),
    "network_options": Shape(
        {
            "cartes_bancaires": Shape(
                {
                    "cb_avalgo": Text(choices=tuple("01234A")),
                    "cb_exemption": Text(4),
                    "cb_score": Whole(0, 99),
                },
                required=("cb_avalgo",),
            )
        }
    ),
    "requestor_challenge_indicator": Text(2),
    "transaction_id": Text(),
    "version": Text(choices=("1.0.2", "2.1.0", "2.2.0", "2.3.0", "2.3.1")),
}
_SHARED: Final[dict[str, Kind]] = {
    # For recurring payments by the rules of India.
    "mandate_options": Unsupported(),
    # Without the arrangement the API does not know it (stripe-dotnet's issue 2898).
    "moto": Gated(),
    "network": Text(choices=tuple(_NETWORKS.split())),
    "request_three_d_secure": Text(choices=("any", "automatic", "challenge")),
}
PAYMENT_CARD: Final = Shape(
    {
        **_SHARED,
        "capture_method": Cleared(Text(choices=("manual",))),
        "cvc_token": Unsupported(),
        "installments": Unsupported(),
        "request_extended_authorization": _IF_AVAILABLE,
        "request_incremental_authorization": _IF_AVAILABLE,
        "request_multicapture": _IF_AVAILABLE,
        "request_overcapture": _IF_AVAILABLE,
        # It needs a cvc_token.
        "require_cvc_recollection": Unsupported(),
        "setup_credential_usage": _USAGE,
        "setup_future_usage": Cleared(Text(choices=("none", "off_session", "on_session"))),
        "statement_descriptor_suffix_kana": Cleared(Text(22)),
        "statement_descriptor_suffix_kanji": Cleared(Text(17)),
        "stored_credential_usage": _USAGE,
        "three_d_secure": Shape(
            {**_THREE_D_SECURE, "exemption_indicator": Text(choices=("low_risk", "none"))},
            required=("cryptogram", "transaction_id", "version"),
        ),
    }
)
SETUP_CARD: Final = Shape(
    {**_SHARED, "setup_credential_usage": _USAGE, "three_d_secure": Shape(_THREE_D_SECURE)}
)
