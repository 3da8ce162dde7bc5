"""What the compiler takes for names of XML is what the sandbox's own reader takes, and no more."""

from types import SimpleNamespace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from forwardc.compile.ir.program import ProgramBody
from forwardc.compile.passes.checks import xml_names
from forwardc.compile.passes.checks.rule import Case
from forwardc.core.terms.evaluator import Scope, evaluate
from forwardc.core.terms.terms import Encoded, Encoding, If, Lit, Map, Seq, Term
from forwardc.sandbox.destinations.endpoint import UnreadableBodyError
from forwardc.sandbox.destinations.wellformed import read_xml

PREFIXES = ("p", "q", "xml", "xmlns", "ä", "1", "a b")
NAMES = ("a", "b", "type", "größe", "-x", "x.1", "a:b", "", "２")
ADDRESSES = (
    *("urn:1", "urn:2", "", "http://www.w3.org/XML/1998/namespace"),
    *("http://www.w3.org/2000/xmlns/", "http://www.w3.org/2001/XMLSchema-instance"),
)
_UNUSED: Any = None
TEXTS = ("", "t", "p:t", "xml:t", " q:t")

names = st.builds(
    lambda prefix, name: f"{prefix}{name}",
    st.sampled_from(("", *(f"{prefix}:" for prefix in PREFIXES))),
    st.sampled_from(NAMES),
)
declarations = st.dictionaries(
    st.sampled_from((".xmlns", *(f".xmlns:{prefix}" for prefix in PREFIXES[:5]))),
    st.sampled_from(ADDRESSES).map(Lit),
    max_size=3,
)
attributes = st.dictionaries(names.map(".{}".format), st.sampled_from(TEXTS).map(Lit), max_size=3)


def elements(inner: st.SearchStrategy[Term]) -> st.SearchStrategy[Term]:
    def element(*parts: dict[str, Term]) -> Map:
        entries = {key: value for part in parts for key, value in part.items() if key != "."}
        return Map(tuple(entries.items()))

    children = st.dictionaries(names.filter(bool), inner, max_size=3)
    whole = st.builds(element, declarations, attributes, children)
    return whole | st.lists(inner, max_size=2).map(lambda items: Seq(tuple(items)))


contents = st.recursive(st.sampled_from(TEXTS).map(Lit), elements, max_leaves=8)


def problems(root: str, content: Term) -> list[str]:
    body = ProgramBody(Encoding.XML, Map(((root, content),)), None, None)
    step: Any = SimpleNamespace(request=SimpleNamespace(body=body))
    case = Case(_UNUSED, _UNUSED, step)
    return [problem.code for problem in xml_names.check(case)]


def is_read(root: str, content: Term) -> bool:
    text = evaluate(Encoded(Encoding.XML, Map(((root, content),))), Scope({}))
    assert isinstance(text, str)
    try:
        read_xml(text.encode(), "utf-8")
    except UnreadableBodyError:
        return False
    return True


@given(names.filter(bool), contents.filter(lambda term: not isinstance(term, Seq)))
def test_both_judge_alike(root: str, content: Term) -> None:
    assert (problems(root, content) == []) == is_read(root, content)


def test_a_namespace_on_an_optional_element_is_its_own() -> None:
    inner = Map(((".xmlns:p", Lit("urn:p")), ("p:b", Lit("1"))))
    assert problems("a", Map((("p:c", If("params.x", inner)),))) == []
    assert problems("a", Map((("c", If("params.x", inner)), ("p:d", Lit("1"))))) == ["FC0328"]
