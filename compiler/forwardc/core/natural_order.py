"""PHP's natural order of texts (`ksort` with `SORT_NATURAL`), by which Rocketpay Gate signs.

The rules are those of PHP's `strnatcmp`, case-sensitive, over UTF-8 bytes: runs of digits compare
as numbers, everything else byte by byte.
"""

from functools import cmp_to_key
from itertools import takewhile

_SPACES = b" \t\n\v\f\r"
_DIGITS = b"0123456789"


def compare(left: str, right: str) -> int:
    """Negative, zero or positive, as `left` stands before, with or after `right`."""
    a, b = _trimmed(left.encode()), _trimmed(right.encode())
    if not a or not b:
        return len(a) - len(b)
    i = j = 0
    while True:
        i, j = _past(a, i, _SPACES), _past(b, j, _SPACES)
        if a[i : i + 1].isdigit() and b[j : j + 1].isdigit():
            run_a, run_b = _digits(a, i), _digits(b, j)
            order = _numbers(run_a, run_b)
            i, j = i + len(run_a), j + len(run_b)
            if order:
                return order
            if i == len(a) or j == len(b):
                return (i < len(a)) - (j < len(b))
        # After a run of digits PHP compares the next bytes at once, white space or not.
        byte_a, byte_b = a[i : i + 1], b[j : j + 1]
        if byte_a != byte_b:
            return -1 if byte_a < byte_b else 1
        i, j = i + 1, j + 1
        if i >= len(a) or j >= len(b):
            return (i < len(a)) - (j < len(b))


natural_key = cmp_to_key(compare)


def _trimmed(text: bytes) -> bytes:
    """Without leading zeros that a further digit follows."""
    zeros = sum(1 for _ in takewhile(lambda byte: byte == ord("0"), text))
    if zeros and not text[zeros : zeros + 1].isdigit():
        zeros -= 1
    return text[zeros:]


def _past(text: bytes, index: int, skipped: bytes) -> int:
    while index < len(text) and text[index] in skipped:
        index += 1
    return index


def _digits(text: bytes, index: int) -> bytes:
    return text[index : _past(text, index, _DIGITS)]


def _numbers(left: bytes, right: bytes) -> int:
    # A zero in front makes both fractions: the first difference decides, then the shorter run.
    if not (left.startswith(b"0") or right.startswith(b"0")) and len(left) != len(right):
        return len(left) - len(right)
    return (left > right) - (left < right)
