"""Calls, methods and filters of other languages, as the closed functions that there are here."""

from typing import Final

from forwardc.compile.language.other_languages import choices, functions
from forwardc.compile.language.other_languages.names import meaning_of, plain
from forwardc.compile.language.other_languages.tree import (
    CONDITIONALS,
    Foreign,
    ForeignBinary,
    ForeignCall,
    ForeignChoice,
    ForeignLiteral,
    ForeignMap,
    ForeignName,
    ForeignRange,
    ForeignUnary,
    NoCounterpartError,
)
from forwardc.compile.language.other_languages.writing import (
    NO_ARITHMETIC,
    NO_CHANGE,
    NO_CHOICE,
    Writing,
)
from forwardc.compile.language.symbols import ROOTS
from forwardc.core.terms.functions import FUNCTIONS, Type
from forwardc.core.terms.time_formats import format_problem, usual_format

_TIMES: Final = "iso8601(run.now), unix(run.now) or format_time(run.now, 'YYYYMMDDHHmmss')"
_OF_TIME: Final = frozenset(("iso8601", "unix", "unix_ms"))
_DIGESTS: Final = frozenset(("sha1", "sha256", "sha512"))
_BY_VALUE: Final = "the text itself is the value, with ${...} for each value in it"


def call(of: ForeignCall, writing: Writing) -> str:
    """A call in our words.

    Raises:
        NoCounterpartError: There is none; its hint says what helps instead.
    """
    word = plain(of.function)
    applied = () if of.of is None or _is_space(of.of) else (of.of,)
    args = (*applied, *of.args)
    if isinstance(of.of, ForeignMap) and of.args:
        return choices.lookup(of.of, of.args[0], of.args[1] if of.args[1:] else None, writing)
    own = FUNCTIONS.get(of.function) if of.of is None else None
    if own is not None and (own.named or own.alternatives):
        # What stands behind `=` is not read: the call cannot be written again.
        raise NoCounterpartError("")
    if own is not None and word not in functions.FORMATS:
        return f"{of.function}({', '.join(map(writing.text, args))})"
    if writing.in_rule and args and word in functions.ASKS | {"isnull", "isnone", "isempty"}:
        asked = f"present({writing.text(args[0])})"
        return asked if word in functions.ASKS else f"not {asked}"
    if writing.in_rule and word in functions.SEARCHES:
        raise NoCounterpartError("a rule compares whole values: x in ['a', 'b']")
    if (of_run := _of_run(word, of, args, writing)) is not None:
        return of_run
    if word in CONDITIONALS and len(args) == 3:
        return choices.choice(ForeignChoice(*args), writing)
    if word in functions.DEFAULTS and len(args) == 2:
        return choices.fallback(args[0], args[1], writing)
    return _of_value(word, args, writing)


def _is_space(of: Foreign) -> bool:
    if isinstance(of, ForeignCall):
        return _is_space(ForeignName(of.function))
    root = of.name.partition(".")[0] if isinstance(of, ForeignName) else ""
    return root not in ROOTS and plain(root) in functions.SPACES | functions.MOMENTS


def _of_run(word: str, of: ForeignCall, args: tuple[Foreign, ...], writing: Writing) -> str | None:
    """What a run has: its id, its time, its secrets."""
    first = args[0] if args else None
    literal = first.text if isinstance(first, ForeignLiteral) else ""
    if word in functions.RANDOM:
        return "run.id"
    if word in functions.FORMATS and (args or of.of is not None):
        return _formatted(args, writing)
    if word in functions.EPOCHS and (first is None or literal):
        return "unix(run.now)"
    spoken = of.of.name if isinstance(of.of, ForeignName) else ""
    if word in functions.MILLISECONDS or (word == "now" and spoken == "Date"):
        return "unix_ms(run.now)"
    if word in functions.MOMENTS and (first is None or literal):
        raise NoCounterpartError(f"a time has its form: {_TIMES}")
    root = "secrets" if word in functions.ENVIRONMENTS else functions.GETTERS.get(word, "")
    if root and literal.replace("_", "").replace("-", "").isalnum():
        return _named(f"{root}.{literal}", writing)
    return None


def _named(name: str, writing: Writing) -> str:
    meaning = meaning_of(name, writing.names)
    if meaning is None:
        return name
    writing.note(meaning.besides.lstrip(",; "))
    return meaning.written


def _of_value(word: str, args: tuple[Foreign, ...], writing: Writing) -> str:
    """What is made of a value."""
    if functions.SAME.get(word) in _OF_TIME:
        return f"{functions.SAME[word]}(run.now)"
    if not args:
        raise NoCounterpartError(_closed())
    first, *rest = args
    if word in functions.CUTS:
        return _cut(word, args, writing)
    if same := functions.SAME.get(word):
        return _same(same, first, rest, writing)
    if word in functions.CONCATENATIONS and rest:
        return " + ".join(map(writing.text, args))
    if word in functions.ESCAPES:
        writing.note("each value is escaped for its place")
        return writing.text(first)
    if word in functions.NUMERIC:
        symbol = writing.symbol(first)
        is_amount = symbol is not None and (symbol.amount or symbol.type is Type.INTEGER)
        if word in ("divide", "div", "dividedby") and rest:
            return writing.text(ForeignBinary("/", first, rest[0]))
        return writing.decimal(first) if is_amount else _inner_number(first, writing)
    if word in functions.LOOKUPS | CONDITIONALS:
        raise NoCounterpartError(NO_CHOICE)
    if word in functions.PRINTS:
        raise NoCounterpartError(_BY_VALUE)
    if word in functions.LENGTHS:
        raise NoCounterpartError(
            "no length is counted: let the caller give it, as a param of type integer"
        )
    raise NoCounterpartError(NO_CHANGE if word in functions.CHANGES else _closed())


