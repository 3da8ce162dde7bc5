"""The first digits and lengths of card numbers, and their check digit. Knows no spelling.

ISO/IEC 7812 leaves the ranges to the brands: these are the ones that they publish for acquirers,
from 14 digits on. Numbers of 12 and 13 digits are left out: nobody issues such cards any more, and
every tenth order number, barcode or telephone number would look like one.
"""

from functools import lru_cache
from typing import Final

SHORTEST: Final = 14
LONGEST: Final = 19

_ANY: Final = frozenset(range(14, 20))
_FROM_16: Final = frozenset(range(16, 20))
_15: Final = frozenset({15})
_16: Final = frozenset({16})
_16_19: Final = frozenset({16, 19})

# Brand, first and last leading digits, lengths. Four digits at most, see `lengths_of`.
BRANDS: Final[tuple[tuple[str, str, str, frozenset[int]], ...]] = (
    ("visa", "4", "4", _16_19),
    # Switch, later Maestro UK, within Visa's range.
    *(("switch", first, first, frozenset({18})) for first in ("4903", "4905", "4911", "4936")),
    ("mastercard", "51", "55", _16),
    ("mastercard", "2221", "2720", _16),
    ("amex", "34", "34", _15),
    ("amex", "37", "37", _15),
    ("diners", "300", "305", _ANY),
    ("diners", "309", "309", _ANY),
    ("diners", "36", "36", _ANY),
    ("diners", "38", "39", _ANY),
    ("jcb", "3528", "3589", _FROM_16),
    # Of an earlier time, and still in what gateways publish for tests.
    ("jcb", "3088", "3094", _16),
    ("jcb", "3096", "3102", _16),
    ("jcb", "3112", "3120", _16),
    ("jcb", "3158", "3159", _16),
    ("jcb", "3337", "3349", _16),
    ("jcb", "1800", "1800", _15),
    ("jcb", "2131", "2131", _15),
    ("discover", "6011", "6011", _FROM_16),
    ("discover", "644", "659", _FROM_16),
    ("unionpay", "62", "62", _FROM_16),
    ("unionpay", "81", "81", _FROM_16),
    ("unionpay", "9558", "9558", frozenset({19})),
    # Elo, Verve, Dankort, Cabal, Naranja and Hipercard stand within Maestro's ranges.
    ("maestro", "50", "50", _ANY),
    ("maestro", "56", "59", _ANY),
    ("maestro", "63", "63", _ANY),
    ("maestro", "67", "67", _ANY),
    # Shorter ones are telephone numbers of Indonesia and its neighbours.
    ("maestro", "60", "69", _FROM_16),
    ("mir", "2200", "2204", _FROM_16),
    ("borica", "2205", "2205", _16),
    ("carnet", "2869", "2869", _16),
    ("rupay", "82", "82", _16),
    ("uzcard", "8600", "8600", _16),
    ("troy", "9792", "9792", _16),
    ("napas", "9704", "9704", _16_19),
    ("humo", "9860", "9860", _16),
    ("mada", "9682", "9682", _16),
    ("bccard", "94", "94", _16),
    # Dina, ArCa, Belkart, Elcart, Prostir, Altyn Asyr.
    *(("national", at, at, _16) for at in ("9891", "9051", "9112", "9417", "9804", "9934")),
    # The digits after the 1 are those of an airline: none has 000.
    ("uatp", "1001", "1999", _15),
    ("enroute", "2014", "2014", _15),
    ("enroute", "2149", "2149", _15),
)

_DOUBLED: Final = str.maketrans("0123456789", "0246813579")


@lru_cache(maxsize=10_000)
def lengths_of(first_four: str) -> frozenset[int]:
    """How many digits card numbers have that begin with these four ASCII digits."""
    return frozenset().union(
        *(
            lengths
            for _brand, first, last, lengths in BRANDS
            if first <= first_four[: len(first)] <= last
        )
    )


def passes_luhn(digits: str) -> bool:
    """Whether a run of ASCII digits has a right check digit (ISO/IEC 7812-1, annex B)."""
    return sum(map(int, digits[-1::-2] + doubled(digits[-2::-2]))) % 10 == 0


def doubled(digits: str) -> str:
    """Each digit as it counts at every second place from the right: twice, in one digit."""
    return digits.translate(_DOUBLED)
