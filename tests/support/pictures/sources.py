"""Where pages come from: files of `build/`, and a dashboard over the recorded history."""

import socket
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import uvicorn
from playwright.sync_api import Page

from dashboards import RUNS
from forwardc.partner.dashboard.app import create
from forwardc.partner.dashboard.desk import Settings
from forwardc.partner.dashboard.guard import hosts
from forwardc.partner.dashboard.login import Role
from pictures.table import ROOT
from recorded import NOW, recording
from token_callbacks import store_tokens

Opener = Callable[[Page, str], None]
"""Opens a page of the source in a tab that has nothing open yet."""


@contextmanager
def review_pages() -> Iterator[Opener]:
    """The files of `build/`."""
    yield lambda tab, page: _go(tab, (ROOT / "build" / page).as_uri())


@contextmanager
def dashboard() -> Iterator[Opener]:
    """The dashboard as an admin sees it, at the day of the recorded runs."""
    with (
        tempfile.TemporaryDirectory() as folder,
        recording(Path(folder)) as recorded,
        socket.create_server(("127.0.0.1", 0)) as listener,
    ):
        for told in sorted(RUNS, key=lambda one: -one.ago):
            recorded.add(told)
        store_tokens(recorded.store)
        settings = Settings(hosts("127.0.0.1"), now=lambda: NOW)
        app = create(recorded.store, settings)
        server = uvicorn.Server(uvicorn.Config(app, log_level="critical", lifespan="off"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        address = f"http://127.0.0.1:{listener.getsockname()[1]}"

        def opened(tab: Page, page: str) -> None:
            _go(tab, f"{address}/login?code={settings.logins.issue(Role.ADMIN)}")
            tab.get_by_label("One-time code").press("Enter")
            tab.wait_for_url(f"{address}/")
            _go(tab, address + page)

        yield opened
        server.should_exit = True
        thread.join(timeout=10)


def _go(tab: Page, url: str) -> None:
    tab.goto(url, wait_until="load")


SOURCES: Final = {"review": review_pages, "dashboard": dashboard}
