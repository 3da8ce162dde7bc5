"""Levels of findings: the table is what the compiler warns of, and nothing of safety is lowered."""

import ast
from collections import defaultdict
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forwardc.core.diagnostics.codes import CODES
from forwardc.core.diagnostics.diagnostic import Diagnostic, Severity
from forwardc.core.diagnostics.levels import (
    FOUND_LATE,
    LEVELS,
    UNUSED_ALLOW,
    AllowComment,
    LevelKind,
    LevelRule,
    RuleLevel,
    levelled,
    lowers,
    why_no_level,
    why_not_allowed,
)
from forwardc.core.diagnostics.span import Position, Span
from one_rule import one_rule
from syntax import PACKAGE, files, tree_of

COMPILER = PACKAGE / "compile"


# The table and the code


def _constants(tree: ast.Module) -> dict[str, str]:
    """The codes that a module calls by a name."""
    return {
        target.id: node.value.value
        for node in tree.body
        if isinstance(node, ast.Assign | ast.AnnAssign)
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
        if isinstance(target, ast.Name)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
        and node.value.value in CODES
    }


def _warning_names(function: ast.AST) -> set[str]:
    """Names of what may warn in a function: `say = here.error if ... else here.warning`."""
    return {
        target.id
        for node in ast.walk(function)
        if isinstance(node, ast.Assign) and ".warning" in ast.unparse(node.value)
        for target in node.targets
        if isinstance(target, ast.Name)
    }


def _codes(call: ast.Call, names: dict[str, str]) -> Iterator[str]:
    for argument in call.args:
        if isinstance(argument, ast.Constant) and argument.value in CODES:
            yield argument.value
        elif isinstance(argument, ast.Name) and argument.id in names:
            yield names[argument.id]


def warned_of() -> dict[str, set[str]]:
    """The codes that the compiler warns of, with the modules that do."""
    codes = defaultdict[str, set[str]](set)
    imported = {}
    for path in files():
        imported |= _constants(tree_of(path))
    for path in files():
        if not path.is_relative_to(COMPILER):
            continue
        tree = tree_of(path)
        names = {**imported, **_constants(tree)}
        for function in ast.walk(tree):
            if not isinstance(function, ast.FunctionDef):
                continue
            warning = _warning_names(function)
            for call in ast.walk(function):
                if isinstance(call, ast.Call) and (
                    (isinstance(call.func, ast.Attribute) and call.func.attr == "warning")
                    or (isinstance(call.func, ast.Name) and call.func.id in warning)
                    or any(keyword.arg == "warning" for keyword in call.keywords)
                ):
                    for code in _codes(call, names):
                        codes[code].add(path.name)
    return codes


@pytest.mark.costly
def test_the_table_has_what_the_compiler_warns_of() -> None:
    # Approvals of an old format are read as errors, and made warnings by the pipeline.
    in_table = {code for code, kind in LEVELS.items() if kind is not LevelKind.UNUSED}
    assert {*warned_of(), "FC0710"} == in_table


def test_a_kind_is_of_its_area() -> None:
    for code, kind in LEVELS.items():
        assert code in CODES
        if kind is LevelKind.SAFETY:
            assert code[2:4] in ("04", "05")
    assert set(FOUND_LATE) < set(LEVELS)


# What may be said


@one_rule("code", CODES)
def test_no_code_of_safety_is_lowered_and_no_error(code: str) -> None:
    lowered = [level for level in RuleLevel if why_no_level(code, level) is None]
    kind = LEVELS.get(code, LevelKind.NONE)
    if code[2:4] in ("04", "05"):
        assert RuleLevel.OFF not in lowered
        assert (RuleLevel.WARNING in lowered) == (kind is LevelKind.SAFETY)
        assert why_not_allowed(code) is not None
    elif kind in (LevelKind.NONE, LevelKind.MIXED):
        assert lowered in ([], [RuleLevel.ERROR])
        assert (why_not_allowed(code) is None) == (kind is LevelKind.MIXED)
    else:
        assert lowered == list(RuleLevel)
        assert (why_not_allowed(code) is None) == (code != UNUSED_ALLOW)


