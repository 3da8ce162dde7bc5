"""What reviewers are told of rules that a project lowered, and of findings that comments allow.

All that is set, whether a finding is there or not: a page depends on what is written, and on no
rule that is asked later. No plan holds any of it, so that approvals stand as they are
(docs/decisions/0022).
"""

from typing import assert_never

from forwardc.compile.language.destination import Destination
from forwardc.compile.language.load import PROJECT_FILE
from forwardc.compile.language.project import Project
from forwardc.core.dataclass import dataclass
from forwardc.core.diagnostics.codes import CODES
from forwardc.core.diagnostics.levels import AllowComment, LevelRule, RuleLevel, lowers


@dataclass(frozen=True, slots=True)
class LoweredRule:
    """One code that says less than it does by itself, as a reviewer reads it."""

    code: str
    title: str
    how: str
    where: str
    """The file, and of a destination's own file the line, too."""
    reason: str
    """Empty where nobody gave one, which only a rule of `forwardc.yaml` may do."""


def lowered_rules(destination: Destination, project: Project | None) -> tuple[LoweredRule, ...]:
    """The rules and comments that concern a destination: of its project, then of its file."""
    rules = [rule for rule in project.rules if lowers(rule)] if project else []
    comments = project.allows if project else ()
    return (
        *(_of_rule(rule) for rule in rules),
        # Without its line: another line above it would make every page of the project another.
        *(_of_comment(allow, PROJECT_FILE) for allow in comments),
        *(
            _of_comment(allow, f"{allow.span.path}, line {allow.span.start.line}")
            for allow in destination.allows
        ),
    )


def _of_rule(rule: LevelRule) -> LoweredRule:
    match rule.level:
        case RuleLevel.OFF:
            how = "switched off"
        case RuleLevel.WARNING | RuleLevel.ERROR:
            how = "a warning instead of an error"
        case _:
            assert_never(rule.level)
    return LoweredRule(rule.code, CODES[rule.code].title, how, PROJECT_FILE, rule.reason)


def _of_comment(allow: AllowComment, where: str) -> LoweredRule:
    return LoweredRule(
        allow.code, CODES[allow.code].title, "allowed by a comment", where, allow.reason
    )
