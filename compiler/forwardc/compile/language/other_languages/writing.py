"""What a rewriting knows: where it stands, whether literals may be shown, and what is to be done.

A literal of the file stands in a hint only where it is a short word beside no secret: else it is
`'...'`. The author wrote it, but may have pasted a key there by mistake.
"""

import re
from collections.abc import Callable
from dataclasses import field
from typing import Final

from forwardc.compile.language.other_languages.tree import (
    Foreign,
    ForeignLiteral,
    ForeignName,
    NoCounterpartError,
)
from forwardc.compile.language.symbols import ExpressionUse, Symbol, SymbolTable
from forwardc.core.atoms import ATOMS
from forwardc.core.dataclass import dataclass
from forwardc.core.recognizer.scan import mask
from forwardc.core.terms.terms import Lit, Ref

NO_CHOICE: Final = (
    "a value that depends on another is looked up:"
    " \"${map(params.brand, {visa: 'VI'}, 'OT')}\"; what may be absent takes `?`"
)
NO_LOGIC: Final = "comparisons, `and`, `or` and `not` stand in `when:` only"
NO_ARITHMETIC: Final = (
    "nothing is calculated: an amount leaves by decimal(params.amount, params.currency),"
    " or in minor units as it is"
)
NO_CHANGE: Final = (
    "no part of a text is replaced: let the caller give the value in the form that leaves;"
    " map(x, {a: b}, c) looks a code up, slice(x, 0, 10) shortens a text"
)
NO_NAME: Final = (
    "names are params.x, settings.x, secrets.x, card.x and run.x: what comes from outside is"
    " declared under `params:`, `settings:` or `secrets:`"
)
NO_LOOP: Final = "there are no loops and no functions of one's own: lists are written out in YAML"
_SHOWABLE: Final = re.compile(r"[\w ./:@+-]{0,24}", re.ASCII)
_OF_SECRET: Final = re.compile(r"secret|passw|pwd|api_?key|credential|\benv\b|environ", re.I)


@dataclass(frozen=True, slots=True)
class Writing:
    """One rewriting: `write` is the way back for what stands inside."""

    names: SymbolTable
    shows_literals: bool
    write: "Callable[[Foreign, Writing], str]" = field(repr=False)
    besides: list[str] = field(default_factory=list)
    """What has to be done beside writing, each once."""
    in_text: bool = False
    """Whether the place is a part of a text, where nothing may be absent."""

    @property
    def in_rule(self) -> bool:
        """Whether it is a `when:`."""
        return self.names.use is ExpressionUse.RULE

    def text(self, of: Foreign) -> str:
        """An inner expression, as it is written here."""
        return self.write(of, self)

    def literal(self, of: ForeignLiteral) -> str:
        """A literal as it may be shown."""
        if of.is_number:
            return of.text if len(of.text) <= 12 else "..."
        # What joins two parts is no credential, and without it the rest would not be exact.
        is_sign = len(of.text) <= 2 and not of.text.isalnum()
        shown = (self.shows_literals or is_sign) and mask(of.text) == of.text
        return f"'{of.text}'" if shown and _SHOWABLE.fullmatch(of.text) else "'...'"

    def note(self, text: str) -> None:
        """Something that has to be done besides."""
        if text and text not in self.besides:
            self.besides.append(text)

    def symbol(self, of: Foreign) -> Symbol | None:
        """What is known of a name."""
        return self.names.find(of.name) if isinstance(of, ForeignName) else None

    def decimal(self, of: Foreign) -> str:
        """An amount as a decimal number, in its own currency or the one that is declared."""
        symbol = self.symbol(of)
        if not isinstance(of, ForeignName) or of.name in ATOMS:
            raise NoCounterpartError(NO_ARITHMETIC)
        own = symbol.currency if symbol is not None else None
        currencies = sorted(self.names.currencies)
        currency = f"params.{currencies[0]}" if currencies else "params.currency"
        if isinstance(own, Ref):
            currency = own.name
        elif isinstance(own, Lit):
            currency = f"'{own.value}'"
        return f"decimal({self.text(of)}, {currency})"


def speaks_of_secrets(text: str) -> bool:
    """Whether an expression has to do with a credential, so that no literal of it is shown."""
    return _OF_SECRET.search(text) is not None
