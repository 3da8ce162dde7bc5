"""Build files are written as the standard library would write them."""

import json
from collections.abc import Iterator
from datetime import date
from functools import reduce
from types import MappingProxyType

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from forwardc.compile.vaults import encode
from forwardc.compile.vaults.encode import Document, plain, pretty, to_bytes
from forwardc.core.diagnostics.render.printable import escaped
from forwardc.core.terms.terms import Encoded, Encoding, If, Lit, Map, Ref, Seq, Text

SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
VALUES = st.recursive(
    SCALARS.filter(lambda value: value not in (float("inf"), float("-inf"))),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)
TERMS = (
    Encoded(Encoding.JSON, Map((("a", Ref("params.a")), ("$b", Seq((Lit(1), Lit(None))))))),
    Encoded(Encoding.URL, Text((Lit("https://"), Ref("params.host")))),
    If("params.a", Ref("params.a")),
)


@pytest.fixture(scope="module", params=[0, 1_000_000], ids=["many files", "few"], autouse=True)
def _few(request: pytest.FixtureRequest) -> Iterator[None]:
    """How many files are written by us: none, so that the encoder writes, or all of a test."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(encode, "_FEW", request.param)
        yield


@given(VALUES)
def test_the_text_is_that_of_the_standard_encoder(value: object) -> None:
    assert pretty(value) == json.dumps(value, indent=2, ensure_ascii=False)


def as_before(value: object) -> bytes:
    """The file as our own writer alone writes it."""
    return (escaped(pretty(value, plain)) + "\n").encode()


@given(VALUES)
@example(1e16)
@example([1e-5])
@example({"key": 2**90})
@example({"half a pair": "\ud800"})
@example({"\ud800": [-0.0, "\x7f\u2028\b\x01\\/"]})
@example(reduce(lambda inner, _: [inner], range(400), "deep"))
def test_a_file_is_the_same_whoever_writes_it(value: object) -> None:
    assert to_bytes(value) == as_before(value)


@given(st.lists(st.sampled_from(TERMS) | SCALARS | st.decimals(allow_nan=False)))
def test_a_file_with_terms_is_the_same_whoever_writes_it(values: list[object]) -> None:
    structure = {"list": values, "tuple": tuple(values), "mapping": MappingProxyType({"x": values})}
    assert to_bytes(structure) == as_before(structure)


@pytest.mark.parametrize("value", [{1}, b"bytes", date(2026, 1, 1), object()], ids=type)
def test_what_has_no_place_in_a_file_is_refused(value: object) -> None:
    with pytest.raises(TypeError):
        to_bytes({"list": [value]})


@given(st.dictionaries(st.text(), VALUES))
def test_a_document_is_written_as_its_structure(value: dict[str, object]) -> None:
    document = Document(value)
    assert to_bytes(document) == to_bytes(value)
    assert to_bytes(document) is to_bytes(document)
