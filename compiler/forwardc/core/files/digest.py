"""The digest of a file, as manifests and records write it."""

from hashlib import sha256


def file_digest(data: bytes) -> str:
    """`sha256:` and the hexadecimal digest of a file's bytes."""
    return f"sha256:{sha256(data).hexdigest()}"
