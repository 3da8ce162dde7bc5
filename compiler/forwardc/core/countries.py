"""Codes of countries: ISO 3166-1 alpha-2, and what payment services use beside it.

Data only, as of November 2026: equal to the packages iso3166 3.0.0 and pycountry 26.2.16. A test
compares them with the former; an update of a package changes no plan.
"""

from itertools import product
from string import ascii_uppercase as letters
from typing import Final

ASSIGNED: Final = frozenset(
    """
    AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR
    BS BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ
    EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW
    GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY
    KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV
    MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY
    QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG
    TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM
    ZW
    """.split()
)
"""Every officially assigned alpha-2 code of ISO 3166-1."""

KOSOVO: Final = "XK"
"""ISO 3166-1 leaves this code to its users. The EU, the IMF, SWIFT, Stripe and Adyen use it so."""

COUNTRIES: Final = ASSIGNED | {KOSOVO}
"""What a param of the type country takes."""

USER_ASSIGNED: Final = frozenset(
    ("AA", "ZZ", *map("".join, product("X", letters)), *map("".join, product("Q", letters[12:])))
)
"""The codes that ISO 3166-1 leaves to its users: AA, QM to QZ, XA to XZ and ZZ.

What they mean differs between services: `ZZ` is an unknown country at Adyen, and no country at
most others. So all but `XK` are taken only where the author's `values` name them.
"""
