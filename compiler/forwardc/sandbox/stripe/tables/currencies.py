"""How Stripe counts money: the currencies that it takes, their digits, limits of an amount.

Data only. Sources: docs.stripe.com/currencies (April 2024 and 2026) for digits, multiples and
limits; the list that the API names when it refuses a currency, as seen in public code until
September 2026. UGX stands in two lists of the page: what a live account answered decides.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

TAKEN: Final = tuple(
    """
    usd aed afn all amd ang aoa ars aud awg azn bam bbd bdt bgn bhd bif bmd bnd bob brl bsd bwp byn
    bzd cad cdf chf clp cny cop crc cve czk djf dkk dop dzd egp etb eur fjd fkp gbp gel gip gmd gnf
    gtq gyd hkd hnl hrk htg huf idr ils inr isk jmd jod jpy kes kgs khr kmf krw kwd kyd kzt lak lbp
    lkr lrd lsl mad mdl mga mkd mmk mnt mop mur mvr mwk mxn myr mzn nad ngn nio nok npr nzd omr pab
    pen pgk php pkr pln pyg qar ron rsd rub rwf sar sbd scr sek sgd shp sle sos srd std szl thb tjs
    tnd top try ttd twd tzs uah ugx uyu uzs vnd vuv wst xaf xcd xcg xof xpf yer zar zmw btn ghs eek
    lvl svc vef ltl sll mro
    """.split()
)
"""Codes as the API names them. Withdrawn ones stay: refunds and old payments name them."""

_NONE: Final = "bif clp djf gnf jpy kmf krw mga pyg rwf vnd vuv xaf xof xpf"
_THREE: Final = "bhd jod kwd omr tnd"

DIGITS: Final[Mapping[str, int]] = {
    **dict.fromkeys(TAKEN, 2),
    **dict.fromkeys(_NONE.split(), 0),
    **dict.fromkeys(_THREE.split(), 3),
}
"""Digits after the decimal point, by code."""

MULTIPLE_OF: Final[Mapping[str, int]] = {
    "isk": 100,
    "ugx": 100,
    **dict.fromkeys(_THREE.split(), 10),
}
"""What an amount must be a multiple of."""

MINIMUM: Final[Mapping[str, Decimal]] = {
    **dict.fromkeys(
        "usd ars aud brl cad chf cop eur idr ils inr nzd php rub sgd zar".split(), Decimal("0.50")
    ),
    "gbp": Decimal("0.30"),
    **dict.fromkeys("aed myr pln ron".split(), Decimal("2.00")),
    "dkk": Decimal("2.50"),
    **dict.fromkeys("nok sek".split(), Decimal("3.00")),
    "hkd": Decimal("4.00"),
    **dict.fromkeys("mxn thb".split(), Decimal(10)),
    "czk": Decimal("15.00"),
    **dict.fromkeys("jpy krw".split(), Decimal(50)),
    "huf": Decimal("175.00"),
}
"""The least sum of a charge in major units, by the currency of settlement."""

MOST_DIGITS: Final = 12
"""Of an amount that a card pays. Japanese accounts have less."""

MOST_DIGITS_BY_BRAND: Final[Mapping[str, int]] = {"amex": 9}
"""Brands that take less."""
