"""A number of a currency's smallest units as text, for people and for the wire.

By itself, since a list of recorded runs needs it, and nothing else of money.
"""


def decimal_text(number: int, places: int) -> str:
    """A number of the smallest units with its point: `1050` and 2 give `10.50`."""
    sign, figures = "-" if number < 0 else "", str(abs(number)).zfill(places + 1)
    return f"{sign}{figures[:-places]}.{figures[-places:]}" if places else sign + figures
