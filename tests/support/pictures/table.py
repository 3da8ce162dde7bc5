"""Which pictures there are. A new one is a line here, and a document that shows it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from token_callbacks import ACTIVE

ROOT: Final = Path(__file__).resolve().parents[3]
IMAGES: Final = ROOT / "docs" / "images"
WIDTHS: Final = (1280, 380)
MOST: Final = 1800


@dataclass(frozen=True)
class Picture:
    """One page at one width. Pixels of CSS; a page that is longer than `most` is cut there."""

    name: str
    source: Literal["review", "dashboard"]
    page: str
    """Below `build/` for a review page; the path with its query for the dashboard."""
    width: int
    scheme: Literal["light", "dark"] = "light"
    most: int = MOST
    start: str = "html"
    """The CSS selector of what the picture begins with."""

    @property
    def file(self) -> Path:
        """Where it is kept."""
        return IMAGES / f"{self.name}-{self.width}.png"


def _both(
    name: str, source: Literal["review", "dashboard"], page: str, start: str = "html"
) -> tuple[Picture, ...]:
    return tuple(Picture(name, source, page, width, start=start) for width in WIDTHS)


PICTURES: Final = (
    *_both("review-stripe-adyen", "review", "stripe/adyen/review.html"),
    *_both("review-checkout-visa", "review", "checkout/visa/review.html"),
    *_both("review-checkout-visa-protects", "review", "checkout/visa/review.html", ".protects"),
    *_both("dashboard-overview", "dashboard", "/"),
    *_both("dashboard-history", "dashboard", "/history?from=2026-11-14&to=2026-11-18"),
    *_both("dashboard-run", "dashboard", "/runs/shop-1004"),
    *_both("dashboard-unknown", "dashboard", "/unknown"),
    *_both("dashboard-pauses", "dashboard", "/pauses"),
    *_both("dashboard-tokens", "dashboard", "/tokens"),
    *_both("dashboard-token", "dashboard", f"/tokens/gate/{ACTIVE}"),
    *_both("dashboard-coverage", "dashboard", "/coverage?vault=stripe"),
    *_both("dashboard-approvals", "dashboard", "/approvals"),
    *_both("dashboard-secrets", "dashboard", "/secrets?place=sandbox"),
    *_both("dashboard-audit", "dashboard", "/audit"),
)
