"""Asks what an author may have meant, where an expression or a name of it cannot stand.

Most files have no such place: what knows other languages is loaded when there is one. Names that a
hint asks to write count as used: that they are not yet is the same slip.
"""

import re
from dataclasses import field
from typing import Final

from forwardc.compile.language.symbols import SymbolTable
from forwardc.core.dataclass import dataclass

_FULL_NAME: Final = re.compile(r"\b(?:params|secrets|settings|steps)\.[A-Za-z_][A-Za-z0-9_.]*")


@dataclass(frozen=True, slots=True)
class Adviser:
    """Advice at one place of a destination: with its names, and the set of those in use."""

    names: SymbolTable = field(default_factory=SymbolTable)
    used: set[str] = field(default_factory=set)

    def on_expression(self, text: str, own: str | None = None) -> str | None:
        """What to write instead of the inside of a `${...}`, else the `own` hint of who asks.

        An empty one stands for none, before which only an exact replacement goes.
        """
        from forwardc.compile.language.other_languages.advice import advice

        return self._counted(advice(text, self.names, own)) or None

    def on_name(self, name: str) -> str | None:
        """What to write instead of a name that is not there."""
        from forwardc.compile.language.other_languages.advice import name_advice

        return self._counted(name_advice(name, self.names))

    def on_template(self, text: str) -> None:
        """Count what the placeholders of another template in a text mean as used."""
        from forwardc.compile.language.other_languages.advice import placeholder_advice

        for start in range(len(text)):
            if text.startswith("{{", start):
                self._counted(placeholder_advice(text, start))

    def _counted(self, hint: str | None) -> str | None:
        if hint is not None and hint.startswith("write "):
            self.used.update(_FULL_NAME.findall(hint))
        return hint
