"""What a named signature needs of its request, and what it writes itself: FC0338 and FC0339."""

from collections.abc import Iterator

from forwardc.compile.ir.program import ProgramRequest, ProgramSignature
from forwardc.compile.passes.checks.rule import Problem
from forwardc.compile.passes.signatures import PLAIN
from forwardc.core.signatures import nuvei
from forwardc.core.signatures.http_messages import DERIVED
from forwardc.core.signatures.schemes import SIGNATURE_SCHEMES
from forwardc.core.terms.terms import Call, Encoding, Map, Seq, Term, unwrapped


def problems(request: ProgramRequest, sign: ProgramSignature) -> Iterator[Problem]:
    """A body of the wrong kind, a part that is missing, a part that is written twice."""
    yield from _written_twice(request, sign)
    match sign.scheme:
        case "nuvei-checksum":
            yield from _nuvei(request, sign)
        case "ogone-shasign":
            yield from _ogone(request, sign)
        case "rfc9421":
            yield from _components(request, sign)
        case _:
            return


def _written_twice(request: ProgramRequest, sign: ProgramSignature) -> Iterator[Problem]:
    names = SIGNATURE_SCHEMES[sign.scheme].adds(request.method, sign.said)
    written: list[tuple[str, Term]] = [(pair.name, pair.value) for pair in request.headers]
    added = {name.lower() for name in names}
    if SIGNATURE_SCHEMES[sign.scheme].in_body:
        written, added = list(_members(request)), set(names)
    options = dict(sign.options.entries)
    for name, term in written:
        at = name if name in added else name.lower()
        ours = isinstance(term, Call) and term.function == "request_signature"
        if at in added and not ours and term != options.get(PLAIN.get(name, "")):
            message = f"`{sign.scheme}` writes {name} itself"
            yield Problem("FC0339", message, term.span or sign.span, f"leave {name} out")


def _members(request: ProgramRequest) -> tuple[tuple[str, Term], ...]:
    tree = request.body.tree if request.body else None
    return tree.entries if isinstance(tree, Map) else ()


def _nuvei(request: ProgramRequest, sign: ProgramSignature) -> Iterator[Problem]:
    if request.body is None or request.body.encoding is not Encoding.JSON:
        yield _lacks(sign, "a `json:` body")
        return
    members = dict(_members(request))
    for name in nuvei.ORDERS[str(sign.said["request"])]:
        term = members.get(name)
        if term is None and name not in nuvei.OPTIONAL:
            yield _lacks(sign, f"the member {name} of the body")
        elif term is not None and isinstance(unwrapped(term), Map | Seq):
            yield _lacks(sign, f"a text or number as {name}")


def _ogone(request: ProgramRequest, sign: ProgramSignature) -> Iterator[Problem]:
    if request.body is None or request.body.encoding is not Encoding.FORM:
        yield _lacks(sign, "a `form:` body")
        return
    for name, term in _members(request):
        if isinstance(unwrapped(term), Map | Seq):
            yield _lacks(sign, f"a form without levels, and {name} is a map or list")


def _components(request: ProgramRequest, sign: ProgramSignature) -> Iterator[Problem]:
    components = sign.said.get("components", ())
    names = components if isinstance(components, tuple) else ()
    headers = {pair.name.lower() for pair in request.headers}
    for name in names:
        if name not in DERIVED and name != "content-digest" and name not in headers:
            known = "" if not name.startswith("@") else f"; names with @ are {', '.join(DERIVED)}"
            yield _lacks(sign, f"the header {name}, which it covers{known}")
    if "content_digest" in sign.said and "content-digest" not in names:
        message = "a digest is chosen, and the components lack content-digest"
        yield Problem("FC0338", message, sign.span, "add content-digest to `components`")


def _lacks(sign: ProgramSignature, what: str) -> Problem:
    message = f"`{sign.scheme}` needs {what}"
    return Problem("FC0338", message, sign.span, "docs/signatures.md lists what each scheme signs")
