"""What each page shows, asked in process."""

import re
from datetime import timedelta

import pytest

from dashboards import BY_NAME, Browser
from forwardc.core.outcome import Outcome
from forwardc.runtime.history.errors import HistoryUnavailableError
from recorded import NOW, Recorded, Told

RUN = r'href="/runs/[\w-]+" class="mono">([^<]+)<'


def listed(page: str) -> list[str]:
    return re.findall(RUN, page)


def path_of(reference: str) -> str:
    return f"/runs/{BY_NAME[reference].run_id}"


def test_the_overview_counts_every_vault_at_once(viewer: Browser) -> None:
    text = viewer.page("/")
    assert "Forwards 13 runs that ended" in text
    # Twelve of the thirteen were answered by the destination: one ended at the vault.
    assert "Response rate 92.3 %" in text
    assert "Approved 61.5 % 8 forwards" in text
    assert "To settle 2 unknown" in text
    for row in ("approved 8 61.5 %", "rejected by the vault 1 7.6 %", "no answer 1 7.6 %"):
        assert row in text
    assert re.search(r"checkout 3 100 % 0 %", text)


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("time=all", 14),
        ("time=24h", 13),
        ("vault=checkout", 3),
        ("destination=rokt", 1),
        ("environment=production", 11),
        ("environment=sandbox", 1),
        ("environment=emulated", 1),
        ("vault=stripe&destination=rokt", 0),
    ],
)
def test_filters_of_the_overview(viewer: Browser, query: str, count: int) -> None:
    assert f"Forwards {count} runs that ended" in viewer.page(f"/?{query}")


def test_the_overview_without_any_run(viewer: Browser) -> None:
    text = viewer.page("/?vault=nobody")
    assert "No forwards here" in text
    assert "Response rate –" in text


def test_percentiles_are_those_of_the_runs(viewer: Browser) -> None:
    # 210 to 280 ms, in steps of 15 %.
    found = re.search(r"Latency p50 (\d+) ms", viewer.page("/?vault=stripe&environment=production"))
    assert found
    assert 210 <= int(found[1]) <= 280 * 1.15


@pytest.mark.parametrize(
    ("query", "references"),
    [
        ("outcome=declined", ["order-101"]),
        ("outcome=rejected-destination", ["order-102"]),
        ("outcome=rejected-vault", ["order-103"]),
        ("outcome=unknown", ["order-106"]),
        ("outcome=stopped", ["order-105"]),
        ("status=422", ["order-102"]),
        ("find=order-10&vault=checkout&time=24h", ["order-102", "order-101", "order-106"]),
        ("find=order-200", ["order-200"]),
        ("find=fwd_order-007", ["order-007"]),
        ("find=pm_rder-104", ["order-104"]),
        ("find=ORDER-200", []),
    ],
)
def test_filters_and_search_of_the_history(
    viewer: Browser, query: str, references: list[str]
) -> None:
    found = listed(viewer.get(f"/history?{query}").text)
    assert sorted(found) == sorted(references)


def test_pages_of_the_history_hold_every_run_once(viewer: Browser, recorded: Recorded) -> None:
    for number in range(60):
        recorded.add(Told(f"more-{number}", ago=timedelta(minutes=number)))
    seen: list[str] = []
    path: str | None = "/history?vault=stripe"
    while path:
        page = viewer.get(path).text
        seen += listed(page)
        older = re.search(r'href="([^"]+)" rel="next"', page)
        path = older[1].replace("&amp;", "&") if older else None
    assert len(seen) == len(set(seen)) == 60 + 12


def test_the_page_of_a_run_shows_what_is_recorded(viewer: Browser) -> None:
    text = viewer.page(path_of("order-101"))
    for shown in (
        BY_NAME["order-101"].run_id,
        "20 Nov 2026, 11:00:00",
        "duration 900 ms",
        "POST https://rokt.example/v71/payments",
        "scheme visa",
        "issuing country GB",
        "fwd_order-101",
        "Authorization masked",
        "psp_reference QXBP9RM6Q327DN65",
        "email not stored: sensitive",
        "Aigerim Sadykova",
        "which honours it",
        "sent to rokt as /reference shop-order-101",
        "decided by rule 4 of the destination's file",
        "reason the answer was 200",
    ):
        assert shown in text