def _same(same: str, first: Foreign, rest: list[Foreign], writing: Writing) -> str:
    """A function that is here, too, with as many arguments as it takes here."""
    args = [first, *rest]
    algorithms = [arg for arg in args if isinstance(arg, ForeignLiteral) and arg.text in _DIGESTS]
    if same == "hmac_sha256" and algorithms:
        # `hmac('sha512', key, text)` of PHP.
        same = f"hmac_{algorithms[0].text}"
        args = [arg for arg in args if arg not in algorithms]
    count = len(FUNCTIONS[same].args)
    texts = [writing.text(arg) for arg in args[:count]]
    if len(texts) < count:
        texts += ["','"] if same == "join" else ["secrets.<name>"]
    return f"{same}({', '.join(texts)})"


def _inner_number(first: Foreign, writing: Writing) -> str:
    """`round(params.amount / 100, 2)`: what is rounded is an amount."""
    text = writing.text(first)
    if text.startswith(("decimal(", "unix(")):
        return text
    raise NoCounterpartError(NO_ARITHMETIC)


def _closed() -> str:
    names = [
        name
        for name, function in FUNCTIONS.items()
        if not (function.operator or function.internal or function.rules_only)
    ]
    return f"functions are {', '.join(names)}"


# Parts of a text

_OF_CARD: Final = {
    ("-4", ""): "instrument.last4",
    ("12", "16"): "instrument.last4",
    ("12", ""): "instrument.last4",
    ("0", "6"): "instrument.bin",
    ("", "6"): "instrument.bin",
    ("0", "8"): "instrument.bin",
    ("", "8"): "instrument.bin",
}


def part(of: ForeignRange, writing: Writing) -> str:
    """`x[0:4]`: a slice, which goes from one place to another."""
    if of.of == ForeignName("card.number"):
        if (of.start, of.end) in _OF_CARD:
            return _OF_CARD[of.start, of.end]
        raise NoCounterpartError("of a card's number there are instrument.bin and instrument.last4")
    if of.start.startswith("-") or of.end.startswith("-"):
        raise NoCounterpartError("slice(x, 0, 4) counts from the first character on")
    return f"slice({writing.text(of.of)}, {of.start or 0}, {of.end or 65536})"


def _cut(word: str, args: tuple[Foreign, ...], writing: Writing) -> str:
    first, *places = args
    numbers = [_number(place) for place in places]
    if word == "right" and len(numbers) == 1:
        start, end = f"-{numbers[0]}", ""
    elif word == "left" and len(numbers) == 1:
        start, end = "0", numbers[0]
    else:
        start, end = [*numbers, "", ""][:2]
    # `substr` counts characters, all others go up to a place.
    if word in ("substr", "mid") and start.isdecimal() and end.isdecimal():
        end = str(int(start) + int(end))
    return part(ForeignRange(first, start, end), writing)


def _number(of: Foreign) -> str:
    sign, inner = ("-", of.of) if isinstance(of, ForeignUnary) else ("", of)
    if isinstance(inner, ForeignLiteral) and inner.is_number and inner.text.isdecimal():
        return f"{sign}{inner.text}"
    raise NoCounterpartError("both places of slice(x, 0, 4) are numbers")


# Times


def _formatted(args: tuple[Foreign, ...], writing: Writing) -> str:
    literals = [arg.text for arg in args if isinstance(arg, ForeignLiteral) and not arg.is_number]
    layout = next((text for text in literals if text not in ("now", "today")), "")
    if "%s" in layout or "{" in layout or layout == "%d":
        raise NoCounterpartError(_BY_VALUE)
    moments = [arg for arg in args if isinstance(arg, ForeignName) and arg.name in ("run.now",)]
    others = [
        arg for arg in args if isinstance(arg, ForeignName) and arg.name.startswith("params.")
    ]
    if others and not moments:
        symbol = writing.symbol(others[0])
        if symbol is not None and (symbol.amount or symbol.type is Type.INTEGER):
            return writing.decimal(others[0])
        raise NoCounterpartError(
            "a param is sent in the form that its caller gives: only run.now has formats"
        )
    usual = layout if format_problem(layout) is None else usual_format(layout) or _php(layout)
    if usual is None:
        raise NoCounterpartError(
            "format_time(run.now, 'YYYYMMDDHHmmss') has the parts YYYY YY MM DD HH mm ss SSS"
        )
    return f"format_time(run.now, '{usual}')"


_PHP: Final = {"Y": "YYYY", "y": "YY", "m": "MM", "d": "DD", "H": "HH", "i": "mm", "s": "ss"}


def _php(layout: str) -> str | None:
    """`YmdHis` of PHP."""
    written = "".join(_PHP.get(letter, letter) for letter in layout)
    return written if layout and format_problem(written) is None else None
