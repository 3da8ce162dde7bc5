"""`review.html` as Chromium draws it: readable on a telephone, on a desk, in the dark and on A4."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import product
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from browser import chromium, started
from looks import CUT, LOW_CONTRAST, OVER, SCROLLS, SMALL
from shop_project import ACCOUNTS, SHOP, Project

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = sorted(
    path.relative_to(ROOT / "build").as_posix() for path in (ROOT / "build").rglob("review*.html")
)
WIDTHS = (380, 1280)
SCHEMES = ("light", "dark")
# CSS pixels between the margins of 14 mm: what Chromium lays a page of A4 out for.
A4 = round((210 - 2 * 14) / 25.4 * 96)

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("chromium")]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with started(chromium()) as one:
        yield one


@contextmanager
def shown(browser: Browser, path: Path, width: int, scheme: str = "light") -> Iterator[Page]:
    context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)
    page = context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: asked.append(message.text))
    page.goto(path.as_uri())
    yield page
    context.close()
    assert asked == [path.as_uri()]


def faults(page: Page) -> dict[str, list[str]]:
    """What is wrong with how a page looks."""
    questions = {"over": OVER, "cut": CUT, "small": SMALL, "contrast": LOW_CONTRAST}
    return {
        name: found for name, question in questions.items() if (found := page.evaluate(question))
    }


@pytest.mark.parametrize("pack", SHIPPED)
def test_it_is_readable(browser: Browser, pack: str) -> None:
    """A page has no script: as wide as it is now it looks as if it had been opened so."""
    with shown(browser, ROOT / "build" / pack, WIDTHS[0]) as page:
        for width, scheme in product(WIDTHS, SCHEMES):
            page.set_viewport_size({"width": width, "height": 800})
            page.emulate_media(color_scheme=scheme)
            ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
            looks = (page.evaluate(SCROLLS), faults(page), ground != "rgb(255, 255, 255)")
            assert looks == (False, {}, scheme == "dark"), (width, scheme)
        assert page.locator("script").count() == 0
        # The words say it, too: a colour alone tells nothing on paper.
        kinds = page.locator("tr.card .kind").evaluate_all("all => all.map(e => e.innerText)")
        assert set(kinds) <= {"account data", "cardholder data", "billing address"}
        assert len(kinds) == page.locator("tr.card").count()


@pytest.mark.parametrize("pack", SHIPPED)
def test_a_telephone_names_each_cell_and_tells_the_diagram_in_words(
    browser: Browser, pack: str
) -> None:
    label = "e => getComputedStyle(e, '::before').content"
    with shown(browser, ROOT / "build" / pack, WIDTHS[0]) as page:
        cells = page.locator("table.values td")
        assert cells.first.evaluate(label).startswith('"field')
        names = cells.evaluate_all("all => all.map(e => e.dataset.label || '')")
        assert "" not in names
        assert not page.locator("svg.sequence").first.is_visible()
        assert "answer" in page.locator("ol.messages").first.inner_text()
        page.set_viewport_size({"width": WIDTHS[1], "height": 800})
        assert page.locator("svg.sequence").first.is_visible()
        assert not page.locator("ol.messages").first.is_visible()


@pytest.mark.parametrize("pack", SHIPPED)
def test_it_prints_on_a4(browser: Browser, pack: str) -> None:
    # Whoever prints from a dark screen gets dark ink on white paper.
    with shown(browser, ROOT / "build" / pack, A4, "dark") as page:
        page.emulate_media(media="print", color_scheme="dark")
        assert not page.evaluate(SCROLLS)
        assert {**faults(page), "small": []} == {"small": []}
        assert page.evaluate("getComputedStyle(document.body).color") == "rgb(28, 36, 48)"
        # The diagram is small on paper: its messages stand below it.
        assert page.locator("ol.messages").first.is_visible()
        links = page.locator("a[href^=http]")
        for link in links.all():
            printed = link.evaluate("e => e.textContent + getComputedStyle(e, '::after').content")
            assert (link.get_attribute("href") or "") in printed
        data = page.pdf(prefer_css_page_size=True)
    boxes = re.findall(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", data)
    assert len(boxes) >= 2
    assert {(round(float(width)), round(float(height))) for width, height in boxes} == {(595, 842)}


LONG = (
    SHOP.replace("api.shop.example", f"{'a-long-label-' * 4}end.{'b' * 60}.shop.example")
    .replace("X-Version: 2", f"X-Version: {'v' * 400}")
    .replace("/payments", f"/{'segment/' * 40}payments")
    .replace(
        "              - number:",
        f"              - {'k' * 90}: ${{params.note?}}\n                number:",
    )
    .replace("shop_key", f"shop_{'key_' * 14}end")
    .replace("Card payments of a shop", f"{'W' * 70} of a shop")
)


@pytest.mark.parametrize("width", [*WIDTHS, A4])
def test_long_names_and_values_do_not_run_over(
    browser: Browser, compiled: Callable[..., Project], tmp_path: Path, width: int
) -> None:
    made = compiled(LONG, ACCOUNTS.replace("acct_live", f"acct_{'x' * 90}"))
    page_file = tmp_path / "review.html"
    assert made.errors == []
    page_file.write_text(made.files()["stripe/shop/review.html"], encoding="utf-8")
    with shown(browser, page_file, width) as page:
        if width == A4:
            page.emulate_media(media="print")
        assert not page.evaluate(SCROLLS)
        assert (page.evaluate(OVER), page.evaluate(CUT)) == ([], [])
