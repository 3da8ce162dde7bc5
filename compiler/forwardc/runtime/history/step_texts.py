"""What is shown of a step and never searched: what it sent and was answered, each packed.

The requests of one step of a plan differ in a few values. What they have in common is the step's
*sample*, and each text is deflated with it as dictionary, so that a row holds little but what is
its own. A sample is written once, and never changed or deleted: no value of a run may be in it,
for it outlives every run, and a row that names it can always be read. Which sample it was decides
the size of a row, and nothing that is read from it. Rows of before have none.

| text | written by | holds |
|---|---|---|
| `sent` | the intent | method and URL that are called, the destination's key, the masked request |
| `answered` | the answer | names of sensitive outputs, atoms that are untold, the vault's page |
| both | | by which names each party knows the run, and who got its own key |

A name that is the run's own id stands there as null. Invariants: what is read is what was written
(`test_step_texts.py::test_what_is_read_is_what_was_written`), and no value of a run outlives it
(`test_no_value_of_a_run_outlives_it`). Example: what a payment through Checkout.com sent is 2,250
bytes of JSON, of which its row holds 180: ids, keys and the values of its params.
"""

import json
import zlib
from collections.abc import Mapping
from typing import Any, Final

from forwardc.core.atoms import ATOMS
from forwardc.core.dataclass import dataclass
from forwardc.runtime.history.columns import atoms_of_column, atoms_to_column
from forwardc.runtime.history.database import Transaction, first_row
from forwardc.runtime.history.records import Intent
from forwardc.runtime.http.request import ShownRequest
from forwardc.runtime.run.result import Party, PartyName, StepReport

_ENCODER: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=str)
# Deflate looks back two to the power of so many bytes, 15 at the most (RFC 1951); what is smaller
# takes less memory to pack.
_WINDOW_BITS: Final = 15
# The bits of a window of `_SMALL_BYTES`.
_SMALL_WINDOW_BITS: Final = 13
# Bytes of a text with its sample that a small window sees whole.
_SMALL_BYTES: Final = 8192
# 8 KiB for hashes: enough for texts of a few kilobytes, and quick to clear.
_MEMORY_LEVEL: Final = 4
# As fast as the quickest level, and a fifth smaller.
_LEVEL: Final = 6
_KNOWN: Final = "SELECT number, text FROM samples WHERE plan = ? AND step = ?"
_TAKE: Final = (
    "INSERT INTO samples (plan, step, text) VALUES (?, ?, ?) ON CONFLICT (plan, step) DO NOTHING"
)
_TEXT: Final = "SELECT text FROM samples WHERE number = ?"
LIKE_ALL_ANSWERED: Final = (
    '{"sensitive":[],"untold":"'
    + " ".join(atom.name for atom in ATOMS.values())
    + '","log_url":"https://","names":[["destination","given","/","'
).encode()
"""What every answer may tell: the beginning of a sample."""


@dataclass(frozen=True, slots=True)
class Sample:
    """The dictionary of a step's texts, and its number."""

    number: int
    text: bytes


@dataclass(frozen=True, slots=True)
class StepTexts:
    """What both texts of a step say. None where the history that recorded it did not keep it."""

    called: str | None = None
    destination_key: str | None = None
    request: ShownRequest | None = None
    names: tuple[PartyName, ...] | None = None
    keyed: tuple[Party, ...] | None = None
    sensitive_outputs: tuple[str, ...] = ()
    untold: tuple[str, ...] = ()
    log_url: str | None = None


def sent_text(intent: Intent, run_id: str) -> bytes:
    """What an intent sends."""
    return text_of(
        {
            "called": intent.called,
            "key": intent.keys.destination,
            "request": _request_out(intent.shown),
            "names": _names_out(intent.names, run_id),
            "keyed": intent.keyed,
        }
    )


def text_of(members: Mapping[str, Any]) -> bytes:
    """A text of these members, as it is packed."""
    return _ENCODER.encode(members).encode("utf-8", "replace")


def answered_text(report: StepReport, sensitive: list[str], run_id: str) -> bytes:
    """What an answer told."""
    members = {
        "sensitive": sensitive,
        "untold": atoms_to_column(report.untold),
        "log_url": report.log_url,
    }
    answered = {name: value for name, value in members.items() if value}
    names = _names_out(report.names, run_id)
    return text_of({**answered, "names": names, "keyed": report.keyed})


def with_untold(text: bytes | None, untold: tuple[str, ...]) -> bytes:
    """The same answer, with these atoms as untold."""
    return text_of({**_members(text), "untold": atoms_to_column(untold)})


def without_names(text: bytes) -> bytes:
    """The same answer without the names, which a later attempt tells anew."""
    members = _members(text)
    return text_of({name: members[name] for name in members if name not in ("names", "keyed")})


