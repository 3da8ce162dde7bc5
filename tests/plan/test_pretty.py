"""Build files are written as the standard library would write them."""

import json

from hypothesis import given
from hypothesis import strategies as st

from forwardc.compile.vaults.encode import pretty

SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
VALUES = st.recursive(
    SCALARS.filter(lambda value: value not in (float("inf"), float("-inf"))),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(VALUES)
def test_the_text_is_that_of_the_standard_encoder(value: object) -> None:
    assert pretty(value) == json.dumps(value, indent=2, ensure_ascii=False)
