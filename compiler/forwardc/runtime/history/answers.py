"""The answers of runs, each packed into one row that is forgotten by a retention of its own.

Every function but `pack` and `unpack` is a part of a transaction's work. What cannot be read
back is as good as forgotten: nothing of a run depends on it.
"""

import json
import re
import zlib
from datetime import datetime
from typing import Any, Final, Literal, TypeVar, get_args

from forwardc.core.dataclass import dataclass, replace
from forwardc.runtime.history.database import Transaction, sanitize
from forwardc.runtime.history.timestamps import Timestamp
from forwardc.runtime.http.bodies.body_fields import BodyField, BodyFields, BodyKind
from forwardc.runtime.run.result import RecordedAnswer

T = TypeVar("T")

DEFAULT_DAYS: Final = 14
"""How long an answer is kept unless a setting says otherwise.

As long as Checkout.com keeps the same text itself, which is the shorter time of the two vaults:
this record never has an answer that its vault has deleted.
"""
MAX_DAYS: Final = 3650
"""The longest retention that a setting can have: ten years, a bound for a mistyped number."""
DEFAULT_SETTING: Final = f"{DEFAULT_DAYS}d"
"""The same as a setting says it."""
SETTING_VARIABLE: Final = "FORWARDC_ANSWERS"
"""The variable of the setting."""
_SETTING: Final = re.compile(r"([1-9][0-9]{0,3})d", re.ASCII)
_KINDS: Final[tuple[BodyKind, ...]] = get_args(BodyKind)
_WHOSE: Final[tuple[Literal["destination", "vault"], ...]] = ("destination", "vault")
# Rows that one transaction deletes: few enough that a run which waits for it hardly notices.
_EXPIRED_PER_TRANSACTION: Final = 256
# Bytes of an answer when it is unpacked: more than is ever packed, and no bomb of a damaged row.
_MAX_UNPACKED_BYTES: Final = 1024 * 1024
_ENCODER: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
_NUL: Final = "\\u0000"
"""As the encoder writes it."""
_KEEP: Final = """
INSERT INTO answers (run_seq, step, forget_at, packed)
SELECT seq, ?, ?, ? FROM runs WHERE id = ?
ON CONFLICT (run_seq, step) DO UPDATE SET forget_at = excluded.forget_at, packed = excluded.packed
"""
_OF_RUN: Final = "SELECT step, packed FROM answers WHERE run_seq = ? AND forget_at > ?"
_OLD: Final = (
    "SELECT run_seq, step FROM answers WHERE forget_at <= ? ORDER BY forget_at, run_seq, step"
    " LIMIT ?"
)
_OLDER: Final = (
    "SELECT answers.run_seq, answers.step FROM answers JOIN runs ON runs.seq = answers.run_seq"
    " WHERE runs.created_at < ? ORDER BY answers.run_seq, answers.step LIMIT ?"
)
_FORGET_TEXTS: Final = (
    "UPDATE steps SET answer = NULL WHERE answer IS NOT NULL"
    " AND run_seq IN (SELECT seq FROM runs WHERE created_at < ?)"
)
_FORGET: Final = "DELETE FROM answers WHERE run_seq = ? AND step = ?"


def retention_days(setting: str) -> int | None:
    """The days of a setting such as `14d`; None for `off`. Raises: `ValueError`."""
    if setting == "off":
        return None
    match = _SETTING.fullmatch(setting)
    if match is None or int(match[1]) > MAX_DAYS:
        raise ValueError(f"must be off, or a number of days from 1d to {MAX_DAYS}d")
    return int(match[1])


@dataclass(frozen=True, slots=True)
class PackedAnswer:
    """An answer as a row holds it, and when it is to be forgotten, in milliseconds since 1970."""

    data: bytes
    forget_at: int


def pack(answer: RecordedAnswer, now: Timestamp, days: int) -> PackedAnswer:
    """What a row holds of an answer that is kept for so many days."""
    members: dict[str, Any] = {
        "whose": answer.whose,
        "status": answer.status,
        "at": now.text,
        "kind": answer.body.kind,
        "whole": answer.body.whole,
        "says": answer.says,
        "headers": [(header.path, header.value) for header in answer.headers],
        "rows": [
            (field.path, field.value) if field.text else (field.path, field.value, 0)
            for field in answer.body.rows
        ],
    }
    text = _ENCODER.encode(members)
    if not text.isascii() or _NUL in text:
        # Few texts have what no database takes: only they are looked at one by one.
        members["says"] = sanitize([answer.says])[0]
        members["headers"] = list(map(sanitize, members["headers"]))
        members["rows"] = list(map(sanitize, members["rows"]))
        text = _ENCODER.encode(members)
    # A window of 8 KiB takes 64 KiB for each answer; the usual one takes 256 KiB, which the
    # system may be asked for each time.
    packer = zlib.compressobj(1, zlib.DEFLATED, 13, 6)
    data = packer.compress(text.encode()) + packer.flush()
    return PackedAnswer(data, now.after(days * 86_400))


def store_packed(tx: Transaction, run_id: str, step: str, answer: PackedAnswer | None) -> None:
    """Keep an answer, if there is one; a later one of the same step takes its place."""
    if answer is not None:
        tx.run(_KEEP, step, answer.forget_at, answer.data, run_id)


def of_run(tx: Transaction, seq: int, now: Timestamp) -> dict[str, RecordedAnswer]:
    """The answers of a run that are not forgotten yet, by step."""
    unpacked = {step: unpack(bytes(data)) for step, data in tx.rows(_OF_RUN, seq, now.milliseconds)}
    return {step: answer for step, answer in unpacked.items() if answer is not None}


def forget(tx: Transaction, now: Timestamp, most: int = _EXPIRED_PER_TRANSACTION) -> int:
    """Delete answers whose time has come; how many."""
    # One by one in an order that all processes have, so that no two of them wait for each other.
    old = tx.rows(_OLD, now.milliseconds, most)
    tx.many(_FORGET, old)
    return len(old)


def forget_older(tx: Transaction, day: str, most: int) -> int:
    """Delete answers of runs that began before a day, at most so many; how many."""
    old = tx.rows(_OLDER, day, most)
    tx.many(_FORGET, old)
    return len(old)


def forget_texts(tx: Transaction, day: str) -> int:
    """Delete what older versions kept of answers, of runs that began before a day; how many."""
    return tx.run(_FORGET_TEXTS, day)


def unpack(data: bytes) -> RecordedAnswer | None:
    """What a row holds; None where it cannot be read."""
    try:
        reader = zlib.decompressobj()
        members = json.loads(reader.decompress(data, _MAX_UNPACKED_BYTES))
        rows = tuple(_field(*row) for row in members["rows"])
        headers = tuple(_field(name, value) for name, value in members["headers"])
        body = BodyFields(_one_of(_KINDS, members["kind"]), rows, bool(members["whole"]))
        status, says = members["status"], members["says"]
        if not isinstance(status, int | None) or not isinstance(says, str | None):
            return None
        answer = RecordedAnswer(_one_of(_WHOSE, members["whose"]), status, body, headers, says)
        datetime.fromisoformat(members["at"])
        return replace(answer, kept_at=members["at"])
    except (zlib.error, ValueError, KeyError, TypeError, RecursionError):
        return None


def _one_of(allowed: tuple[T, ...], value: object) -> T:
    return allowed[allowed.index(value)]


def _field(path: object, value: object, text: int = 1) -> BodyField:
    if not isinstance(path, str) or not isinstance(value, str | None):
        raise TypeError("a row holds nothing else")
    return BodyField(path, value, bool(text))
