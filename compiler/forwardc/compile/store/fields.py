"""A list of byte strings as one: each after its length, in eight bytes.

No format of Python's own: what is read here was written by an earlier process, and reading it must
make nothing but bytes.
"""

_LENGTH = 8
"""Bytes of a length."""


def packed(fields: tuple[bytes, ...]) -> bytes:
    """The fields as one string."""
    return b"".join(part for field in fields for part in (_length(field), field))


def _length(field: bytes) -> bytes:
    return len(field).to_bytes(_LENGTH, "big")


def unpacked(data: bytes, number: int) -> list[bytes]:
    """The fields of a string. Raises `ValueError` where it does not hold exactly `number`."""
    fields, at, whole = [], 0, memoryview(data)
    while at < len(data):
        start = at + _LENGTH
        at = start + int.from_bytes(whole[at:start], "big")
        fields.append(bytes(whole[start:at]))
    if at != len(data) or len(fields) != number:
        raise ValueError("a list of other fields")
    return fields


def lines(names: list[str]) -> bytes:
    """Names as one field. No name of a file holds the character between them."""
    return "\0".join(names).encode("utf-8", "surrogateescape")


def name_of(field: bytes) -> str:
    """The one name of a field. Raises `ValueError` where no file can be called so."""
    if b"\0" in field:
        raise ValueError("no name")
    return field.decode("utf-8", "surrogateescape")


def names_of(field: bytes) -> list[str]:
    """The names of such a field."""
    return field.decode("utf-8", "surrogateescape").split("\0") if field else []
