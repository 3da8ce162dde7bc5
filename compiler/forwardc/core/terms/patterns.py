r"""An author's patterns, matched in linear time: no pattern and no text can hold a run up.

The engine is Rust's, behind `jsonschema-rs`: the same for `pattern:` and inside JSON Schemas. It
knows no look-around and no back reference, and `\d`, `\w` and `\s` as JSON Schema means them.
"""

from functools import lru_cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import jsonschema_rs

# Time grows with the size of a compiled pattern times the length of the text: 2**33 are seconds.
_WORK: Final = 33
_LARGEST: Final = 10 * 1024 * 1024
"""Bytes of a compiled pattern: the default limit of the engine (Rust's crate `regex`)."""


def matches(pattern: str, text: str) -> bool:
    """Whether the whole text matches. False, too, for a text too long for so large a pattern."""
    try:
        compiled = _compiled(pattern, size_for(len(text)))
        return compiled is not None and compiled.is_valid(text)
    except UnicodeEncodeError:
        # A lone surrogate is no character, so no pattern allows it.
        return False


def begins(pattern: str, text: str) -> bool:
    """Whether the text begins with what matches. False, too, for one too long for the pattern."""
    try:
        compiled = _compiled(pattern, size_for(len(text)), whole=False)
        return compiled is not None and compiled.is_valid(text)
    except UnicodeEncodeError:
        return False


def is_pattern(pattern: str) -> bool:
    """Whether the engine takes a pattern at all."""
    return _compiled(pattern, _LARGEST) is not None


def size_for(length: int) -> int:
    """The greatest size in bytes of a compiled pattern for texts of this length."""
    return int(min(_LARGEST, 1 << max(0, _WORK - max(0, length - 1).bit_length())))


def options(size: int) -> "jsonschema_rs.RegexOptions":
    """The engine without backtracking, for patterns up to a size."""
    import jsonschema_rs

    return jsonschema_rs.RegexOptions(size_limit=size)


@lru_cache(maxsize=512)
def _compiled(
    pattern: str, size: int, *, whole: bool = True
) -> "jsonschema_rs.Draft202012Validator | None":
    """None where the engine does not take the pattern, or it becomes larger than `size`."""
    import jsonschema_rs

    try:
        # Alone first, so that no bracket of it closes ours.
        for form in (pattern, f"^(?:{pattern}){'$' if whole else ''}"):
            schema = {"type": "string", "pattern": form}
            compiled = jsonschema_rs.Draft202012Validator(
                schema, pattern_options=options(size), offline=True
            )
    except (jsonschema_rs.ValidationError, ValueError):
        return None
    return compiled