def read_texts(sent: bytes | None, answered: bytes | None, run_id: str) -> StepTexts:
    """What two unpacked texts say; where one of them is damaged, nothing."""
    first, later = _members(sent), _members(answered)
    try:
        return _texts_in(first, later, run_id)
    except (ValueError, TypeError):
        return StepTexts()


def _texts_in(first: dict[str, Any], later: dict[str, Any], run_id: str) -> StepTexts:
    both = {**first, **later}
    request = first.get("request")
    return StepTexts(
        called=_text(first.get("called")),
        destination_key=_text(first.get("key")),
        request=_request_in(request) if request else None,
        names=_names_in(both.get("names"), run_id),
        keyed=_parties(both.get("keyed")),
        sensitive_outputs=tuple(map(str, later.get("sensitive", ()))),
        untold=atoms_of_column(_text(later.get("untold"))),
        log_url=_text(later.get("log_url")),
    )


def sample_of(tx: Transaction, plan: int, intent: Intent) -> Sample:
    """The sample of a plan's step; the first intent of all brings it.

    Of two processes that have the first at once, one wins, and both have its sample.
    """
    step = intent.step
    known: Sample | None = tx.recall(("sample", plan, step))
    if known is not None:
        return known
    row = first_row(tx, _KNOWN, plan, step)
    if row is None:
        tx.run(_TAKE, plan, step, _new_sample(intent))
        row = first_row(tx, _KNOWN, plan, step)
    if row is None:
        raise RuntimeError("a sample that was there a moment before is gone")
    sample = Sample(int(row[0]), bytes(row[1]))
    tx.remember(("sample", plan, step), sample)
    tx.remember(("sample", sample.number), sample.text)
    return sample


def sample_text(tx: Transaction, number: int | None) -> bytes:
    """The text of a sample; empty for none."""
    if number is None:
        return b""
    known: bytes | None = tx.recall(("sample", number))
    if known is None:
        row = first_row(tx, _TEXT, number)
        known = bytes(row[0]) if row else b""
        if known:
            tx.remember(("sample", number), known)
    return known


def pack(text: bytes, sample: bytes) -> bytes:
    """A text as a row holds it, with a sample as its dictionary."""
    small = len(text) + len(sample) <= _SMALL_BYTES
    bits = _SMALL_WINDOW_BITS if small else _WINDOW_BITS
    packer = zlib.compressobj(_LEVEL, zlib.DEFLATED, -bits, _MEMORY_LEVEL, zdict=sample)
    return packer.compress(text) + packer.flush()


def unpack(data: bytes | None, sample: bytes) -> bytes | None:
    """The text of a row again; None for none, and for one that is damaged."""
    if data is None:
        return None
    reader = zlib.decompressobj(-_WINDOW_BITS, zdict=sample)
    try:
        text = reader.decompress(bytes(data))
    except zlib.error:
        return None
    return text if reader.eof else None


def _new_sample(intent: Intent) -> bytes:
    """What every text of a step may hold, the likeliest last: deflate reaches back to that."""
    if intent.fixed is None:
        return LIKE_ALL_ANSWERED
    names = [(name.party, name.way, name.place, None) for name in intent.names]
    request = _request_out(intent.fixed)
    members = {"called": "", "key": "", "request": request, "names": names, "keyed": intent.keyed}
    return LIKE_ALL_ANSWERED + text_of(members)


def _members(text: bytes | None) -> dict[str, Any]:
    try:
        members = json.loads(text) if text else {}
    except (ValueError, RecursionError):
        return {}
    return members if isinstance(members, dict) else {}


def _request_out(request: ShownRequest) -> list[object]:
    return [request.method, request.url, request.headers, request.body]


def _request_in(request: list[Any]) -> ShownRequest:
    method, url, headers, body = request
    pairs = tuple((str(name), str(value)) for name, value in headers)
    return ShownRequest(str(method), str(url), pairs, _text(body))


def _text(value: object) -> str | None:
    """A text or none. Raises `TypeError` for anything else."""
    if value is None or isinstance(value, str):
        return value
    raise TypeError("a text of a step holds texts")


def _names_out(names: tuple[PartyName, ...], run_id: str) -> list[tuple[object, ...]]:
    return [
        (name.party, name.way, name.place, None if name.value == run_id else name.value)
        for name in names
    ]


def _names_in(names: list[Any] | None, run_id: str) -> tuple[PartyName, ...] | None:
    if names is None:
        return None
    return tuple(
        PartyName(Party(party), way, place, run_id if value is None else value)
        for party, way, place, value in names
    )


def _parties(parties: list[str] | None) -> tuple[Party, ...] | None:
    return None if parties is None else tuple(Party(party) for party in parties)