def test_what_a_vault_did_not_tell_is_said(viewer: Browser) -> None:
    assert "scheme the vault did not tell" in viewer.page(path_of("order-001"))


def test_an_answer_is_text_and_no_markup(viewer: Browser) -> None:
    page = viewer.get(path_of("order-102")).text
    assert "&lt;script&gt;alert(1)" in page
    assert "<script" not in page


def test_an_unknown_run_tells_whom_to_ask(viewer: Browser) -> None:
    text = viewer.page("/unknown")
    assert "Ask adyen: did it receive POST https://adyen.example/v71/payments" in text
    assert "Quote shop-order-105 , sent as /reference;" in text
    assert "Ask stripe: has it a request of about" in text
    assert f"Quote {BY_NAME['order-105'].run_id} , sent as metadata[forwardc_run];" in text
    assert "Its answer, 503, tells no outcome" in text
    assert text.index("order-106") < text.index("order-105")


def test_a_viewer_gets_no_form_that_changes_anything(viewer: Browser, admin: Browser) -> None:
    for path in ("/unknown", "/pauses", path_of("order-105")):
        forms = re.findall(r'method="post" action="([^"]+)"', viewer.get(path).text)
        assert forms == ["/logout"]
        assert re.findall(r'method="post" action="(/[pr][^"]+)"', admin.get(path).text)


def test_pauses_are_shown(viewer: Browser, recorded: Recorded) -> None:
    assert "Nothing is paused." in viewer.page("/pauses")
    recorded.store.pause("adyen", "Dana", "their status page is red")
    text = viewer.page("/pauses")
    assert "adyen 20 Nov 2026, 12:00:00 Dana their status page is red" in text


def test_a_run_of_the_future_is_drawn(viewer: Browser, recorded: Recorded) -> None:
    """A clock that was wrong for a while leaves such runs."""
    recorded.add(Told("late", Outcome.APPROVED, ago=-timedelta(days=2)))
    assert "22 Nov" in viewer.page("/")
    assert f"{NOW:%d %b}" in viewer.page("/")


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/runs/0b7d9a2e-0000-4000-8000-000000000000", 404),
        ("/runs/..%2f..%2fetc", 404),
        ("/nowhere", 404),
        ("/?time=yesterday", 400),
        ("/?vault=A%20B", 400),
        ("/?vault=stripe&vault=adyen", 400),
        ("/?nothing=x", 400),
        ("/?environment=the+moon", 400),
        ("/history?after=-1", 400),
        ("/history?after=99999999999999999999", 400),
        ("/history?after=1%27--", 400),
        ("/history?status=99", 400),
        ("/history?status=abc", 400),
        ("/history?outcome=fine", 400),
        ("/history?find=" + "x" * 200, 400),
        ("/history?find=a%00b", 400),
        ("/history?" + "x" * 5000, 414),
        ("/history?" + "&".join(f"a{n}=1" for n in range(30)), 400),
        ("/pauses/add", 405),
    ],
)
def test_bad_addresses_get_a_clean_page(viewer: Browser, path: str, status: int) -> None:
    answer = viewer.get(path)
    assert answer.status_code == status
    assert "Traceback" not in answer.text
    assert "default-src 'none'" in answer.headers["content-security-policy"]


def test_a_cursor_beyond_the_end_is_an_empty_page(viewer: Browser) -> None:
    assert "No more runs" in viewer.page("/history?after=1")


def test_a_history_that_cannot_be_read_is_told(
    viewer: Browser, recorded: Recorded, monkeypatch: pytest.MonkeyPatch
) -> None:
    def locked(_work: object) -> object:
        raise HistoryUnavailableError("the history is locked")

    monkeypatch.setattr(recorded.store.database, "read", locked)
    answer = viewer.get("/")
    assert answer.status_code == 503
    assert "FC0819" in answer.text
