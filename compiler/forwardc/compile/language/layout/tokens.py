"""The tokens of a file with their offsets, and what stands between each two of them."""

import re
from collections.abc import Iterator
from enum import Enum, auto
from typing import Final

import yaml

from forwardc.core.dataclass import dataclass

_COMMENT = re.compile("#[^\n]*")
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Sign(Enum):
    """What a token is; names as in PyYAML."""

    BLOCK_MAPPING = auto()
    BLOCK_SEQUENCE = auto()
    BLOCK_END = auto()
    BLOCK_ENTRY = auto()
    KEY = auto()
    VALUE = auto()
    FLOW_START = auto()
    FLOW_END = auto()
    FLOW_ENTRY = auto()
    ALIAS = auto()
    ANCHOR = auto()
    SCALAR = auto()
    DOCUMENT = auto()
    END = auto()


_SIGNS: Final[dict[type[yaml.Token], Sign]] = {
    yaml.BlockMappingStartToken: Sign.BLOCK_MAPPING,
    yaml.BlockSequenceStartToken: Sign.BLOCK_SEQUENCE,
    yaml.BlockEndToken: Sign.BLOCK_END,
    yaml.BlockEntryToken: Sign.BLOCK_ENTRY,
    yaml.KeyToken: Sign.KEY,
    yaml.ValueToken: Sign.VALUE,
    yaml.FlowMappingStartToken: Sign.FLOW_START,
    yaml.FlowSequenceStartToken: Sign.FLOW_START,
    yaml.FlowMappingEndToken: Sign.FLOW_END,
    yaml.FlowSequenceEndToken: Sign.FLOW_END,
    yaml.FlowEntryToken: Sign.FLOW_ENTRY,
    yaml.AliasToken: Sign.ALIAS,
    yaml.AnchorToken: Sign.ANCHOR,
    yaml.ScalarToken: Sign.SCALAR,
    yaml.DirectiveToken: Sign.DOCUMENT,
    yaml.DocumentStartToken: Sign.DOCUMENT,
    yaml.DocumentEndToken: Sign.DOCUMENT,
    yaml.StreamEndToken: Sign.END,
}


@dataclass(frozen=True, slots=True)
class YamlToken:
    """A token. Offsets count code points; `column` is that of its start, from 0."""

    sign: Sign
    start: int
    end: int
    column: int
    style: str = ""
    """Of a scalar: "" where it is plain, else the character that opens it."""

    @property
    def is_visible(self) -> bool:
        """Whether it has characters: where a map begins or ends has none."""
        return self.end > self.start


def tokens(text: str) -> Iterator[YamlToken]:
    """The tokens of a text that is YAML without tags, whose lines end with a line feed."""
    for token in yaml.scan(text, Loader=_LOADER):
        sign = _SIGNS.get(type(token))
        if sign is None:
            continue
        start, end = token.start_mark.index, token.end_mark.index
        style = str(token.style or "") if isinstance(token, yaml.ScalarToken) else ""
        if isinstance(token, yaml.ScalarToken) and token.plain:
            style = ""
        yield YamlToken(sign, start, end, token.start_mark.column, style)


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment as written, and its place: behind which token, counted from 0, on its line or not.

    Of a comment before all tokens the count is -1.
    """

    text: str
    behind: int
    same_line: bool


def comments(text: str) -> list[Comment]:
    """All comments of such a text, in order."""
    found: list[Comment] = []
    count, end = -1, 0
    for token in tokens(text):
        found += _comments(text[end : token.start], count)
        if not token.is_visible:
            end = max(end, token.start)
            continue
        count, end = count + 1, token.end
        if token.style in ("|", ">") and token.style:
            header, _, _ = text[token.start : token.end].partition("\n")
            found += _comments(header.lstrip("|>+-0123456789"), count)
    return found


def _comments(gap: str, behind: int) -> Iterator[Comment]:
    first_break = gap.find("\n")
    for match in _COMMENT.finditer(gap):
        same_line = behind >= 0 and (first_break < 0 or match.start() < first_break)
        yield Comment(match[0], behind, same_line)
