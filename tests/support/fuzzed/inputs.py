"""What a reader is given: real inputs with a few changes, JSON of any shape, and any bytes."""

import json
from collections.abc import Callable

from hypothesis import strategies as st

# What means something to one reader or another.
WORDS = (
    *(b"{", b"}", b"[", b"]", b'"', b"'", b"\\", b":", b",", b"&", b"=", b"%", b"<", b">", b"!"),
    *(
        b"\n",
        b"\r\n",
        b"\r",
        b"\t",
        b" ",
        b"\x00",
        b"\xff",
        b"\xfe\xff",
        b"\xef\xbb\xbf",
        b"\xed\xa0\x80",
    ),
    *(
        "\u2028\u202e\u00a0\ufeff\ufffe\U0001f0a1é".encode(),
        b"${",
        b"}}",
        b"{{",
        b"$${",
        b"? ",
        b"- ",
    ),
    *(
        b"<<: *a",
        b"&a [*a, *a]",
        b"!!python/object:os.system x",
        b"---",
        b"...",
        b"|\n ",
        b"#",
        b"~",
    ),
    *(
        b"null",
        b"true",
        b"-1",
        b"0",
        b"1e400",
        b"-0.0",
        b"NaN",
        b"9" * 400,
        b"1" * 5000,
        b".inf",
        b"0x1F",
    ),
    *(
        b'"\\ud800"',
        b'{"a":1,"a":2}',
        b"[" * 400,
        b'{"a":' * 200,
        b"<a>" * 200,
        b"(" * 400,
        b"x" * 3000,
    ),
    *(
        b"forwardc: 1",
        b'"forwardc": 2',
        b'"$text"',
        b'"$if"',
        b'"$call"',
        b'"then"',
        b"card.number",
        b"params.x",
    ),
    *(
        b"production",
        b"sandbox",
        b"../",
        b"/etc/passwd",
        b"http://127.0.0.1",
        b"Infinity",
        b"2026-11-20",
    ),
    *(
        b"Content-Length: 0\r\n",
        b"Transfer-Encoding: chunked\r\n",
        b"\r\n\r\n",
        b"HTTP/1.1",
        b"0\r\n\r\n",
    ),
)

_EDITS = st.lists(
    st.tuples(
        st.sampled_from(["insert", "delete", "replace", "repeat", "flip", "swap", "cut"]),
        st.floats(0, 1, exclude_max=True),
        st.one_of(st.sampled_from(WORDS), st.binary(min_size=1, max_size=4)),
        st.integers(1, 24),
    ),
    min_size=1,
    max_size=4,
)
_VALUES = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8), st.just("a" * 80)
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=12,
)


def edited(seed: bytes, edits: list[tuple[str, float, bytes, int]]) -> bytes:
    """A real input with a few changes."""
    data = bytearray(seed)
    for kind, where, word, size in edits:
        at = int(where * len(data)) if data else 0
        match kind:
            case "insert":
                data[at:at] = word
            case "delete":
                del data[at : at + size]
            case "replace":
                data[at : at + size] = word
            case "repeat":
                data[at:at] = data[at : at + 4 * size]
            case "flip" if data:
                data[at] ^= 1 << (size % 8)
            case "swap":
                data[at : at + 2 * size] = data[at + size : at + 2 * size] + data[at : at + size]
            case "cut":
                del data[at:]
            case _:
                pass
    return bytes(data)


def inputs(seeds: Callable[[], list[bytes]]) -> st.SearchStrategy[bytes]:
    """Mostly changed real inputs: what is only noise ends at the first byte of most readers."""
    real = st.sampled_from(seeds())
    return st.one_of(
        st.builds(edited, real, _EDITS),
        st.builds(edited, real, _EDITS),
        st.builds(edited, real, _EDITS),
        _VALUES.map(lambda value: json.dumps(value).encode()),
        st.text(max_size=60).map(lambda text: text.encode("utf-8", "surrogatepass")),
        st.binary(max_size=200),
        real,
    )
