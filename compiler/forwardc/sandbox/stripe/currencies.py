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

_ROUGHLY: Final = """
    aed .27 all .011 amd .0026 aud .66 awg .56 azn .59 bam .58 bbd .5 bdt .0083 bgn .58 bhd 2.65
    bmd 1 bnd .77 bob .145 brl .18 bsd 1 bwp .073 bzd .5 cad .72 chf 1.2 clp .00105 cny .14
    cop .00025 crc .002 cve .01 czk .047 djf .0056 dkk .155 dop .016 dzd .0075 eur 1.15 fjd .44
    gbp 1.33 gel .37 gip 1.33 gmd .014 gtq .13 gyd .0048 hkd .128 hnl .038 htg .0076 huf .0029
    idr .000061 ils .29 inr .0115 isk .008 jmd .0063 jod 1.41 jpy .0066 kes .0077 kgs .0115
    khr .00025 kmf .0023 krw .0007 kwd 3.25 kyd 1.2 kzt .0019 lkr .0033 lrd .0052 lsl .056 mad .107
    mdl .058 mga .00022 mkd .0187 mop .125 mur .022 mvr .065 mxn .054 myr .24 mzn .0157 nad .056
    nio .027 nok .099 npr .0072 nzd .58 omr 2.6 pab 1 pen .28 pgk .24 php .0175 pkr .0036 pln .27
    pyg .00014 qar .275 ron .23 rsd .0098 rub .0125 rwf .0007 sar .267 sbd .12 scr .07 sek .104
    sgd .77 szl .056 thb .031 tjs .1 tnd .34 top .42 try .024 ttd .147 twd .032 tzs .0004 uah .024
    ugx .00028 usd 1 uyu .025 uzs .00008 vnd .000039 vuv .0083 wst .36 xaf .00175 xcd .37 xof .00175
    xpf .0096 zar .056
"""
ROUGH_RATES: Final[Mapping[str, Decimal]] = {
    code: Decimal(rate)
    for code, rate in zip(_ROUGHLY.split()[::2], _ROUGHLY.split()[1::2], strict=True)
}
"""What one unit is worth in US dollars, about: the sandbox's own round numbers, of no day.

Only for sums that are below a minimum at any rate of these years. Currencies that lost half of
their worth in a few years are left out.
"""

RATE_MARGIN: Final = Decimal("1.5")
"""How much more a currency may be worth than the round number says."""

MOST_DIGITS: Final = 12
"""Of an amount that a card pays. Japanese accounts have less."""

MOST_DIGITS_BY_BRAND: Final[Mapping[str, int]] = {"amex": 9}
"""Brands that take less."""
