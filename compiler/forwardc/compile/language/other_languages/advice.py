"""The hint for an expression that cannot be read: what says the same here, or what helps instead.

Asked only where there is a mistake, so that its modules are loaded late.
"""

import re
from typing import Final

from forwardc.compile.language.other_languages import functions
from forwardc.compile.language.other_languages.names import (
    DECLARED,
    OF_REQUEST,
    TO_DECLARE,
    is_of_request,
    meaning_of,
    meaning_of_placeholder,
    plain,
)
from forwardc.compile.language.other_languages.reader import read
from forwardc.compile.language.other_languages.rewriting import write
from forwardc.compile.language.other_languages.tree import ForeignSyntaxError, NoCounterpartError
from forwardc.compile.language.other_languages.writing import (
    NO_ARITHMETIC,
    NO_CHOICE,
    NO_LOGIC,
    NO_LOOP,
    Writing,
    speaks_of_secrets,
)
from forwardc.compile.language.symbols import ExpressionUse, SymbolTable
from forwardc.core.recognizer.scan import mask

_EXACT: Final = "write "
_LOOP: Final = re.compile(r"\bfor\b.*\bin\b|\blambda\b|=>|\bfunction\b|\bwhile\b")
_CHOICE: Final = re.compile(r"\bif\b.*\belse\b|\?[^?:]*:|\bcase\b.*\bwhen\b", re.I | re.DOTALL)
_LOGIC: Final = re.compile(r"&&|\|\||===|!==|<>|\?\?")
_ARITHMETIC: Final = re.compile(r"[\w)]\s*[*/%]\s*[\w(]")


def advice(text: str, names: SymbolTable | None, own: str | None = None) -> str | None:
    """What to write instead of the inside of a `${...}`, or None where nothing is known.

    An exact replacement goes before the `own` hint of who asks, and that before what helps in
    general. `names` is None where it is not known yet what the file declares.
    """
    hint = _advice(text.strip(), names or SymbolTable(), knows_names=names is not None)
    if own is not None and not (hint or "").startswith(_EXACT):
        return own
    # Names come from the file as well: one may be a key that was typed in the wrong place.
    return hint if hint is None or mask(hint) == hint else None


def name_advice(name: str, names: SymbolTable) -> str | None:
    """What to write instead of an unknown name, or None where it is like nothing known."""
    if names.use is ExpressionUse.BASE_URL:
        return None
    if is_of_request(name, names):
        return OF_REQUEST
    before, _, last = name.rpartition(".")
    if names.find(before) and plain(last) in functions.SAME.keys() | functions.LENGTHS:
        return advice(name, names)
    meaning = None if name.partition(".")[0] in DECLARED else meaning_of(name, names)
    hint = meaning.hint if meaning is not None else None
    return hint if hint is None or mask(hint) == hint else None


def placeholder_advice(text: str, start: int) -> str | None:
    """What to write instead of another template's placeholder that stands at an offset."""
    meaning = meaning_of_placeholder(text, start)
    if meaning is None or mask(meaning.written) != meaning.written:
        return None
    return f"write ${{{meaning.written.replace(' + ', '}${')}}}{meaning.besides}"


def _advice(text: str, names: SymbolTable, *, knows_names: bool) -> str | None:
    try:
        tree = read(text)
    except ForeignSyntaxError:
        return _by_signs(text, names)
    writing = Writing(names, shows_literals=not speaks_of_secrets(text), write=write)
    try:
        written = write(tree, writing)
    except NoCounterpartError as problem:
        return problem.hint
    if re.sub(r"\s", "", written) == re.sub(r"\s", "", text):
        return None
    # A map holds `: `, which would end a YAML value without quotes.
    shown = f'"${{{written}}}"' if ": " in written else written
    besides = "".join(
        f", {note}" if note.startswith("and") else f"; {note}"
        for note in writing.besides
        if knows_names or TO_DECLARE not in note
    )
    return f"{_EXACT}{shown}{besides}"


def _by_signs(text: str, names: SymbolTable) -> str | None:
    """What its signs tell of an expression that has no form."""
    if _LOOP.search(text):
        return NO_LOOP
    if _CHOICE.search(text):
        return NO_CHOICE
    if _LOGIC.search(text):
        if names.use is not ExpressionUse.RULE:
            return NO_LOGIC
        return "conditions are joined with `and`, `or` and `not`, and compared with == and !="
    return NO_ARITHMETIC if _ARITHMETIC.search(text) else None
