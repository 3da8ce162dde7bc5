"""PHP's natural order of texts, the order in which the Gate sorts what it signs.

Knows nothing of signatures. Rules: PHP 8 `strnatcmp`, case-sensitive, on UTF-8 bytes.
"""

from functools import cmp_to_key

_ZERO, _NINE = 0x30, 0x39
# C's isspace(): space, \t, \n, \v, \f, \r.
_SPACES = frozenset(b" \t\n\v\f\r")


def _at(text: bytes, index: int) -> int:
    return text[index] if index < len(text) else 0


def _is_digit(byte: int) -> bool:
    return _ZERO <= byte <= _NINE


def _sign(left: int, right: int) -> int:
    return (left > right) - (left < right)


def _without_leading_zeros(text: bytes) -> int:
    index = 0
    while _at(text, index) == _ZERO and _is_digit(_at(text, index + 1)):
        index += 1
    return index


def _skip_spaces(text: bytes, index: int) -> int:
    while _at(text, index) in _SPACES:
        index += 1
    return index


def _run_end(text: bytes, index: int) -> int:
    while _is_digit(_at(text, index)):
        index += 1
    return index


def _compare_runs(left: bytes, right: bytes) -> int:
    """Two runs of digits: with a zero in front like fractions, otherwise like integers."""
    fractional = left[0] == _ZERO or right[0] == _ZERO
    if not fractional and len(left) != len(right):
        return _sign(len(left), len(right))
    return (left > right) - (left < right)


def compare(left: str, right: str) -> int:
    """-1, 0 or 1: whether `left` comes before, together with or after `right`.

    Texts that differ in leading zeros or white space only can compare equal, so a sort that uses
    this must be stable, as PHP's is.
    """
    a, b = left.encode(), right.encode()
    if not a or not b:
        return _sign(len(a), len(b))
    i, j = _without_leading_zeros(a), _without_leading_zeros(b)
    while True:
        i, j = _skip_spaces(a, i), _skip_spaces(b, j)
        if _is_digit(_at(a, i)) and _is_digit(_at(b, j)):
            end_a, end_b = _run_end(a, i), _run_end(b, j)
            order = _compare_runs(a[i:end_a], b[j:end_b])
            i, j = end_a, end_b
            if order or i == len(a) or j == len(b):
                return order or _sign(i < len(a), j < len(b))
        # PHP looks at the byte after a run at once, white space or not.
        if _at(a, i) != _at(b, j):
            return _sign(_at(a, i), _at(b, j))
        i, j = i + 1, j + 1
        if i >= len(a) or j >= len(b):
            return _sign(i < len(a), j < len(b))


natural_key = cmp_to_key(compare)
