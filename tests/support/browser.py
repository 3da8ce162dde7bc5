"""The Chromium of this machine: `FORWARDC_CHROMIUM` names it, else it is looked for on the path."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def chromium_here() -> str | None:
    """Where it is, or None."""
    return os.environ.get("FORWARDC_CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)


def chromium() -> str:
    """Where it is, for a test: without one it skips, and fails where there must be one."""
    found = chromium_here()
    if found is None and os.environ.get("FORWARDC_REQUIRE_CHROMIUM") == "1":
        pytest.fail("Chromium is required here and was not found")
    if found is None:
        pytest.skip("needs Chromium (Debian: apt-get install chromium), or FORWARDC_CHROMIUM=PATH")
    return found


@contextmanager
def started(path: str) -> Iterator[Browser]:
    """A browser without a window."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path)
        yield browser
        browser.close()
