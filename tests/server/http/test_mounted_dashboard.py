"""The dashboard inside `forwardc serve`: codes, tokens, and sessions that every worker knows."""

import re
from pathlib import Path

import httpx
import pytest

from forwardc.dashboard.login import CODE_SECONDS, SESSION_SECONDS, Role, SharedLogins
from forwardc.runtime.history.store import Store, open_store
from forwardc.server.oauth.clients import Clients
from forwardc.server.oauth.server_keys import load_keys
from serving import NAMED, Server, Shop

PAGES = {
    "/coverage": "pairs of operation and vault",
    "/approvals": "What may run",
    "/secrets": "FORWARDC_",
    "/audit": "whoever had the link",
}


class Clock:
    def __init__(self) -> None:
        self.now = 1_795_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def logins(store: Store, folder: Path, clock: Clock) -> SharedLogins:
    keys = load_keys(folder / "keys.json", lambda _: None, history="x.db")
    return SharedLogins(store, keys.sealing, clock)


def test_a_code_works_once_in_whatever_process(
    history_url: str, tmp_path: Path, clock: Clock
) -> None:
    with open_store(history_url) as store, open_store(history_url) as other:
        here, there = logins(store, tmp_path, clock), logins(other, tmp_path, clock)
        code = here.issue(Role.ADMIN)
        cookie = there.redeem(code)
        assert cookie is not None
        assert here.redeem(code) is None
        session = here.session(cookie)
        assert session is not None
        assert session.role is Role.ADMIN
        # The form that one worker made is taken by another one.
        again = there.session(cookie)
        assert again is not None
        assert again.owns(session.csrf)
        there.end(cookie)
        assert here.session(cookie) is None
        other_one = here.session(here.open(Role.ADMIN))
        assert other_one is not None
        assert not other_one.owns(session.csrf)


def test_codes_and_sessions_end_by_themselves(
    history_url: str, tmp_path: Path, clock: Clock
) -> None:
    with open_store(history_url) as store:
        one = logins(store, tmp_path, clock)
        code, cookie = one.issue(Role.VIEWER), one.open(Role.VIEWER)
        clock.now += CODE_SECONDS + 1
        assert one.redeem(code) is None
        assert one.session(cookie) is not None
        clock.now += SESSION_SECONDS
        assert one.session(cookie) is None


def test_a_session_ends_with_its_client(history_url: str, tmp_path: Path, clock: Clock) -> None:
    with open_store(history_url) as store:
        one, clients = logins(store, tmp_path, clock), Clients(store)
        ann, _ = clients.issue("ann", ["dashboard-admin"], "jane")
        cookie, others = one.open(Role.ADMIN, ann.id), one.open(Role.ADMIN, "of another issuer")
        assert one.session(cookie) is not None
        clients.revoke(ann.id, "jane")
        assert one.session(cookie) is None
        assert one.session(others) is not None
        assert one.session(one.open(Role.VIEWER, '"' * 255)) is not None


def test_nobody_makes_or_changes_one(history_url: str, tmp_path: Path, clock: Clock) -> None:
    (tmp_path / "others").mkdir()
    with open_store(history_url) as store:
        one, stranger = logins(store, tmp_path, clock), logins(store, tmp_path / "others", clock)
        code, cookie = one.issue(Role.ADMIN), one.open(Role.VIEWER)
        # A code is no cookie, and a cookie no code.
        assert one.session(code) is None
        assert one.redeem(cookie) is None
        for text in (
            "",
            ".",
            "a.b",
            "\u00e9.x",
            cookie[:-1],
            cookie + "x",
            "A" + cookie,
            "." + cookie,
        ):
            assert one.session(text) is None
            one.end(text)
        assert one.session(stranger.open(Role.ADMIN)) is None
        assert one.redeem(stranger.issue(Role.ADMIN)) is None
        assert one.session("x" * 100_000) is None


@pytest.mark.slow
@pytest.mark.xdist_group("serving")
def test_a_browser_signs_in_at_two_workers(shop: Shop) -> None:
    shop.write(f"{NAMED}\nworkers = 2\ndashboard = true", '[watch]\nlogs = "json"')
    with shop.serving("--role", "admin") as server:
        link = next(line for line in said(server, 2) if "/login?code=" in line).strip()
        code = link.partition("code=")[2]
        assert server.call(1).status_code == 200
        with server.client() as browser:
            assert browser.get("/").headers["location"] == "/login"
            form = browser.get(f"/login?code={code}").text
            shown = re.search(r'name="code" value="([^"]+)".*?maxlength="(\d+)"', form)
            assert shown
            assert len(shown[1]) <= int(shown[2])
            assert browser.post("/login", data={"code": shown[1]}).status_code == 303
            assert browser.post("/login", data={"code": code}).status_code == 403
            page = browser.get("/history")
            assert "checkout" in page.text
            assert page.headers["content-security-policy"].count("default-src") == 1
            for path, shown in PAGES.items():
                assert shown in browser.get(path).text, path
            told = browser.get("/history.json").json()
            assert [run["vault"] for run in told["runs"]] == ["checkout"]
            assert told["count"] == 1
            assert browser.get("/history.csv?vault=nobody").status_code == 404
        # Every connection may come to another worker.
        cookies = dict(browser.cookies)
        for _ in range(6):
            with server.client(cookies=cookies) as again:
                form = again.get("/pauses")
                csrf = re.search(r'name="csrf" value="([\w-]+)"', form.text)
            assert csrf
        with server.client(cookies=cookies) as again:
            paused = {"name": "checkout", "reason": "incident", "by": "ann", "csrf": csrf[1]}
            assert again.post("/pauses/add", data=paused).status_code == 303
            assert again.post("/logout", data={"csrf": csrf[1]}).status_code == 303
        with server.client(cookies=cookies) as again:
            assert again.get("/history").status_code == 303
    assert code not in "".join(server.lines)
    assert "checkout: incident" in shop.run("audit").stdout


@pytest.mark.slow
@pytest.mark.xdist_group("serving")
def test_an_access_token_signs_in_by_its_scope(shop: Shop) -> None:
    shop.write(f"{NAMED}\ndashboard = true")
    with shop.serving() as server:
        for scope, role in (("dashboard-viewer", "viewer"), ("dashboard-admin", "admin")):
            with server.client() as browser:
                answer = signed_in(browser, shop.token(scope))
                assert answer.status_code == 303
                assert role in browser.get("/").text
        for wrong in (shop.token("payment-sharing"), "nonsense", shop.token("x")[:-4]):
            with server.client() as browser:
                answer = signed_in(browser, wrong)
                assert answer.status_code == 403
                assert wrong not in answer.text
        with server.client() as browser:
            assert browser.get("/nothing").status_code in (303, 404)
            assert browser.get("/v1/nothing").status_code == 404


def signed_in(browser: httpx.Client, token: str) -> httpx.Response:
    return browser.post("/login", data={"token": token})


def said(server: Server, lines: int) -> list[str]:
    assert server.process.stdout
    return [server.process.stdout.readline() for _ in range(lines)]
