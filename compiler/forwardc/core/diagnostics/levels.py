"""Levels of findings: which a project may raise, lower or switch off, and which a comment allows.

A finding comes with its own severity. Then, in this order, each step for what the last one left:

    a comment allows it, at its line       suppressed, with the comment's reason
    `rules:` has its code as `off`         suppressed, with the rule's reason, if there is one
    `rules:` has its code as `warning`     a warning
    `rules:` has its code as `error`       an error, which fails `check` and `build`
    none of these                          as it came

`LEVELS` is the closed table of what may be lowered, by kind:

    kind        of its findings                       a rule may say         a comment
    remark      each is a warning                     error, warning, off    allows it
    unused      each is an error about what is idle   error, warning, off    allows it
    mixed       some are errors, some warnings        error                  allows a warning of it
    comment     each is a warning about a comment     error, warning, off    cannot
    safety      each is a warning, 04 or 05           error, warning         cannot
    none        each is an error, 01 to 05            error                  cannot

What is left out of the table is of the last kind, and a code of 06 to 99 that is left out has no
level: it is a reason of coverage, or told by other commands. Whatever the kind, nothing of the
areas 04 and 05 is ever lowered; and no error is, but that something is idle, of which nothing
leaves. `tests/diagnostics/test_levels.py` compares the table with what the compiler warns of.

Traced: `rules: {FC0326: error}`, and behind `pay:` stands `# forwardc: allow FC0326 no answer`. The
step's warning is in the next line, for which the comment is, too: it is suppressed. The same
warning of another step is an error.
"""

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from types import MappingProxyType
from typing import Final, Literal, assert_never

from forwardc.core.dataclass import dataclass, replace
from forwardc.core.diagnostics.diagnostic import Diagnostic, Related, Severity
from forwardc.core.diagnostics.span import Span


class RuleLevel(StrEnum):
    """What `rules:` may say of a code."""

    ERROR = "error"
    WARNING = "warning"
    OFF = "off"


class LevelKind(StrEnum):
    """What findings of a code are, and so who may lower them: see the table above."""

    REMARK = "remark"
    UNUSED = "unused"
    MIXED = "mixed"
    COMMENT = "comment"
    SAFETY = "safety"
    NONE = "none"


UNUSED_ALLOW: Final = "FC0122"
"""The code of a comment that allows nothing."""
LEVELS: Mapping[str, LevelKind] = MappingProxyType(
    {
        UNUSED_ALLOW: LevelKind.COMMENT,
        "FC0205": LevelKind.MIXED,
        "FC0208": LevelKind.MIXED,
        "FC0302": LevelKind.MIXED,
        "FC0308": LevelKind.UNUSED,
        "FC0310": LevelKind.UNUSED,
        "FC0311": LevelKind.UNUSED,
        "FC0326": LevelKind.REMARK,
        "FC0327": LevelKind.REMARK,
        "FC0328": LevelKind.REMARK,
        "FC0334": LevelKind.REMARK,
        "FC0335": LevelKind.REMARK,
        "FC0343": LevelKind.REMARK,
        "FC0348": LevelKind.REMARK,
        "FC0359": LevelKind.MIXED,
        "FC0514": LevelKind.MIXED,
        "FC0522": LevelKind.SAFETY,
        "FC0523": LevelKind.SAFETY,
        "FC0634": LevelKind.REMARK,
        "FC0708": LevelKind.MIXED,
        "FC0709": LevelKind.MIXED,
        "FC0710": LevelKind.REMARK,
        "FC0714": LevelKind.MIXED,
    }
)
OF_A_DAY: Final = frozenset(("FC0359", "FC0709"))
"""The codes whose warnings compare a date with the day."""
FOUND_LATE: Final = frozenset(("FC0302", "FC0348", "FC0634", "FC0708", "FC0714", *OF_A_DAY))
"""The codes whose warnings a rule over the whole project finds, where there are no errors."""
_SAFETY_AREAS: Final = ("04", "05")
_AREAS: Final = ("01", "02", "03", *_SAFETY_AREAS)
"""Whose codes are findings of `check`, each of them."""
_SEVERITIES: Final = {RuleLevel.ERROR: Severity.ERROR, RuleLevel.WARNING: Severity.WARNING}


@dataclass(frozen=True, slots=True)
class LevelRule:
    """A line of `rules:`: the level of a code in a project."""

    code: str
    level: RuleLevel
    reason: str
    """Why, in the project's words; empty where it does not say."""
    span: Span
    """Where the code stands."""


@dataclass(frozen=True, slots=True)
class AllowComment:
    """One code of a comment `# forwardc: allow CODE reason`."""

    code: str
    reason: str
    span: Span
    """Where the code stands."""
    lines: tuple[Span, ...]
    """The lines that it is for, of which the first with such a finding counts; none at the end."""


