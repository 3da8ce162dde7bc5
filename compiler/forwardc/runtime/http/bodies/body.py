"""One body, read as whatever a rule or an output asks for; each syntax is read once."""

from collections.abc import Mapping
from typing import Any, Final

from forwardc.runtime.http.bodies.form_body import read_form
from forwardc.runtime.http.bodies.json_body import read_json
from forwardc.runtime.http.bodies.nothing import NOTHING
from forwardc.runtime.http.bodies.page import is_page
from forwardc.runtime.http.bodies.xml_body import read_xml

SYNTAXES: Final = ("json", "xml", "form")
"""In the order in which a body is taken for one, where nobody says which it is."""


class Body:
    """A body as text, or as the JSON `given` that a vault has parsed already.

    `namespaces` are those that the destination's prefixes mean in XML.
    """

    __slots__ = ("_given", "_namespaces", "_read", "_text")

    def __init__(
        self, text: str, namespaces: Mapping[str, str] | None = None, given: Any = NOTHING
    ) -> None:
        self._text, self._namespaces = text, namespaces or {}
        self._given = given is not NOTHING
        others = dict.fromkeys(SYNTAXES, NOTHING)
        self._read: dict[str, Any] = {**others, "json": given} if self._given else {}

    def read(self, syntax: str) -> Any:
        """The body as `json`, `xml` or `form`; `NOTHING` where it does not parse as that."""
        if syntax not in self._read:
            self._read[syntax] = self._parsed(syntax)
        return self._read[syntax]

    def reads_as(self, kind: str) -> bool:
        """Whether this is an answer of a kind: a syntax, `text`, `empty` or `any`.

        A page for people is none but `any`. Raises `ValueError` for a kind that there is not.
        """
        match kind:
            case "any":
                return True
            case "empty":
                return not self._given and not self._has_text()
            case "text":
                return self._given or (self._has_text() and not is_page(self._text))
            case "json" | "xml" | "form":
                # JSON's own `null` says nothing, so that nothing can be missing from it.
                return self.read(kind) not in (NOTHING, None)
            case _:
                raise ValueError("there is no such kind of answer")

    def _has_text(self) -> bool:
        return bool(self._text.strip(" \t\r\n\ufeff"))

    def _parsed(self, syntax: str) -> Any:
        match syntax:
            case "json":
                return read_json(self._text)
            case "xml":
                return read_xml(self._text, self._namespaces)
            case "form":
                return read_form(self._text)
            case _:
                raise ValueError("there is no such syntax")
