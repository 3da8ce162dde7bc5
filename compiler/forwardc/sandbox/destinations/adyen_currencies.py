"""How Adyen counts money. Data only.

Source: docs.adyen.com/development-resources/currency-codes, which marks four currencies as
different from ISO 4217 and has CNH beside it. Only its rows A to E were found; a code of ISO that
they lack is taken all the same, because the page changes more often than what it describes.
"""

from collections.abc import Mapping
from typing import Final

from forwardc.sandbox.money import ISO

DIGITS: Final[Mapping[str, int]] = {**ISO, "CLP": 2, "CVE": 0, "IDR": 0, "ISK": 2, "CNH": 2}
"""Digits after the decimal point by code, in capitals."""