@dataclass(frozen=True, slots=True)
class Suppression:
    """A finding that nobody is bothered with, and why."""

    diagnostic: Diagnostic
    by: Literal["comment", "rule"]
    reason: str
    span: Span
    """Where the comment or the rule names the code."""

    @property
    def with_place(self) -> Diagnostic:
        """The finding, and beside its other places the one that suppressed it."""
        place = Related(self.span, f"suppressed by this {self.by}")
        return replace(self.diagnostic, related=(*self.diagnostic.related, place))

    @property
    def sort_key(self) -> tuple[str, int, int, str, str]:
        """As the finding's."""
        return self.diagnostic.sort_key


@dataclass(frozen=True, slots=True)
class LevelledFindings:
    """Findings, each with its level, and those that were suppressed."""

    findings: tuple[Diagnostic, ...]
    suppressed: tuple[Suppression, ...]


def kind_of(code: str) -> LevelKind:
    """What findings of a code are."""
    return LEVELS.get(code, LevelKind.NONE)


def why_no_level(code: str, level: RuleLevel) -> str | None:
    """Why `rules:` may not say this of a code; None where it may."""
    area, kind = code[2:4], kind_of(code)
    if kind is LevelKind.NONE and area not in _AREAS:
        return "it is no finding whose level a project chooses"
    if level is RuleLevel.ERROR:
        return None
    if area in _SAFETY_AREAS:
        is_same = kind is LevelKind.SAFETY and level is RuleLevel.WARNING
        return None if is_same else "a rule of safety is never lowered"
    match kind:
        case LevelKind.REMARK | LevelKind.UNUSED | LevelKind.COMMENT:
            return None
        case LevelKind.MIXED:
            return "some of its findings are errors, which are not lowered"
        case LevelKind.NONE | LevelKind.SAFETY:
            return "it is an error, which is not lowered"
        case _:
            assert_never(kind)


def why_not_allowed(code: str) -> str | None:
    """Why no comment may allow a code; None where one may."""
    area, kind = code[2:4], kind_of(code)
    if area in _SAFETY_AREAS:
        return "a rule of safety is allowed by no comment"
    match kind:
        case LevelKind.REMARK | LevelKind.UNUSED | LevelKind.MIXED:
            return None
        case LevelKind.COMMENT:
            return "it is about comments like this"
        case LevelKind.NONE | LevelKind.SAFETY if area in _AREAS:
            return "it is an error, which is mended and not allowed"
        case LevelKind.NONE | LevelKind.SAFETY:
            return "it is no finding of a line"
        case _:
            assert_never(kind)


def lowers(rule: LevelRule) -> bool:
    """Whether a rule makes less of some finding than its own severity does."""
    match kind_of(rule.code):
        case LevelKind.UNUSED:
            return rule.level is not RuleLevel.ERROR
        case LevelKind.REMARK | LevelKind.COMMENT | LevelKind.MIXED | LevelKind.SAFETY:
            return rule.level is RuleLevel.OFF
        case LevelKind.NONE:
            return False
        case kind:
            assert_never(kind)


def levelled(
    findings: Sequence[Diagnostic],
    rules: Iterable[LevelRule],
    allows: Sequence[AllowComment] = (),
) -> LevelledFindings:
    """The findings at their levels. `rules` and `allows` are such as may be said."""
    by_code = {rule.code: rule for rule in rules}
    by_place = _allowed(findings, allows)
    if not by_code and not by_place:
        return LevelledFindings(tuple(findings), ())
    left, suppressed = [], []
    for finding in findings:
        comment, rule = by_place.get(_place(finding)), by_code.get(finding.code)
        lowerable = _may_be_lowered(finding)
        if comment is not None and lowerable:
            suppressed.append(Suppression(finding, "comment", comment.reason, comment.span))
        elif rule is None:
            left.append(finding)
        elif rule.level is not RuleLevel.OFF:
            left.append(replace(finding, severity=_SEVERITIES[rule.level]))
        elif lowerable:
            suppressed.append(Suppression(finding, "rule", rule.reason, rule.span))
        else:
            left.append(finding)
    return LevelledFindings(tuple(left), tuple(suppressed))


def _may_be_lowered(finding: Diagnostic) -> bool:
    return finding.severity is not Severity.ERROR or kind_of(finding.code) is LevelKind.UNUSED


def _place(finding: Diagnostic) -> tuple[str, int, str] | None:
    if finding.span is None:
        return None
    return finding.span.path, finding.span.start.line, finding.code


def _allowed(
    findings: Sequence[Diagnostic], allows: Sequence[AllowComment]
) -> dict[tuple[str, int, str] | None, AllowComment]:
    """The comment that counts for findings of a code in a line of a file."""
    if not allows:
        return {}
    there = {_place(finding) for finding in findings if _may_be_lowered(finding)}
    counting: dict[tuple[str, int, str] | None, AllowComment] = {}
    used = set[Span]()
    for number in (0, 1):
        # What stands behind a value is for its own line before it is for the next one.
        for allow in allows:
            for line in allow.lines[number : number + 1]:
                place = (line.path, line.start.line, allow.code)
                if place in there and place not in counting and allow.span not in used:
                    counting[place] = allow
                    used.add(allow.span)
    return counting
