"""The server's own keys: those that sign access tokens, and those that encrypt recorded answers.

All stand in one JWK set (RFC 7517): EC P-256 keys with the use `sig`, the first of which signs
while all verify, and symmetric keys of 256 bits with the use `enc`, the first of which encrypts
while all decrypt. The set is a variable, or a file that is made for its owner only, whole or not at
all. No key shows itself in a text.
"""

import json
import os
import stat
from base64 import urlsafe_b64encode
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import field
from datetime import UTC, datetime
from pathlib import Path
from secrets import token_hex
from typing import Any, Final

from jwcrypto.common import JWException, base64url_decode
from jwcrypto.jwk import JWK

from forwardc.core.dataclass import dataclass
from forwardc.core.diagnostics.errors import ForwardcError
from forwardc.core.diagnostics.text_file import NotTextError, decoded
from forwardc.core.files.kinds import SERVER_KEYS, FileRefusedError
from forwardc.core.files.operator_file import read_with_status
from forwardc.core.files.walk import folder
from forwardc.runtime.history.database import Transaction
from forwardc.runtime.history.group_commit import GroupCommit
from forwardc.runtime.history.timestamps import Timestamp
from forwardc.runtime.secret_providers.plan_secrets import SecretResolver
from forwardc.runtime.secret_providers.provider import SecretProviderError
from forwardc.server.oauth.verification_keys import VerificationKey


class ServerKeysError(ForwardcError):
    """The server's keys are not there, or not usable. Nothing of them is in the text."""

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


def make_file(path: Path) -> bool:
    """Make new keys in a file; False where another process was first. Raises `ServerKeysError`."""
    return _put(path, _text([*_fresh()]), first=True)


def add_keys(path: Path) -> None:
    """Add keys that verify and open, behind those that sign and seal. Raises `ServerKeysError`."""
    _change(path, lambda keys: [*keys, *_fresh()])


def use_newest(path: Path) -> None:
    """Let the last keys of each use sign and seal from now on. Raises `ServerKeysError`."""
    _change(path, _newest_first)


def read_file(path: Path) -> str:
    """The text of the file. Raises `ServerKeysError`, also where everybody may read it."""
    try:
        data, status = read_with_status(path, SERVER_KEYS)
        text = decoded(data)
    except FileRefusedError as problem:
        why = problem.strerror
        raise ServerKeysError(f"{path}: the server keys cannot be read: {why}") from None
    except (OSError, NotTextError):
        raise ServerKeysError(f"{path}: the server keys cannot be read") from None
    if os.name == "posix" and status.st_mode & stat.S_IRWXO:
        raise ServerKeysError(
            f"{path}: everybody on this machine may read the server keys",
            hint="chmod 600 lets only their owner; then make new ones, for these were open",
        )
    return text


def _fresh() -> tuple[dict[str, Any], dict[str, Any]]:
    signing = JWK.generate(kty="EC", crv="P-256", use="sig", alg="ES256")
    sealing = JWK.generate(kty="oct", size=256, use="enc")
    members = [json.loads(key.export()) for key in (signing, sealing)]
    return members[0], members[1]


def _newest_first(keys: list[dict[str, Any]]) -> list[dict[str, Any]]:
    newest = {key.get("use"): key for key in keys}
    return [*newest.values(), *(key for key in keys if key not in newest.values())]


def _change(path: Path, change: Callable[[list[dict[str, Any]]], list[dict[str, Any]]]) -> None:
    try:
        keys = json.loads(read_file(path))["keys"]
        text = _text(change(keys))
    except (JWException, ValueError, KeyError, TypeError, AttributeError):
        raise ServerKeysError(f"{path}: this is not a set of server keys") from None
    _put(path, text, first=False)


def _text(keys: list[dict[str, Any]]) -> str:
    return json.dumps({"keys": keys}, indent=2) + "\n"


def _put(path: Path, text: str, *, first: bool) -> bool:
    """Put a file in its place at once; False where it was there and should not be replaced.

    Through a link, which an operator may have made, the file at its end is replaced.
    """
    path = Path(os.path.realpath(path))
    beside = path.with_name(f".{path.name}.{token_hex(8)}")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(text)
            file.flush()
            # Before it has its name, which leads to whole keys even after a crash.
            os.fsync(file.fileno())
        if first:
            # A link, unlike a rename, never takes the place of what another process has put there.
            os.link(beside, path)
        else:
            beside.replace(path)
        with folder(path.parent, (), listed=True) as at:
            at.sync()
    except FileExistsError:
        return False
    except OSError:
        raise ServerKeysError(f"{path}: the server keys cannot be written") from None
    finally:
        with suppress(OSError):
            beside.unlink(missing_ok=True)
    return True


# The keys, read and agreed with the other processes of a history.

VARIABLE: Final = "FORWARDC_SERVER_KEYS"
# Keys of a set: a rotation adds two, so that this is many years of them.
_MOST: Final = 32
# Taken by everybody who remembers keys, so that two first processes come one after the other.
_TURN: Final = "turn"


