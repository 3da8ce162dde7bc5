"""FC0515, FC0516, FC0517: which hosts, and which paths on them, a request may be for.

A vault calls a destination from outside, by its public name. Our runtime may call a host of the
operator's own network, where the environment says so.
"""

from collections.abc import Iterator

from forwardc.compile.ir.hosts import (
    is_for_tests,
    name_problem,
    path_problem,
    port_problem,
    private_problem,
)
from forwardc.compile.passes.checks.other_host import RUN, SETTING, problem_of, text_of
from forwardc.compile.passes.checks.rule import Case, Problem


def check(case: Case) -> Iterator[Problem]:
    """A host that is no public one, and a path with segments that climb."""
    if problem_of(case) is not None:
        return  # It is another URL than it seems: that is told already.
    yield from _host(case)
    request = case.step.request
    _, _, rest = text_of(request.url).partition("://")
    problem = path_problem("/" + rest.partition("/")[2])
    if problem:
        hint = "write the path as the destination's documents have it, without dots and escapes"
        span = request.url.span or request.span
        yield Problem("FC0517", f"the path could lead elsewhere: {problem}", span, hint)


def _host(case: Case) -> Iterator[Problem]:
    base = case.program.base_url
    host = text_of(base).partition("://")[2].partition("/")[0]
    if not text_of(base).startswith("https://") or SETTING in host or RUN in host:
        return  # It has no value here, or is told of already.
    name, port = _split(host)
    bad_port = port_problem(port) if port is not None else None
    if bad_port:
        yield Problem("FC0515", f"the host cannot be called: {bad_port}", base.span)
        return
    problem = name_problem(name)
    if case.step.direct and problem:
        yield from _private(case, name, problem)
    elif problem:
        hint = "a vault calls the destination from outside, by a name like api.example.com"
        yield Problem("FC0515", f"the host is no public one: {problem}", base.span, hint)
    elif is_for_tests(name) and not _may_stand_in(case):
        hint = "write the partner's host, or mark the step `stand_in: true`"
        yield Problem("FC0515", "the host is one of tests only", base.span, hint)


def _private(case: Case, name: str, problem: str) -> Iterator[Problem]:
    base = case.program.base_url
    if not case.program.private:
        hint = "where it is one of your own network, say `private: true` beside base_url"
        yield Problem("FC0516", f"the host is no public one: {problem}", base.span, hint)
    elif other := private_problem(name):
        yield Problem("FC0515", f"the host cannot be called: {other}", base.span)


def _may_stand_in(case: Case) -> bool:
    return case.program.environment_class == "sandbox" or case.step.stand_in


def _split(host: str) -> tuple[str, str | None]:
    """Name and port. An address of IPv6 has its colons in brackets."""
    name, colon, port = host.rpartition(":")
    return (name, port) if colon and not port.endswith("]") else (host, None)
