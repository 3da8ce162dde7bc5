"""JSON Pointers (RFC 6901): how a member's name is written in one, and how it is read back."""

from functools import lru_cache


def pointer_token(part: str | int) -> str:
    """A member's name, or an item's index, as a pointer writes it: `~` and `/` are escaped."""
    return str(part).replace("~", "~0").replace("/", "~1")


def token_text(token: str) -> str:
    """The member's name that a part of a pointer means."""
    return token.replace("~1", "/").replace("~0", "~")


@lru_cache(maxsize=1024)
def pointer_parts(pointer: str) -> tuple[str, ...]:
    """The names and indices of a pointer, in their order; none for the whole document."""
    return tuple(map(token_text, pointer.split("/")[1:]))
