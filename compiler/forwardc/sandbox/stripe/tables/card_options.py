"""`payment_method_options[card]` of payment intents and setup intents. Data only."""

from typing import Final

from forwardc.sandbox.stripe.kinds import (
    ClearableParam,
    GatedParam,
    IntegerParam,
    MapParam,
    ParamKind,
    TextParam,
    UnsupportedParam,
)

_NETWORKS: Final = (
    "amex cartes_bancaires diners discover eftpos_au girocard interac jcb link mastercard unionpay "
    "unknown visa"
)
_IF_AVAILABLE: Final = TextParam(choices=("if_available", "never"))
_USAGE: Final = TextParam(choices=("installment", "recurring", "unscheduled"))
_THREE_D_SECURE: Final[dict[str, ParamKind]] = {
    "ares_trans_status": TextParam(choices=tuple("ACINRUY")),
    "cryptogram": TextParam(),
    "electronic_commerce_indicator": TextParam(choices=("01", "02", "05", "06", "07")),
    "network_options": MapParam(
        {
            "cartes_bancaires": MapParam(
                {
                    "cb_avalgo": TextParam(choices=tuple("01234A")),
                    "cb_exemption": TextParam(4),
                    "cb_score": IntegerParam(0, 99),
                },
                required=("cb_avalgo",),
            )
        }
    ),
    "requestor_challenge_indicator": TextParam(2),
    "transaction_id": TextParam(),
    "version": TextParam(choices=("1.0.2", "2.1.0", "2.2.0", "2.3.0", "2.3.1")),
}
_SHARED: Final[dict[str, ParamKind]] = {
    # For recurring payments by the rules of India.
    "mandate_options": UnsupportedParam(),
    # Without the arrangement the API does not know it (stripe-dotnet's issue 2898).
    "moto": GatedParam(),
    "network": TextParam(choices=tuple(_NETWORKS.split())),
    "request_three_d_secure": TextParam(choices=("any", "automatic", "challenge")),
}
PAYMENT_CARD: Final = MapParam(
    {
        **_SHARED,
        "capture_method": ClearableParam(TextParam(choices=("manual",))),
        "cvc_token": UnsupportedParam(),
        "installments": UnsupportedParam(),
        "request_extended_authorization": _IF_AVAILABLE,
        "request_incremental_authorization": _IF_AVAILABLE,
        "request_multicapture": _IF_AVAILABLE,
        "request_overcapture": _IF_AVAILABLE,
        # It needs a cvc_token.
        "require_cvc_recollection": UnsupportedParam(),
        "setup_credential_usage": _USAGE,
        "setup_future_usage": ClearableParam(
            TextParam(choices=("none", "off_session", "on_session"))
        ),
        "statement_descriptor_suffix_kana": ClearableParam(TextParam(22)),
        "statement_descriptor_suffix_kanji": ClearableParam(TextParam(17)),
        "stored_credential_usage": _USAGE,
        "three_d_secure": MapParam(
            {**_THREE_D_SECURE, "exemption_indicator": TextParam(choices=("low_risk", "none"))},
            required=("cryptogram", "transaction_id", "version"),
        ),
    }
)
SETUP_CARD: Final = MapParam(
    {**_SHARED, "setup_credential_usage": _USAGE, "three_d_secure": MapParam(_THREE_D_SECURE)}
)
