"""How much the sandbox remembers: so many rows of all tables together, the oldest go first.

What must never be taken for new stands in *guards*: idempotency keys and what serves once. A guard
that was forgotten stays known by a few bits, and who comes with it again is refused by the sandbox
itself (503), in no vendor's name: the vendor would repeat an answer or refuse, and the sandbox can
do neither. So it is stricter than the vendor, and never laxer. An object that was forgotten is one
that the vendor does not know.

| rows | when there are too many |
|---|---|
| the fixed sources, and `settings` tables: what somebody set up | stay |
| guards | become bits |
| all others: payments, tokens, customers | are gone |

Invariants, by `tests/sandbox/test_memory.py`: the number of rows is bounded
(`test_rows_are_bounded_and_the_fixed_sources_stay`), and nothing that was used once counts as new
(`test_a_forgotten_guard_is_refused`). Example: of two rows a third payment forgets the first; its
idempotency key is in the bits, and a repeat is 503.
"""

from base64 import b64decode, b64encode
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from itertools import islice
from typing import Any, Final
from zlib import compress, decompress

from forwardc.sandbox.errors import SandboxError

DEFAULT_ROWS: Final = 50_000
"""Rows that are remembered unless a setting says otherwise: about 100 MB of payments."""
# One row in 16 is forgotten at once: finding the oldest of a table costs a walk.
_SHARE: Final = 16
# 8 million bits are 1 MiB: of new keys one in 5,000 is taken for a forgotten one when 500,000 are.
_BITS: Final = 1 << 23
# Bits of one guard: as many as make the fewest mistakes at some hundred thousand guards.
_BITS_OF_ONE: Final = 6
# Bytes of a digest that say where one of them is.
_BYTES_OF_BIT: Final = 3


class ForgottenRowError(SandboxError):
    """What a request repeats was forgotten: nobody can say any more what it came to."""


@dataclass(slots=True)
class ForgottenGuards:
    """The guards that are rows no more, as bits: a Bloom filter, which misses none of them."""

    _bits: bytearray = field(default_factory=bytearray, repr=False)

    def add(self, table: str, guard: str) -> None:
        """Forget a guard, but for its bits."""
        if not self._bits:
            self._bits = bytearray(_BITS // 8)
        for bit in _places(table, guard):
            self._bits[bit >> 3] |= 1 << (bit & 7)

    def has(self, table: str, guard: str) -> bool:
        """Whether a guard was forgotten; now and then also of one that was not."""
        bits = self._bits
        return bool(bits) and all(
            bits[bit >> 3] & (1 << (bit & 7)) for bit in _places(table, guard)
        )

    def dump(self) -> str:
        """All of it as text; empty for none."""
        return b64encode(compress(self._bits, 1)).decode() if self._bits else ""

    def load(self, text: str) -> None:
        """Take over what `dump` gave. Raises `ValueError` for anything else."""
        try:
            bits = bytearray(decompress(b64decode(text, validate=True))) if text else bytearray()
        except Exception:
            raise ValueError("these are no bits of forgotten guards") from None
        if len(bits) not in (0, _BITS // 8):
            raise ValueError("these are no bits of forgotten guards")
        self._bits = bits


@dataclass(frozen=True, slots=True)
class RowKinds:
    """The tables whose rows are not simply forgotten. Those of an account end in `@` and its name.

    `guards` must never be taken for new; `settings` is what somebody set up.
    """

    guards: frozenset[str] = frozenset()
    settings: frozenset[str] = frozenset()


@dataclass(slots=True)
class RowLimit:
    """Holds tables to a number of rows. `fixed` are ids that stay, by table."""

    rows: int
    forgotten: ForgottenGuards
    kinds: RowKinds = field(default_factory=RowKinds)
    fixed: dict[str, frozenset[str]] = field(default_factory=dict)

    def add(self, kinds: RowKinds, fixed: Mapping[str, frozenset[str]]) -> None:
        """Take in what one party says of its tables, and the ids that stay in them."""
        guards, settings = self.kinds.guards | kinds.guards, self.kinds.settings | kinds.settings
        self.kinds = RowKinds(guards, settings)
        self.fixed.update(fixed)

    def enforce(self, tables: Mapping[str, dict[str, Any]]) -> bool:
        """Forget the oldest rows of the largest tables, where there are too many; whether any."""
        counted = {name: rows for name, rows in tables.items() if not self._is_kept(name)}
        excess = sum(map(len, counted.values())) - self.rows
        if excess <= 0:
            return False
        left = excess + self.rows // _SHARE
        for name in sorted(counted, key=lambda name: -len(counted[name])):
            left -= self._forget(name, counted[name], left)
            if left <= 0:
                break
        return True

    def _is_kept(self, table: str) -> bool:
        return table.partition("@")[0] in self.kinds.settings

    def _forget(self, name: str, rows: dict[str, Any], most: int) -> int:
        """Forget the oldest rows of one table, at most so many; how many."""
        fixed = self.fixed.get(name, frozenset())
        oldest = list(islice((key for key in rows if key not in fixed), most))
        is_guard = name.partition("@")[0] in self.kinds.guards
        for key in oldest:
            del rows[key]
            if is_guard:
                self.forgotten.add(name, key)
        return len(oldest)


def ids_by_table(tables: Mapping[str, Iterable[str]]) -> dict[str, frozenset[str]]:
    """The ids of all rows."""
    return {name: frozenset(rows) for name, rows in tables.items()}


def _places(table: str, guard: str) -> Iterator[int]:
    digest = blake2b(
        f"{table}\0{guard}".encode("utf-8", "surrogatepass"),
        digest_size=_BITS_OF_ONE * _BYTES_OF_BIT,
    ).digest()
    for at in range(0, len(digest), _BYTES_OF_BIT):
        yield int.from_bytes(digest[at : at + _BYTES_OF_BIT], "big") % _BITS
