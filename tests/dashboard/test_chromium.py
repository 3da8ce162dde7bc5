"""The pages in a real browser: no error, nothing from elsewhere, readable, usable by keyboard.

Needs Chromium: `FORWARDC_CHROMIUM` names it, else it is looked for on the path. Without one these
tests skip; where `FORWARDC_REQUIRE_CHROMIUM=1` says that there must be one, they fail.
"""

import shutil
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import uvicorn
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, expect, sync_playwright

from approved_build import approved_build
from browser import chromium
from dashboards import BY_NAME
from forwardc.core.http.request_target import own_names
from forwardc.dashboard.app import create
from forwardc.dashboard.login import Role
from forwardc.dashboard.views import DashboardSettings
from forwardc.integrations.registry import page_sets
from looks import LOW_CONTRAST
from patience import LONG_S
from recorded import NOW, Recorded, recording
from token_callbacks import ACTIVE, REVOKED, store_tokens

# One worker starts the browser once for all tests of this file.
pytestmark = pytest.mark.xdist_group("chromium")

RUN = f"/runs/{BY_NAME['order-102'].run_id}"
UNKNOWN_RUN = f"/runs/{BY_NAME['order-105'].run_id}"
TOKENS = ("/tokens", f"/tokens/gate/{ACTIVE}", f"/tokens/gate/{REVOKED}", "/tokens?find=nobody")
PAGES = (
    *("/", "/?time=24h", "/?vault=nobody", "/history", "/unknown", "/pauses"),
    *(RUN, UNKNOWN_RUN, *TOKENS),
    *("/history?reason=the+answer+was+422&from=2026-11-01", "/history?operation=none"),
    *("/coverage", "/coverage?level=none", "/approvals", "/secrets", "/audit", "/audit?check=1"),
    "/audit?kind=none",
)
REFUSED = ("/history.csv?operation=none", "/history?from=yesterday", "/runs/nobody")
WIDTHS = (380, 1280)
SCHEMES = ("light", "dark")

# What a label, a name or a colour comes to in this browser, as a person meets it.
UNNAMED = """() => {
  const wanted = 'a, button, input:not([type=hidden]), select, [role=img], [role=region]';
  const name = (e) => e.getAttribute('aria-label') || e.textContent.trim() ||
    [...(e.labels || [])].map((l) => l.textContent.trim()).join(' ') ||
    (document.getElementById(e.getAttribute('aria-labelledby')) || {}).textContent;
  return [...document.querySelectorAll(wanted)].filter((e) => !name(e)).map((e) => e.outerHTML);
}"""
UNLABELLED = """() => [...document.querySelectorAll('input:not([type=hidden]), select')]
  .filter((e) => !e.labels.length).map((e) => e.outerHTML)"""
HEADLESS_TABLES = """() => [...document.querySelectorAll('table')].filter((t) =>
  !t.querySelector('thead th[scope=col]') ||
  [...t.querySelectorAll('tbody th')].some((h) => h.scope !== 'row')).length"""


