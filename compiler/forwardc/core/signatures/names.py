"""The names of the schemes that are computed outside of a vault, apart from what they compute.

Every compilation asks whether a scheme is one of them; few have one, and load the schemes.
"""

from typing import Final

SIGNATURE_NAMES: Final = (
    *("cybersource-http-signature", "nuvei-checksum", "ogone-shasign"),
    *("mastercard-oauth1", "rfc9421", "aws-sigv4"),
)
"""In the order of the language; `schemes.SIGNATURE_SCHEMES` has a row for each."""
