"""Where pages come from: files of `build/`, and a dashboard over a history of real runs."""

import socket
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Final

import uvicorn
from playwright.sync_api import Page

from approved_build import approved_build
from forwardc.core.http.request_target import own_names
from forwardc.dashboard.app import create
from forwardc.dashboard.login import Role
from forwardc.dashboard.views import DashboardSettings
from forwardc.integrations.registry import page_sets
from forwardc.runtime.history.records import RunFilter
from forwardc.runtime.history.store import Store, open_existing
from patience import LONG_S
from pictures.table import ROOT
from real_runs import NOW, make_apart
from recorded import Clock
from token_callbacks import store_tokens

Opener = Callable[[Page, str], None]
"""Opens a page of the source in a tab that has nothing open yet."""


@contextmanager
def review_pages() -> Iterator[Opener]:
    """The files of `build/`."""
    yield lambda tab, page: _go(tab, (ROOT / "build" / page).as_uri())


@contextmanager
def dashboard() -> Iterator[Opener]:
    """The dashboard as an admin sees it, on the day after the real runs, beside the real build.

    `/runs/REFERENCE` is the page of the run with this reference.
    """
    clock = Clock()
    with (
        tempfile.TemporaryDirectory() as folder,
        open_existing(str(make_apart(Path(folder))), now=clock) as store,
        socket.create_server(("127.0.0.1", 0)) as listener,
    ):
        _more(store, clock)
        project = approved_build(Path(folder))
        settings = DashboardSettings(
            own_names("127.0.0.1"), now=lambda: NOW, project=project, pages=page_sets()
        )
        store.name = "/srv/forwardc/history.db"
        server = uvicorn.Server(
            uvicorn.Config(create(store, settings), log_level="critical", lifespan="off")
        )
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        address = f"http://127.0.0.1:{listener.getsockname()[1]}"

        def opened(tab: Page, page: str) -> None:
            cookie = settings.logins.open(Role.ADMIN)
            tab.context.add_cookies([{"name": settings.cookie, "value": cookie, "url": address}])
            _go(tab, address + _page(store, page))

        yield opened
        server.should_exit = True
        thread.join(LONG_S)


def _more(store: Store, clock: Clock) -> None:
    """What people did, and what callbacks told."""
    store_tokens(store)
    for hours, act in (
        (30, lambda: store.pause("adyen", "Dana Iskakova", "their status page is red")),
        (29, lambda: store.unpause("adyen", "Dana Iskakova")),
        (5, lambda: store.record("client-issue", "Erik Lind", "client_rokt; for rokt")),
        (4, lambda: store.record("sign-in", "client_oncall", "dashboard, as admin")),
        (3, lambda: store.pause("rokt", "Erik Lind", "asked us to wait until Monday")),
        (1, lambda: store.record("sign-in", "whoever had the link", "dashboard, as viewer")),
    ):
        clock.now = NOW - timedelta(hours=hours)
        act()
    clock.now = NOW


def _page(store: Store, page: str) -> str:
    place, _, reference = page.rpartition("/")
    if place != "/runs":
        return page
    return f"/runs/{store.search(RunFilter(reference=reference)).runs[0].id}"


def _go(tab: Page, url: str) -> None:
    tab.goto(url, wait_until="load")


SOURCES: Final = {"review": review_pages, "dashboard": dashboard}