@dataclass
class Served:
    """A dashboard on a port of this machine, and what its pages complained about or asked for."""

    address: str
    settings: DashboardSettings
    recorded: Recorded
    complaints: list[str] = field(default_factory=list)

    def watch(self, page: Page) -> None:
        page.on("console", lambda message: self.complaints.append(message.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("request", lambda request: self._asked(request.url))

    def _asked(self, url: str) -> None:
        if not url.startswith(self.address):
            self.complaints.append(f"asked for {url}")


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    chromium()
    with sync_playwright() as started:
        yield started


@pytest.fixture(scope="module")
def browser(playwright: Playwright) -> Iterator[Browser]:
    started = playwright.chromium.launch(executable_path=chromium())
    yield started
    started.close()


@pytest.fixture
def served(tmp_path: Path, written: Path) -> Iterator[Served]:
    shutil.copy(written, tmp_path)
    with recording(tmp_path) as recorded, socket.create_server(("127.0.0.1", 0)) as listener:
        project = approved_build(tmp_path)
        settings = DashboardSettings(
            own_names("127.0.0.1"), now=lambda: NOW, project=project, pages=page_sets()
        )
        config = uvicorn.Config(
            create(recorded.store, settings), log_level="critical", lifespan="off"
        )
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        one = Served(f"http://127.0.0.1:{listener.getsockname()[1]}", settings, recorded)
        yield one
        server.should_exit = True
        thread.join(LONG_S)
    assert not one.complaints


@contextmanager
def signed_in(
    browser: Browser, served: Served, role: Role, width: int, scheme: str
) -> Iterator[Page]:
    """A page of somebody who came by the link and pressed one key."""
    context: BrowserContext = browser.new_context(
        viewport={"width": width, "height": 800}, color_scheme=scheme
    )
    page = context.new_page()
    served.watch(page)
    page.goto(f"{served.address}/login?code={served.settings.logins.issue(role)}")
    # The field takes the focus by itself, a moment after the page is there.
    expect(page.get_by_label("One-time code")).to_be_focused()
    page.keyboard.press("Enter")
    page.wait_for_url(f"{served.address}/")
    yield page
    context.close()


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("width", WIDTHS)
def test_every_page_is_readable(browser: Browser, served: Served, width: int, scheme: str) -> None:
    served.recorded.store.pause("adyen", "Dana", "their status page is red")
    store_tokens(served.recorded.store)
    with signed_in(browser, served, Role.ADMIN, width, scheme) as page:
        for path in (*PAGES, *REFUSED):
            page.goto(served.address + path)
            page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
            assert page.evaluate("document.documentElement.scrollWidth") <= width, path
            assert page.locator("h1").count() == 1
            assert page.evaluate(UNNAMED) == [], path
            assert page.evaluate(UNLABELLED) == [], path
            assert page.evaluate(HEADLESS_TABLES) == 0, path
            assert page.evaluate(LOW_CONTRAST) == [], path
            for landmark in ("header", "nav", "main", "footer"):
                assert page.locator(landmark).first.is_visible()
            ids = page.evaluate("[...document.querySelectorAll('[id]')].map((e) => e.id)")
            assert len(ids) == len(set(ids)), path
        # The browser itself notes each page that says what is wrong with its address.
        noted = [text for text in served.complaints if "status of 40" in text]
        assert len(noted) == len(REFUSED)
        served.complaints[:] = [text for text in served.complaints if text not in noted]


@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_colour_scheme_is_followed(browser: Browser, served: Served, scheme: str) -> None:
    with signed_in(browser, served, Role.VIEWER, 1280, scheme) as page:
        colour = page.evaluate("getComputedStyle(document.body).backgroundColor")
        bright = int(colour.removeprefix("rgb(").split(",")[0]) > 128
        assert bright is (scheme == "light")


def test_the_chart_draws_every_outcome(browser: Browser, served: Served) -> None:
    with signed_in(browser, served, Role.VIEWER, 1280, "light") as page:
        drawn = page.locator(".chart .plot rect:not(.hit)").evaluate_all(
            "all => all.map(e => [e.getAttribute('class'), e.getBBox().height, e.getBBox().width])"
        )
        assert {kind for kind, _, _ in drawn} == {
            "approved", "declined", "pending", "rejected", "unknown"
        }  # fmt: skip
        assert all(height >= 1 and width > 1 for _, height, width in drawn)
        label = page.get_by_role("img").get_attribute("aria-label")
        assert label
        assert "8 approved, 1 declined" in label


def test_a_payment_is_found_by_keyboard_alone(browser: Browser, served: Served) -> None:
    with signed_in(browser, served, Role.VIEWER, 1280, "light") as page:
        page.keyboard.press("Tab")
        focused = page.evaluate("document.activeElement.textContent")
        assert focused == "Skip to the content"
        page.goto(served.address + "/history")
        page.get_by_label("Reference or id").focus()
        page.keyboard.type("order-102")
        page.keyboard.press("Enter")
        page.wait_for_url("**find=order-102**")
        page.get_by_role("link", name="order-102").focus()
        outline = "getComputedStyle(document.activeElement).outlineStyle"
        page.keyboard.press("Shift+Tab")
        page.keyboard.press("Tab")
        assert page.evaluate(outline) == "solid"
        page.keyboard.press("Enter")
        page.wait_for_url(f"**{RUN}")
        assert page.locator("h1").inner_text() == "order-102"


def test_tokens_are_filtered_by_state(browser: Browser, served: Served) -> None:
    store_tokens(served.recorded.store)
    with signed_in(browser, served, Role.VIEWER, 380, "dark") as page:
        page.get_by_role("link", name="Tokens").click()
        page.get_by_label("State").select_option("revoked")
        page.get_by_role("button", name="Show").click()
        page.wait_for_url("**state=revoked**")
        page.locator("tbody a").click()
        page.wait_for_url(f"**/tokens/gate/{REVOKED}")
        assert page.get_by_role("heading", name="Callbacks").is_visible()
        page.get_by_role("link", name="Tokens", exact=True).first.click()
        page.wait_for_url("**/tokens")


def test_an_admin_settles_and_pauses_in_the_browser(browser: Browser, served: Served) -> None:
    with signed_in(browser, served, Role.ADMIN, 380, "dark") as page:
        page.goto(served.address + UNKNOWN_RUN)
        page.get_by_label("It was").select_option("declined")
        page.get_by_label("Your name").fill("Dana")
        page.get_by_role("button", name="Settle").click()
        page.wait_for_url("**/unknown?settled=1")
        assert page.get_by_role("status").inner_text() == "The run is settled."
        page.goto(served.address + "/pauses")
        page.get_by_label("Vault or destination").fill("adyen")
        page.get_by_label("Reason").fill("maintenance")
        page.get_by_label("Your name").fill("Dana")
        page.get_by_role("button", name="Pause").click()
        page.wait_for_url("**/pauses?done=1")
        assert page.get_by_role("button", name="Resume adyen").is_visible()
    run = served.recorded.store.load(BY_NAME["order-105"].run_id)
    assert run
    assert run.summary.outcome == "declined"
    assert [pause.name for pause in served.recorded.store.pauses()] == ["adyen"]


def test_motion_is_left_out_where_it_is_not_wanted(browser: Browser, served: Served) -> None:
    with signed_in(browser, served, Role.VIEWER, 1280, "light") as page:
        moving = "getComputedStyle(document.querySelector('button')).transitionDuration"
        assert page.evaluate(moving) != "0s"
        page.emulate_media(reduced_motion="reduce")
        assert page.evaluate(moving) == "0s"