@dataclass(frozen=True, slots=True)
class ServerKeys:
    """The keys in order. `sealing` are 32 bytes each; the first seals, all open."""

    signing: tuple[VerificationKey, ...] = field(repr=False)
    sealing: tuple[bytes, ...] = field(repr=False)
    thumbprints: tuple[str, ...]

    async def candidates(self, kid: str | None) -> Sequence[VerificationKey]:
        """The keys of this server's own tokens, which always name theirs."""
        return [key for key in self.signing if key.kid == kid]

    def public_jwks(self) -> dict[str, Any]:
        """What others verify with: the JWK set without any private member."""
        return {
            "keys": [
                {
                    **json.loads(key.key.export_public()),
                    "use": "sig",
                    "alg": key.alg,
                    "kid": key.kid,
                }
                for key in self.signing
            ]
        }

    async def remember(self, commits: GroupCommit) -> None:
        """Note these keys in the history.

        Raises `ServerKeysError` where other processes of the same history use none of these keys:
        they would refuse each other's tokens and could not open each other's answers.
        """
        now = Timestamp(datetime.now(UTC)).text
        if not await commits.write(lambda tx: _noted(tx, self.thumbprints, now)):
            raise ServerKeysError(
                "other processes of this history use other server keys",
                hint="give every machine the same keys; where the old ones are lost,"
                " `forwardc clients keys --forget` lets new ones in",
            )


def load_keys(path: Path, resolver: SecretResolver, *, history: str) -> ServerKeys:
    """The keys of FORWARDC_SERVER_KEYS, else of the file `path`.

    A missing file is made where `history` is one of this machine. Raises `ServerKeysError`.
    """
    try:
        text = resolver(VARIABLE)
    except SecretProviderError as problem:
        raise ServerKeysError(f"{VARIABLE} is not given: {problem}") from None
    if text is not None:
        return keys_of(text, VARIABLE)
    if not path.exists():
        if history.startswith(("postgresql://", "postgres://")):
            raise ServerKeysError(
                "several machines may use this history, and no server keys are given",
                hint=f"make them once with `forwardc clients keys FILE`, and give every machine"
                f" the file's text as {VARIABLE}",
            )
        make_file(path)
    return keys_of(read_file(path), path.name)


def keys_of(text: str, where: str) -> ServerKeys:
    """Read a JWK set.

    Raises `ServerKeysError`, in which `where` names it: it holds nothing of the text.
    """
    try:
        members = json.loads(text)["keys"]
        keys = [_key(member) for member in members] if isinstance(members, list) else []
    except (JWException, ValueError, KeyError, TypeError, RecursionError):
        keys = []
    signing = tuple(key for key in keys if isinstance(key, VerificationKey))
    sealing = tuple(key for key in keys if isinstance(key, bytes))
    if not signing or not sealing or len(keys) > _MOST:
        raise ServerKeysError(
            f"{where} is not a set of server keys",
            hint="`forwardc clients keys FILE` makes one: EC P-256 keys for signatures, and"
            " symmetric keys of 256 bits",
        )
    prints = (*(str(key.kid) for key in signing), *(_oct_print(key) for key in sealing))
    return ServerKeys(signing, sealing, prints)


def _key(member: dict[str, Any]) -> VerificationKey | bytes:
    match member:
        case {"kty": "EC", "crv": "P-256", "use": "sig", "d": str()}:
            key = JWK(**{name: member[name] for name in ("kty", "crv", "x", "y", "d")})
            # Whether the private and the public half belong together.
            key.get_op_key("sign")
            return VerificationKey(key.thumbprint(), "ES256", key)
        case {"kty": "oct", "use": "enc", "k": str(k)}:
            secret: bytes = base64url_decode(k)
            if len(secret) == 32:
                return secret
        case _:
            pass
    raise ValueError("a key is of another kind or size")


def _oct_print(secret: bytes) -> str:
    """The thumbprint of RFC 7638. Nobody finds 256 random bits by it."""
    k = urlsafe_b64encode(secret).rstrip(b"=").decode("ascii")
    return str(JWK(kty="oct", k=k).thumbprint())


def _noted(tx: Transaction, thumbprints: Sequence[str], now: str) -> bool:
    """Whether others know one of these keys, or nobody any."""
    statement = (
        "INSERT INTO server_keys (thumbprint, added_at) VALUES (?, ?)"
        " ON CONFLICT (thumbprint) DO UPDATE SET added_at = server_keys.added_at"
    )
    tx.run(statement, _TURN, now)
    noted = {row[0] for row in tx.rows("SELECT thumbprint FROM server_keys")} - {_TURN}
    if noted and not noted.intersection(thumbprints):
        return False
    for thumbprint in thumbprints:
        tx.run(statement, thumbprint, now)
    return True


def forget(tx: Transaction) -> int:
    """Let new keys in: nobody's are known any more. How many were."""
    return tx.run("DELETE FROM server_keys WHERE thumbprint <> ?", _TURN)
