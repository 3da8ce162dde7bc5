"""Reads comments `# forwardc: allow CODE reason`: which finding is meant to be there, and why.

The comments of a file are looked for in its text, since YAML drops them; what stands in quotes or
in a block is text, whatever it looks like. A comment behind something is for its own line, or where
that has no such finding, for the next one; one alone on its line is for the next line. Comments
between are passed over, and a blank line ends it.

    # forwardc: allow FC0326 the acquirer answers by callback     one code
    # forwardc: allow FC0308, FC0343 a caller of ours sends it    two, for the same reason

A comment that begins with `# forwardc:` and means something else is left alone, but for what is
most likely a slip: another word before a code, or a word like `allow`.
"""

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import takewhile
from typing import Final

import yaml

from forwardc.compile.language.input_file import InputFile
from forwardc.compile.language.nodes import Node
from forwardc.compile.language.report import Report
from forwardc.core.dataclass import dataclass
from forwardc.core.diagnostics.codes import CODES, lookup, similar
from forwardc.core.diagnostics.diagnostic import Diagnostic, Related
from forwardc.core.diagnostics.levels import (
    UNUSED_ALLOW,
    AllowComment,
    Suppression,
    why_not_allowed,
)
from forwardc.core.diagnostics.sink import Sink
from forwardc.core.diagnostics.span import Span
from forwardc.core.diagnostics.suggest import did_you_mean

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_START: Final = re.compile(r"(?<![^\s#])#[ \t]*forwardc[ \t]*:[ \t]*(?P<word>[^\s:,]*)[ \t:]*")
_CODE: Final = re.compile(r"[A-Za-z]{2}[0-9]+(?![A-Za-z0-9_])")
_WORD: Final = re.compile(r"[^\s,]+")
_COMMA: Final = re.compile(r"[ \t]*,[ \t]*")
_LEAD: Final = " \t:,;-\u2013\u2014"
"""What may part a code from its reason, and is none."""
_SHORTEST_SLIP: Final = 4
"""Letters: a shorter word is another one, as in `# forwardc: all of it`."""
_FORM: Final = "write `# forwardc: allow CODE reason`"


@dataclass(frozen=True, slots=True)
class _Comment:
    """A comment of ours by its offsets: where it begins, its word, what follows, its end."""

    start: int
    word: str
    after: int
    end: int


class _LinesBelow:
    """The lines that comments of a file are for. Each line is looked at once, however many."""

    def __init__(self, source: InputFile) -> None:
        self._source = source
        self._below: dict[int, int | None] = {}
        """Where the next line with something begins, by the end of a line."""

    def of(self, at: int) -> tuple[Span, ...]:
        """Those of a comment at an offset: its own where something stands there, and the next."""
        start, end = self._source.line_around(at)
        before = self._source.text[start:at].strip()
        # A comment in a comment is alone on its line, too.
        own = [] if not before or before.startswith("#") else [start]
        below = self._next(end)
        places = own if below is None else [*own, below]
        return tuple(self._source.span(place, place) for place in places)

    def _next(self, end: int) -> int | None:
        """None behind a blank line, and at the end."""
        text, passed, below = self._source.text, list[int](), None
        while end < len(text):
            if end in self._below:
                below = self._below[end]
                break
            passed.append(end)
            start = end + 1
            _, end = self._source.line_around(start)
            line = text[start:end].strip()
            if not line.startswith("#"):
                below = start if line else None
                break
        self._below |= dict.fromkeys(passed, below)
        return below


def read_allow_comments(root: Node, sink: Sink) -> tuple[AllowComment, ...]:
    """The comments of a file whose tree is `root`, in order, each code by itself.

    Reports FC0119, FC0120, FC0121 and FC0123; what has such a mistake allows nothing.
    """
    source = root.source
    starts = list(_START.finditer(source.text))
    if not starts:
        return ()
    report, allows, lines = Report(sink), list[AllowComment](), _LinesBelow(source)
    first: dict[tuple[str, Span], Span] = {}
    for comment in _comments(source, starts):
        for allow in _of_comment(source, comment, lines, report):
            line = allow.lines[0] if allow.lines else allow.span
            before = first.setdefault((allow.code, line), allow.span)
            if before is not allow.span:
                related = (Related(before, "the first one"),)
                message = f"{allow.code} is allowed twice for one line"
                report.error("FC0123", message, allow.span, "delete one of them", related)
            else:
                allows.append(allow)
    return tuple(allows)


def _comments(source: InputFile, starts: Sequence[re.Match[str]]) -> Iterator[_Comment]:
    """Those that are comments of YAML. Of two in one line each ends where the next begins."""
    texts, end_of_known = _texts(source.text)
    text_starts = [start for start, _ in texts]
    for number, start in enumerate(starts):
        at = start.start()
        before = bisect_right(text_starts, at) - 1
        if at > end_of_known or (before >= 0 and at < texts[before][1]):
            continue
        _, end = source.line_around(at)
        following = starts[number + 1].start() if number + 1 < len(starts) else end
        yield _Comment(at, start["word"], start.end(), min(end, following))


