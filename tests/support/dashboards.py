"""A client of the dashboard in process, and the runs that its tests record."""

import asyncio
import re
from datetime import timedelta

import httpx
from starlette.types import ASGIApp

from forwardc.core.http.request_target import own_names
from forwardc.core.outcome import Outcome
from forwardc.dashboard.login import Role
from forwardc.dashboard.views import DashboardSettings
from forwardc.integrations.registry import page_sets
from forwardc.runtime.run.result import Party
from recorded import NOW, Told

ADDRESS = "http://127.0.0.1:8456"
MARKUP = '{"error":"<script>alert(1)</script>"}'

RUNS = (
    *(Told(f"order-{n:03}", ago=timedelta(hours=n), duration_ms=200 + 10 * n) for n in range(1, 9)),
    Told("order-101", Outcome.DECLINED, vault="checkout", destination="rokt", duration_ms=900),
    Told("order-102", Outcome.REJECTED, 422, Party.DESTINATION, vault="checkout", answer=MARKUP),
    Told("order-103", Outcome.REJECTED, None, Party.VAULT, environment="sandbox"),
    Told("order-104", Outcome.PENDING, 202, environment="sandbox", emulated=True),
    Told("order-105", None, None, ago=timedelta(hours=2)),
    Told("order-106", Outcome.UNKNOWN, 503, vault="checkout", ago=timedelta(hours=3)),
    Told("order-200", ago=timedelta(days=20)),
)
BY_NAME = {told.reference: told for told in RUNS}


def fresh_settings() -> DashboardSettings:
    return DashboardSettings(own_names("127.0.0.1"), now=lambda: NOW, pages=page_sets())


class Browser:
    """Keeps cookies as a browser does, and follows no redirect by itself."""

    def __init__(self, app: ASGIApp, settings: DashboardSettings) -> None:
        self.app = app
        self.settings = settings
        self.cookies = httpx.Cookies()

    def get(self, path: str, **headers: str) -> httpx.Response:
        return self.ask("GET", path, headers)

    def post(self, path: str, form: dict[str, str], **headers: str) -> httpx.Response:
        return self.ask("POST", path, headers, form)

    def page(self, path: str) -> str:
        """What a reader of a page sees, on one line."""
        answer = self.get(path)
        assert answer.status_code == 200, answer.text
        return text_of(answer.text)

    def sign_in(self, role: Role) -> "Browser":
        code = self.settings.logins.issue(role)
        assert self.post("/login", {"code": code}).status_code == 303
        return self

    def csrf(self) -> str:
        found = re.search(r'name="csrf" value="([\w-]+)"', self.get("/pauses").text)
        assert found
        return found[1]

    def ask(
        self, method: str, path: str, headers: dict[str, str], form: dict[str, str] | None = None
    ) -> httpx.Response:
        async def go() -> httpx.Response:
            transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
            async with httpx.AsyncClient(
                transport=transport, base_url=ADDRESS, cookies=self.cookies
            ) as client:
                named = {name.replace("_", "-"): value for name, value in headers.items()}
                answer = await client.request(method, path, headers=named, data=form)
                self.cookies = client.cookies
                return answer

        return asyncio.run(go())


def text_of(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())
