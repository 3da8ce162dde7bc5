"""XML of a destination as plain data, in the form that XML bodies are written in.

`.name` is an attribute, `.` the text beside children, repeated siblings are a list. No entities
are declared or fetched.
"""

from typing import Any
from xml.parsers import expat

_DEEPEST = 100


def parse_xml(text: str) -> dict[str, Any] | None:
    """The document as `{root: content}`; None if it is not well-formed or declares entities."""
    builder = _Builder()
    parser = expat.ParserCreate(namespace_separator=None)
    parser.buffer_text = True
    parser.StartElementHandler = builder.start
    parser.EndElementHandler = builder.end
    parser.CharacterDataHandler = builder.text
    parser.EntityDeclHandler = builder.refuse
    try:
        parser.Parse(text.encode(), True)
    except (expat.ExpatError, _Refused, UnicodeEncodeError):
        return None
    return builder.document


class _Refused(Exception):  # noqa: N818 - leaves the parser, never this module
    """The document has what we do not read."""


class _Builder:
    def __init__(self) -> None:
        self.document: dict[str, Any] = {}
        self._open: list[tuple[str, dict[str, Any], list[str]]] = []

    def refuse(self, *_: object) -> None:
        raise _Refused

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if len(self._open) >= _DEEPEST:
            raise _Refused
        content: dict[str, Any] = {f".{key}": value for key, value in attributes.items()}
        self._open.append((name, content, []))

    def text(self, data: str) -> None:
        if self._open:
            self._open[-1][2].append(data)

    def end(self, _name: str) -> None:
        name, content, pieces = self._open.pop()
        parent = self._open[-1][1] if self._open else self.document
        _add(parent, name, _content(content, "".join(pieces)))


def _content(content: dict[str, Any], text: str) -> Any:
    if not content:
        return text or None
    if text.strip():
        content["."] = text
    return content


def _add(parent: dict[str, Any], name: str, value: Any) -> None:
    if name not in parent:
        parent[name] = value
    elif isinstance(parent[name], list):
        parent[name].append(value)
    else:
        parent[name] = [parent[name], value]
