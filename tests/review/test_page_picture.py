"""`review.html` as Chromium draws it: what a reviewer must see is seen, and nothing runs over."""

import json
import re
import shutil
import subprocess
from collections.abc import Callable
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from shop_project import SHOP, Project

ROOT = Path(__file__).resolve().parents[2]
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or "/usr/bin/chromium"
SHOWN = ("stripe/adyen", "checkout/visa", "checkout/token_vault")
A4 = 794  # CSS pixels of 210 mm
# Asked of the page itself, in a copy without its policy, which allows no script.
QUESTION = """<script>
const box = one => one.getBoundingClientRect();
const shown = one => box(one).width > 0 && box(one).height > 0;
const out = one => box(one).right > document.documentElement.clientWidth + 1;
const drawn = [...document.querySelectorAll("svg text")];
document.title = JSON.stringify({
  over: [...document.querySelectorAll("body *")].filter(one => !one.closest("svg") && out(one))
    .map(one => one.tagName + " " + one.textContent.slice(0, 60)),
  cut: drawn.filter(one => {
    const text = one.getBBox(), view = one.ownerSVGElement.viewBox.baseVal;
    return text.x < 0 || text.x + text.width > view.width || text.y + text.height > view.height;
  }).map(one => one.textContent),
  card: [...document.querySelectorAll("tr.card")].filter(shown).map(one => one.cells[1].innerText),
  colors: [...new Set([...document.querySelectorAll("tr.card td")]
    .map(one => getComputedStyle(one).backgroundColor))],
  news: [...document.querySelectorAll(".news")].filter(shown).map(one => one.innerText),
});
</script>"""

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not Path(CHROMIUM).exists(), reason="needs Chromium to draw a page: it is not installed"
    ),
]


def chromium(folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        [
            CHROMIUM,
            *("--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"),
            *("--disable-background-networking", "--no-first-run", f"--user-data-dir={folder}/own"),
            *arguments,
        ],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    return done.stdout


def asked(page: Path, folder: Path, width: int) -> dict[str, Any]:
    """What the page says of itself when it is drawn with a width in pixels."""
    text = re.sub(r"<meta http-equiv[^>]*>", "", page.read_text(encoding="utf-8"))
    copy = folder / f"asked{width}.html"
    copy.write_text(text.replace("</body>", f"{QUESTION}</body>"), encoding="utf-8")
    drawn = chromium(folder, f"--window-size={width},1200", "--dump-dom", copy.as_uri())
    title = re.search(r"<title>(.*?)</title>", drawn, re.DOTALL)
    assert title
    found: dict[str, Any] = json.loads(unescape(title[1]))
    return found


@pytest.mark.parametrize("pack", SHOWN)
@pytest.mark.parametrize("width", [1100, A4])
def test_card_data_is_seen_and_nothing_runs_over(pack: str, width: int, tmp_path: Path) -> None:
    found = asked(ROOT / "build" / pack / "review.html", tmp_path, width)
    assert any("card.number" in source for source in found["card"])
    assert found["colors"] == ["rgb(253, 240, 239)"]
    assert (found["over"], found["cut"]) == ([], [])


def test_long_hosts_and_values_do_not_run_over(
    compiled: Callable[..., Project], tmp_path: Path
) -> None:
    long = SHOP.replace("api.shop.example", f"{'a-long-label-' * 4}end.{'b' * 60}.shop.example")
    long = long.replace("X-Version: 2", f"X-Version: {'v' * 400}")
    long = long.replace("/payments", f"/{'segment/' * 40}payments")
    page = tmp_path / "review.html"
    files = compiled(long).files()
    page.write_text(files["stripe/shop/review.html"], encoding="utf-8")
    found = asked(page, tmp_path, A4)
    assert (found["over"], found["cut"]) == ([], [])


@pytest.mark.parametrize("pack", SHOWN)
def test_it_prints_and_can_be_pictured(pack: str, tmp_path: Path) -> None:
    page = (ROOT / "build" / pack / "review.html").as_uri()
    printed, picture = tmp_path / "page.pdf", tmp_path / "page.png"
    chromium(tmp_path, "--no-pdf-header-footer", f"--print-to-pdf={printed}", page)
    chromium(tmp_path, "--window-size=1100,1600", f"--screenshot={picture}", page)
    assert printed.read_bytes().startswith(b"%PDF")
    assert len(re.findall(rb"/Type\s*/Page\b(?!s)", printed.read_bytes())) >= 2
    assert picture.read_bytes().startswith(b"\x89PNG")
