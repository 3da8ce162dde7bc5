"""Build files are written as the standard library would write them."""

import json

from hypothesis import given
from hypothesis import strategies as st

from forwardc.compile.vaults.encode import Document, pretty, to_bytes

SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
VALUES = st.recursive(
    SCALARS.filter(lambda value: value not in (float("inf"), float("-inf"))),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(VALUES)
def test_the_text_is_that_of_the_standard_encoder(value: object) -> None:
    assert pretty(value) == json.dumps(value, indent=2, ensure_ascii=False)


@given(st.dictionaries(st.text(), VALUES))
def test_a_document_is_written_as_its_structure(value: dict[str, object]) -> None:
    document = Document(value)
    assert to_bytes(document) == to_bytes(value)
    assert to_bytes(document) is to_bytes(document)
