"""YAML as hands write it: random trees in random columns, with comments and blanks anywhere.

Each text is drawn from a `Random`, so that a failure shrinks and comes again. Some texts are none
that a destination may be (a tab, an expression without quotes in brackets): the reader says so.
"""

from random import Random
from typing import Final

SCALARS: Final = (
    *("a", "b1", "x y", "5", "1.50", "true", "null", "-1", "a#b", "é", "x-y", "${card.number}"),
    *('"q: 1"', "'it''s'", '"1.0"', '"on"', '"012"', '"\\u00e9 \\" #x"', '"${a}"', '"- a"'),
    *("https://a.example/b?c=d", "'#no'", '"a\\tb"', "2026-11-30", "*", "&", '"', "'", ""),
)
"""`*` stands for an alias, `&` for an anchor, quotes and nothing for text of several lines."""
LINES: Final = ("text", "# no comment", "a: b", "- x", "t  ", "${a}")


class YamlWriter:
    """Writes one document."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._names = 0
        self._anchors: list[str] = []

    def document(self) -> str:
        """A map with all that is below it."""
        start = self._random.choice(["", "", "---\n", "%YAML 1.2\n---\n"])
        text = self._comments(0) + start + self._map(3, 0) + self._comments(2)
        if self._chance(0.1):
            text = text.rstrip("\n")
        if self._chance(0.1):
            text = text.replace("\n", "\r\n")
        return "\ufeff" + text if self._chance(0.1) else text

    def _chance(self, part: float) -> bool:
        return self._random.random() < part

    def _spaces(self, least: int, most: int) -> str:
        return " " * self._random.randint(least, most)

    def _name(self, letter: str) -> str:
        self._names += 1
        return f"{letter}{self._names}"

    def _key(self) -> str:
        name = self._name("k")
        return self._random.choice([name, name, f'"{name}"', f"'{name}'"])

    def _comments(self, indent: int) -> str:
        text = ""
        while self._chance(0.2):
            sign = self._random.choice(
                ["#c", "# c", "#  c #d ", "##", "#!x", "#", "#:", "#a #b", "# \u00e9"]
            )
            text += self._random.choice(
                ["\n\n", self._spaces(0, indent + 3) + sign, self._spaces(0, 4), " " * indent + "#"]
            )
            text += "\n"
        return text

    def _end(self) -> str:
        if self._chance(0.15):
            return self._spaces(1, 8) + self._random.choice(["#t", "# t", "#  t "]) + "\n"
        return self._random.choice(["\n", "\n", "  \n"])

    def _scalar(self, indent: int) -> str:
        text = self._random.choice(SCALARS)
        if text == "*":
            return f"*{self._random.choice(self._anchors)}" if self._anchors else "a"
        if text == "&":
            self._anchors.append(self._name("n"))
            return f"&{self._anchors[-1]}{self._spaces(1, 3)}v"
        if text in ('"', "'", ""):
            between = self._random.choice(["\n", "\n\n"]) + " " * (indent + 1)
            return text + "one" + between + self._spaces(0, 3) + "two" + between + "three" + text
        return text

    def _flow(self, depth: int, indent: int) -> str:
        if depth == 0 or self._chance(0.4):
            return self._scalar(indent)
        is_map = self._chance(0.5)
        items: list[str] = []
        for _ in range(self._random.randint(0, 3)):
            key = self._key() + self._spaces(0, 1) + ":" + self._spaces(1, 2) if is_map else ""
            value = self._flow(depth - 1, indent)
            items.append(self._inside(indent) + key + value + self._inside(indent))
        last = "," if items and self._chance(0.2) else self._inside(indent)
        inner = ",".join(items) + last
        return f"{{{inner}}}" if is_map else f"[{inner}]"

    def _inside(self, indent: int) -> str:
        if self._chance(0.15):
            return "\n" + self._comments(indent + 1) + " " * indent + self._spaces(1, 6)
        if self._chance(0.05):
            return " # in\n" + " " * indent + self._spaces(1, 6)
        return self._spaces(0, 2)

    def _block_text(self, indent: int) -> str:
        deeper = self._random.randint(1, 4)
        column = indent + deeper
        has_digit = self._chance(0.3)
        signs = [self._random.choice(["", "-", "+"]), str(deeper) if has_digit else ""]
        self._random.shuffle(signs)
        lines = [self._spaces(0, column) for _ in range(self._random.randint(0, 1))]
        extra = self._spaces(0, 2) if has_digit else ""
        for _ in range(self._random.randint(0, 4)):
            if extra and self._chance(0.2):
                lines.append(self._spaces(0, column + 3))
            else:
                lines.append(" " * column + extra + self._random.choice(LINES))
            extra = self._spaces(0, 3)
        lines += [self._spaces(0, column) for _ in range(self._random.choice([0, 0, 1, 2]))]
        header = self._random.choice("|>") + "".join(signs) + self._random.choice(["", " # h", " "])
        return "".join(f"{line}\n" for line in (header, *lines))

    def _value(self, depth: int, indent: int, *, is_item: bool) -> str:
        """What stands behind a key or a dash at a column, with its line feed."""
        if depth and self._chance(0.5):
            is_map = self._chance(0.6)
            write = self._map if is_map else self._list
            if is_item and self._chance(0.6):
                pad = self._random.randint(1, 3)
                return " " * pad + write(depth - 1, indent + 1 + pad, goes_on=True)
            anchor = f" &{self._name('b')}" if self._chance(0.15) else ""
            # The dashes of a list may stand under its key.
            least = 1 if is_map or is_item else 0
            column = indent + self._random.randint(least, 5)
            return anchor + self._end() + write(depth - 1, column)
        kind = self._random.randint(0, 3)
        if kind == 0:
            return self._spaces(1, 2) + self._block_text(indent)
        if kind == 1:
            return self._spaces(1, 3) + self._flow(3, indent) + self._end()
        if kind == 2:
            before = self._end() + self._comments(indent + 1) + " " * indent
            return before + self._spaces(1, 4) + self._flow(2, indent) + self._end()
        return self._spaces(1, 3) + self._scalar(indent) + self._end()

    def _map(self, depth: int, column: int, *, goes_on: bool = False) -> str:
        text = ""
        for number in range(self._random.randint(1, 4)):
            if number or not goes_on:
                text += self._comments(column) + " " * column
            text += self._key() + self._spaces(0, 1) + ":"
            text += self._value(depth, column, is_item=False)
        return text

    def _list(self, depth: int, column: int, *, goes_on: bool = False) -> str:
        text = ""
        for number in range(self._random.randint(1, 3)):
            if number or not goes_on:
                text += self._comments(column) + " " * column
            text += "-" + self._value(depth, column, is_item=True)
        return text
