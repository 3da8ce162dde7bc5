"""The pages of tokens, asked in process."""

import re

import pytest

import gate
from dashboards import Browser
from forwardc.integrations.rocketpay.callback_format import read_callback
from forwardc.integrations.rocketpay.token_tables import TokenTables
from recorded import Recorded
from token_callbacks import ACTIVE, EXPIRED, PLAYED, REVOKED, UNTOLD, store_tokens

LINK = r'href="/tokens/(gate|sandbox)/([0-9a-f]{64})"'


@pytest.fixture
def tokens(recorded: Recorded) -> None:
    store_tokens(recorded.store)


def listed(page: str) -> list[str]:
    return [token for _, token in re.findall(LINK, page)]


@pytest.mark.usefixtures("tokens")
def test_tokens_are_listed_by_their_last_change(viewer: Browser) -> None:
    page = viewer.get("/tokens").text
    assert listed(page) == [PLAYED, UNTOLD, REVOKED, EXPIRED, ACTIVE]
    text = viewer.page("/tokens")
    assert "aaaaaaaa…0a1b2c active visa 424242******4242 2030-08 customer-1 20 Nov, 12:00" in text
    assert "sandbox active" in text
    assert "dddddddd…0a1b2c not told visa" in text


@pytest.mark.usefixtures("tokens")
@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("state=active", [PLAYED, ACTIVE]),
        ("state=active&told=gate", [ACTIVE]),
        ("state=expired", [EXPIRED]),
        ("state=revoked", [REVOKED]),
        ("state=untold", [UNTOLD]),
        ("told=sandbox", [PLAYED]),
        ("find=customer-2", [EXPIRED]),
        (f"find={ACTIVE}", [ACTIVE]),
        ("find=nobody", []),
    ],
)
def test_filters_of_the_tokens(viewer: Browser, query: str, found: list[str]) -> None:
    page = viewer.get(f"/tokens?{query}")
    assert page.status_code == 200
    assert listed(page.text) == found
    assert ("No token fits" in page.text) is (found == [])


def test_a_dashboard_without_tokens_says_when_they_come(viewer: Browser) -> None:
    assert "once a callback has named it" in viewer.page("/tokens")


def test_pages_of_tokens_hold_every_one_once(viewer: Browser, recorded: Recorded) -> None:
    tables = TokenTables(recorded.store)
    names = [f"{number:064x}" for number in range(120)]
    for name in names:
        tables.receive(read_callback(gate.of_token(token=name), name, gate.DESTINATIONS))
    seen: list[str] = []
    path = "/tokens?state=active"
    for _ in range(3):
        page = viewer.get(path).text
        seen += listed(page)
        link = re.search(r'href="(/tokens\?[^"]+)" rel="next"', page)
        path = link[1].replace("&amp;", "&") if link else ""
    assert path == ""
    assert seen == names[::-1]


@pytest.mark.usefixtures("tokens")
def test_the_page_of_a_token_has_its_callbacks(viewer: Browser) -> None:
    text = viewer.page(f"/tokens/gate/{REVOKED}")
    assert "revoked" in text
    assert f"token {REVOKED} customer {'c' * 60} project 123" in text
    assert "holder J*** R***" in text
    assert re.search(r"token revoke changed request-token_revoke.*token active first seen", text)
    assert "JANE" not in text
    assert "Revoke it" not in text


@pytest.mark.usefixtures("tokens")
def test_nobody_revokes_a_token_here(viewer: Browser, admin: Browser) -> None:
    for browser in (viewer, admin):
        page = browser.get(f"/tokens/gate/{ACTIVE}").text
        assert f"forwardc tokens revoke rocketpay {ACTIVE} --env ENVIRONMENT" in page
        assert page.count("<form") == 1  # to sign out
    assert "--env sandbox --sandbox URL" in viewer.get(f"/tokens/sandbox/{PLAYED}").text
    assert admin.post(f"/tokens/gate/{ACTIVE}", {"csrf": admin.csrf()}).status_code == 405


@pytest.mark.usefixtures("tokens")
def test_a_callback_leads_to_the_run_that_it_settled(viewer: Browser, recorded: Recorded) -> None:
    tables = TokenTables(recorded.store)
    run = recorded.rocketpay("payment-7")
    document = gate.of_payment("payment-7", token=ACTIVE)
    document["account"]["token"] = ACTIVE
    assert tables.receive(read_callback(document, "digest", gate.DESTINATIONS)).resolved == (run,)
    page = viewer.get(f"/tokens/gate/{ACTIVE}").text
    assert f'<a href="/runs/{run}">settled a run</a>' in page
    assert "payment-7" in page


@pytest.mark.usefixtures("tokens")
@pytest.mark.parametrize(
    ("path", "status"),
    [
        (f"/tokens/sandbox/{ACTIVE}", 404),
        (f"/tokens/gate/{PLAYED}", 404),
        (f"/tokens/other/{ACTIVE}", 404),
        ("/tokens/gate/x", 404),
        (f"/tokens/{ACTIVE}", 404),
        ("/tokens?state=stolen", 400),
        ("/tokens?told=me", 400),
        ("/tokens?time=7d", 400),
        ("/tokens?after=-1", 400),
        ("/tokens?find=" + "x" * 200, 400),
    ],
)
def test_bad_addresses_of_tokens_get_a_clean_page(viewer: Browser, path: str, status: int) -> None:
    answer = viewer.get(path)
    assert answer.status_code == status
    assert "Traceback" not in answer.text


@pytest.mark.usefixtures("tokens")
def test_what_a_callback_said_is_text_and_no_markup(viewer: Browser, recorded: Recorded) -> None:
    customer = {"id": "<script>alert(1)</script>"}
    name = "e" * 64
    TokenTables(recorded.store).receive(
        read_callback(gate.of_token(token=name, customer=customer), "digest", gate.DESTINATIONS)
    )
    for path in ("/tokens", f"/tokens/gate/{name}"):
        page = viewer.get(path).text
        assert "<script" not in page
        assert "&lt;script&gt;" in page