def _texts(text: str) -> tuple[list[tuple[int, int]], int]:
    """Where scalars stand, in which `#` is no comment, and up to where that is known."""
    places = []
    try:
        for token in yaml.scan(text, Loader=_LOADER):
            if isinstance(token, yaml.ScalarToken):
                start, end = token.start_mark.index, token.end_mark.index
                if token.style in ("|", ">"):
                    # Behind the sign of a block a comment is one.
                    start = text.find("\n", start, end)
                places.append((start if start >= 0 else end, end))
    except yaml.MarkedYAMLError as error:
        return places, error.problem_mark.index if error.problem_mark else 0
    return places, len(text)


def _of_comment(
    source: InputFile, comment: _Comment, lines: _LinesBelow, report: Report
) -> Iterator[AllowComment]:
    rest = source.text[comment.after : comment.end]
    span = source.span(comment.start, comment.end)
    if comment.word != "allow":
        if _is_slip(comment.word, rest):
            report.error("FC0119", "a comment for forwardc that is none", span, _FORM)
        return
    codes, at = _codes(source.text, comment)
    reason = source.text[at : comment.end].lstrip(_LEAD).rstrip()
    if not codes:
        report.error("FC0119", "the comment names no code", span, _FORM)
    elif _CODE.match(reason) and reason[:2].upper() == "FC":
        # Codes only: what a person writes behind them is not repeated.
        named = [source.text[start:end] for start, end in codes]
        words = (word.strip(",") for word in reason.split())
        named += takewhile(_CODE.fullmatch, words)
        hint = f"write `allow {', '.join(named)} REASON`"
        report.error("FC0119", "codes without a comma between them", span, hint)
    elif not any(character.isalnum() for character in reason):
        message = "the comment gives no reason"
        report.error("FC0119", message, span, "say why behind the code: a reviewer reads it")
    else:
        aims = lines.of(comment.start)
        for start, end in codes:
            code, place = source.text[start:end], source.span(start, end)
            if _may_be_allowed(code, place, report):
                yield AllowComment(code, reason, place, aims)


def _is_slip(word: str, rest: str) -> bool:
    """Whether somebody meant `allow`: the word is like it, or a code stands behind it."""
    alike = word.lower() == "allow" or did_you_mean(word.lower(), ["allow"]) is not None
    codes = (token.rstrip(_LEAD).upper() in CODES for token in _WORD.findall(f"{word} {rest}"))
    return (alike and len(word) >= _SHORTEST_SLIP) or any(codes)


def _codes(text: str, comment: _Comment) -> tuple[list[tuple[int, int]], int]:
    """The offsets of each code, and where the reason begins.

    The first word may be the name of a code, too, for which its number is told.
    """
    codes, at = list[tuple[int, int]](), comment.after
    while word := _WORD.match(text, at, comment.end):
        token = word[0].rstrip(_LEAD)
        if not token or not (_CODE.fullmatch(token) or (not codes and lookup(token))):
            break
        end = at + len(token)
        codes.append((at, end))
        comma = _COMMA.match(text, end, comment.end)
        if comma is None:
            return codes, end
        at = comma.end()
    return codes, at


def _may_be_allowed(code: str, place: Span, report: Report) -> bool:
    """Whether a code is one that a comment may allow. Reports FC0120 and FC0121."""
    if code not in CODES:
        report_unknown(code, place, report)
        return False
    why = why_not_allowed(code)
    if why is not None:
        message = f"{code} cannot be allowed: {why}"
        report.error("FC0121", message, place, "see `forwardc explain FC0121`")
    return why is None


def report_unknown(code: str, place: Span, report: Report) -> None:
    """FC0120 for a code that is none, with the nearest one; a name of a code has its number."""
    named = lookup(code)
    near = [named.number] if named else similar(code)[:1]
    hint = f"write {near[0]}" if near else "`forwardc explain` lists them"
    report.error("FC0120", f"there is no code `{code[:64]}`", place, hint)


# What allows nothing


def report_unused(
    allows: Sequence[AllowComment],
    suppressed: Sequence[Suppression],
    findings: Sequence[Diagnostic],
    sink: Sink,
) -> None:
    """FC0122, a warning, for each comment that suppressed nothing. `findings` are those told."""
    used = {suppression.span for suppression in suppressed}
    unused = [allow for allow in allows if allow.span not in used]
    if not unused:
        return
    lines = defaultdict[tuple[str, str], set[int]](set)
    for finding in findings:
        if finding.span is not None:
            lines[finding.span.path, finding.code].add(finding.span.start.line)
    in_order = {place: sorted(numbers) for place, numbers in lines.items()}
    for allow in unused:
        message = f"the comment allows {allow.code}, and no such finding is at its line"
        hint = _nearest(allow, in_order.get((allow.span.path, allow.code), []))
        sink.warning(UNUSED_ALLOW, message, allow.span, hint=hint)


def _nearest(allow: AllowComment, lines: list[int]) -> str:
    """What to do, where findings of the code are told at these lines of the file, in order."""
    if not lines:
        return "delete it"
    own = allow.span.start.line
    after = bisect_right(lines, own)
    around = lines[max(0, after - 1) : after + 1]
    if any(line.start.line in around for line in allow.lines):
        return "what is at its line is an error: mend it, and delete the comment"
    nearest = min(around, key=lambda line: abs(line - own))
    return f"delete it, or write it at line {nearest}, where there is one"
