"""The addresses of a run: what an author may allow, and what nobody may."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forwardc.core.diagnostics.sink import Sink
from forwardc.core.documents.reading import read_part
from forwardc.core.uris import scheme_problem, uri_problem
from forwardc.plan.model import ValueSpec
from forwardc.runtime.run.values import from_text

APP = ("https", "http", "adyencheckout", "com.example.shop", "my-app")
NEVER = ["javascript", "data", "file", "vbscript", "blob", "about", "view-source", "intent"]
NEVER += ["android-app", "content", "filesystem", "ms-msdt", "mailto", "tel", "jar", "livescript"]


def of(text: str, *schemes: str) -> object:
    given_spec = {"type": "uri", **({"schemes": schemes} if schemes else {})}
    spec = read_part(ValueSpec, given_spec)
    return from_text(spec, text, "params.x", Sink())


@pytest.mark.parametrize(
    "text",
    [
        "adyencheckout://com.example.shop",
        "adyencheckout://com.example.shop/return?order=1#done",
        "com.example.shop:/return",
        "my-app://",
        "my-app:///return",
        "https://shop.example/return",
        "http://localhost:3000/",
    ],
)
def test_an_app_is_returned_to(text: str) -> None:
    assert of(text, *APP) == text


@pytest.mark.parametrize(
    "text",
    [
        "adyencheckout:com.example.shop",
        "adyencheckout:",
        "adyencheckout",
        "AdyenCheckout://com.example.shop",
        "adyencheckout2://com.example.shop",
        "adyencheckout://user:secret@com.example.shop",
        "adyencheckout://com.example.shop:99999999",
        "adyencheckout://com.example shop",
        "adyencheckout://x\u00a0y",
        "my.app://x",
        "//adyencheckout/x",
        "https://",
        "https:/shop.example",
        "",
    ],
)
def test_what_is_no_address_of_it(text: str) -> None:
    assert of(text, *APP) is None


def test_without_schemes_it_is_https_or_http() -> None:
    assert of("https://shop.example/a") == "https://shop.example/a"
    assert of("adyencheckout://com.example.shop") is None
    assert uri_problem("x:/y") == "must be an https or http URL"
    assert uri_problem("https://x", ["my-app"]) == "must be a my-app URL"


@pytest.mark.parametrize("scheme", NEVER)
def test_nobody_may_allow_what_runs_or_shows_something_else(scheme: str) -> None:
    assert scheme_problem(scheme) is not None
    for text in (f"{scheme}://x", f"{scheme}:/x", f"{scheme}:x", f"{scheme}:///x"):
        # Not even where a plan says so.
        assert of(text, *APP, scheme) is None


@given(
    st.sampled_from(NEVER),
    st.sampled_from(["://x", ":x", ":/x", ":alert(1)"]),
    st.lists(st.booleans(), min_size=20, max_size=20),
    st.sampled_from(["", " ", "\t", "\n", "\0", "\u00a0", "%20", "\ufeff", "x", "%6a"]),
    st.integers(0, 12),
)
def test_no_spelling_gets_through(
    scheme: str, rest: str, capitals: list[bool], odd: str, at: int
) -> None:
    spelled = "".join(
        char.upper() if up else char for char, up in zip(scheme, capitals, strict=False)
    )
    text = spelled[:at] + odd + spelled[at:] + rest
    assert of(text) is None
    assert of(text, *APP) is None


@pytest.mark.parametrize(
    "scheme", ["HTTPS", "1app", "", "my_app", "app:", "a b", "a" * 65, "\u00e4"]
)
def test_what_is_no_scheme(scheme: str) -> None:
    assert scheme_problem(scheme) is not None
