"""Lays a request out for reading: one line for what fits, an indented outline for what does not.

JSON inside a text is unfolded, a form nested, and a long text cut.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final
from urllib.parse import parse_qsl, unquote

from forwardc.core.dataclass import dataclass

WIDTH: Final = 100
"""Columns of an outline: a line of code of this project, which a wide terminal shows whole."""
# Characters of a value, two lines: a signature or a key is longer, and read by nobody.
_LONGEST = 200
_STEP = "  "
# They say how a message travels, not what it says.
_FRAMING = frozenset(
    "accept accept-encoding connection content-length content-type host user-agent".split()
)
# More than a card number lacks: the scan took the text for a secret, so none of it is shown.
_MASKED = re.compile(r"\*{16,}")
_ESCAPED_BRACE = "\\u007b"


@dataclass(frozen=True, slots=True)
class Outline:
    """`hide` masks a text once more, now that it is decoded; `indent` stands before every line."""

    hide: Callable[[str], str]
    indent: str = ""

    def request(
        self, method: str, url: str, headers: Iterable[tuple[str, str]], body: str | None
    ) -> Iterator[str]:
        """The lines of one request whose texts are masked already."""
        yield from self._text(f"{method} {unquote(url)}")
        for name, value in headers:
            if name.lower() not in _FRAMING:
                yield from self._text(f"{name}: {value}")
        if body:
            yield from self._children(_parsed(body))

    def _children(self, value: Any) -> Iterator[str]:
        if isinstance(value, dict):
            for name, item in value.items():
                yield from self._entry(f"{name}:", item)
        elif isinstance(value, list):
            for item in value:
                yield from self._entry("-", item)
        else:
            yield from self._text(self._flat(value))

    def _entry(self, name: str, value: Any) -> Iterator[str]:
        inner = _inner(value)
        line = f"{self.indent}{name} {self._flat(value)}"
        deeper = Outline(self.hide, self.indent + _STEP)
        if inner is not None:
            yield f"{self.indent}{name} (JSON as text)"
            yield from deeper._children(inner)
        elif len(line) <= WIDTH and not _holds_json(value):
            yield line
        elif isinstance(value, dict | list):
            yield f"{self.indent}{name}"
            yield from deeper._children(value)
        else:
            yield from self._text(f"{name} {self._flat(value)}")

    def _flat(self, value: Any) -> str:
        if not isinstance(value, str):
            return self.hide(json.dumps(value, ensure_ascii=False))
        shown = self.hide(value or '""')
        if _MASKED.search(shown):
            return f"*** ({len(value)} characters)"
        if len(shown) > _LONGEST:
            return f"{shown[:_LONGEST]}... ({len(value)} characters)"
        return shown

    def _text(self, text: str) -> Iterator[str]:
        """The text over as many lines as it needs, cut at a space where one is near the end."""
        rest, room = self.hide(text), WIDTH - len(self.indent)
        indent = self.indent
        while len(rest) > room:
            space = rest.rfind(" ", room * 2 // 3, room)
            cut = space if space > 0 else room
            yield indent + rest[:cut]
            rest, indent = rest[cut:].lstrip(), self.indent + _STEP * 2
            room = WIDTH - len(indent)
        yield indent + rest


def _parsed(body: str) -> Any:
    """A JSON or form body as data; any other as text."""
    try:
        return json.loads(body)
    except ValueError:
        pairs = parse_qsl(body, keep_blank_values=True)
        return _nested(dict(pairs)) if pairs and "<" not in body else body


def _nested(form: Mapping[str, str]) -> Any:
    """`a[b][0]=c` as the data that it stands for."""
    tree: dict[str, Any] = {}
    for name, value in form.items():
        *path, last = re.findall(r"[^\[\]]+", name)
        level = tree
        for part in path:
            level = level.setdefault(part, {})
        level[last] = value
    return _lists(tree)


def _lists(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    items = {name: _lists(item) for name, item in value.items()}
    return list(items.values()) if all(name.isdigit() for name in items) else items


def _holds_json(value: Any) -> bool:
    if isinstance(value, dict):
        return any(_holds_json(item) for item in value.values())
    if isinstance(value, list):
        return any(_holds_json(item) for item in value)
    return _inner(value) is not None


def _inner(value: Any) -> dict[str, Any] | None:
    """The object that a text holds as JSON; an escaped brace stays as the vault sees it."""
    if not isinstance(value, str) or not value.startswith("{") or value.startswith("{{"):
        return None
    try:
        parsed = json.loads(value.replace(_ESCAPED_BRACE, "\\" + _ESCAPED_BRACE))
    except ValueError:
        return None
    return parsed if isinstance(parsed, dict) else None
