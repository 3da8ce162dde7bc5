"""Takes one member out of a JSON or TOML object that a source holds. Knows no source."""

import json
import tomllib
from typing import Any

from forwardc.runtime.secret_providers.protocol import SecretProviderError


def member(text: str, key: str, *, toml: bool = False) -> str:
    """The text at a key of an object. Raises `SecretProviderError`, and quotes nothing."""
    held = _parsed(text, toml=toml)
    if not isinstance(held, dict):
        raise SecretProviderError(f"holds no {'TOML table' if toml else 'JSON object'}")
    return text_of(held, key)


def text_of(held: dict[str, Any], key: str) -> str:
    """The text at a key. Raises `SecretProviderError`."""
    if key not in held:
        raise SecretProviderError("holds no member of this name")
    value = held[key]
    if not isinstance(value, str):
        raise SecretProviderError("holds something else than text under this name")
    return value


def _parsed(text: str, *, toml: bool) -> Any:
    try:
        return tomllib.loads(text) if toml else json.loads(text)
    except (ValueError, RecursionError):
        return None


def split_key(place: str) -> tuple[str, str | None]:
    """A place and the key after its last `#`, if it has one."""
    before, hash_sign, key = place.rpartition("#")
    return (before, key) if hash_sign else (place, None)