# What comes of it

PATHS = st.sampled_from(("a.yaml", "b.yaml"))


def _line(path: str, number: int) -> Span:
    return Span(path, Position(number, 1), Position(number, 1))


LINES = st.builds(_line, PATHS, st.integers(1, 4))
FINDINGS = st.builds(
    Diagnostic,
    code=st.sampled_from((*LEVELS, "FC0301", "FC0503", "FC0618")),
    message=st.sampled_from(("one", "another")),
    span=st.none() | LINES,
    severity=st.sampled_from((Severity.ERROR, Severity.WARNING)),
)
RULES = st.builds(
    LevelRule,
    code=st.sampled_from(sorted(CODES)),
    level=st.sampled_from(RuleLevel),
    reason=st.just(""),
    span=st.just(_line("forwardc.yaml", 1)),
).filter(lambda rule: why_no_level(rule.code, rule.level) is None)


@st.composite
def _comments(draw: st.DrawFn) -> AllowComment:
    code = draw(st.sampled_from([code for code in LEVELS if why_not_allowed(code) is None]))
    path, number = draw(PATHS), draw(st.integers(1, 4))
    lines = (_line(path, number), _line(path, number + 1))
    column = draw(st.integers(1, 10_000))
    place = Span(path, Position(number, column), Position(number, column + 6))
    return AllowComment(code, "because", place, lines[: draw(st.integers(0, 2))])


@given(
    st.lists(FINDINGS, unique=True),
    st.lists(RULES, unique_by=lambda rule: rule.code),
    st.lists(_comments(), max_size=4, unique_by=lambda allow: allow.span),
)
def test_each_finding_is_told_or_suppressed_and_none_that_may_not_be_is_lowered(
    findings: list[Diagnostic], rules: list[LevelRule], allows: list[AllowComment]
) -> None:
    made = levelled(findings, rules, allows)
    assert len(made.findings) + len(made.suppressed) == len(findings)
    by_code = {rule.code: rule for rule in rules}
    for suppression in made.suppressed:
        lost = suppression.diagnostic
        assert lost in findings
        assert lost.code[2:4] not in ("04", "05")
        assert lost.severity is not Severity.ERROR or LEVELS[lost.code] is LevelKind.UNUSED
        if suppression.by == "rule":
            assert by_code[lost.code].level is RuleLevel.OFF
        else:
            allow = next(allow for allow in allows if allow.span == suppression.span)
            assert allow.code == lost.code
            assert lost.span in allow.lines
    for finding in made.findings:
        was_error = Diagnostic(finding.code, finding.message, finding.span) in findings
        if was_error and finding.severity is not Severity.ERROR:
            same = [each for each in findings if each == finding]
            assert same or LEVELS[finding.code] is LevelKind.UNUSED


@given(st.lists(FINDINGS, unique=True), st.lists(_comments(), max_size=4))
def test_a_comment_counts_for_one_line(
    findings: list[Diagnostic], allows: list[AllowComment]
) -> None:
    made = levelled(findings, (), allows)
    lines = defaultdict(set)
    for suppression in made.suppressed:
        lines[suppression.span].add(suppression.diagnostic.span)
    assert all(len(places) == 1 for places in lines.values())


@given(RULES)
def test_who_reviews_is_told_of_each_rule_that_makes_less_of_a_finding(rule: LevelRule) -> None:
    kind = LEVELS.get(rule.code, LevelKind.NONE)
    own = Severity.ERROR if kind in (LevelKind.UNUSED, LevelKind.NONE) else Severity.WARNING
    made = levelled([Diagnostic(rule.code, "message", severity=own)], [rule])
    is_less = not made.findings or (own, made.findings[0].severity) == (
        Severity.ERROR,
        Severity.WARNING,
    )
    assert lowers(rule) == is_less
