"""Who gets in, what a role may do, and what a browser is told about every page."""

import pytest

from dashboards import BY_NAME, Browser, fresh_settings
from forwardc.core.outcome import Outcome
from forwardc.dashboard.actions import pause
from forwardc.dashboard.guard import host_of
from forwardc.dashboard.login import CODE_SECONDS, SESSION_SECONDS, LocalLogins, Role, Session
from forwardc.dashboard.views import ViewContext, ViewRequest
from recorded import Recorded

PAGES = ("/", "/history", "/unknown", "/pauses", "/tokens", f"/runs/{BY_NAME['order-001'].run_id}")
SETTLE = f"/runs/{BY_NAME['order-105'].run_id}/settle"
CHANGES = {
    "/pauses/add": {"name": "adyen", "reason": "maintenance", "by": "Dana"},
    "/pauses/end": {"name": "adyen", "by": "Dana"},
    SETTLE: {"as": "approved", "by": "Dana"},
}


class Seconds:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.parametrize("path", [*PAGES, "/runs/x", "/?time=never"])
def test_a_stranger_sees_the_way_in_only(stranger: Browser, path: str) -> None:
    answer = stranger.get(path)
    assert (answer.status_code, answer.headers["location"]) == (303, "/login")


def test_looking_at_the_link_does_not_spend_its_code(stranger: Browser) -> None:
    code = stranger.settings.logins.issue(Role.VIEWER)
    for _ in range(3):
        assert f'value="{code}"' in stranger.get(f"/login?code={code}").text
    assert stranger.post("/login", {"code": code}).headers["location"] == "/"
    assert stranger.get("/").status_code == 200


def test_a_code_works_once(stranger: Browser) -> None:
    code = stranger.settings.logins.issue(Role.ADMIN)
    assert stranger.post("/login", {"code": code}).status_code == 303
    again = stranger.post("/login", {"code": code})
    assert again.status_code == 403
    assert "used before" in again.text
    assert code not in again.text


@pytest.mark.parametrize(
    "code", ["", "wrong", "\ud800".encode("utf-8", "surrogatepass").decode("latin-1")]
)
def test_a_wrong_code_opens_nothing(stranger: Browser, code: str) -> None:
    assert stranger.post("/login", {"code": code}).status_code == 403
    assert stranger.get("/").status_code == 303


def test_codes_and_sessions_end() -> None:
    clock = Seconds()
    logins = LocalLogins(clock)
    late = logins.issue(Role.VIEWER)
    clock.now = CODE_SECONDS + 1
    assert logins.redeem(late) is None
    cookie = logins.redeem(logins.issue(Role.ADMIN))
    assert cookie
    session = logins.session(cookie)
    assert session
    assert session.role is Role.ADMIN
    clock.now += SESSION_SECONDS + 1
    assert logins.session(cookie) is None


def test_neither_codes_nor_cookies_are_kept_in_clear() -> None:
    logins = LocalLogins()
    code = logins.issue(Role.ADMIN)
    kept = [logins._codes, logins._sessions]
    assert code not in repr(kept)
    cookie = logins.redeem(code)
    assert cookie
    assert cookie not in repr(kept)


def test_the_cookie_is_out_of_reach(stranger: Browser) -> None:
    answer = stranger.post("/login", {"code": stranger.settings.logins.issue(Role.VIEWER)})
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert "Domain" not in cookie


def test_signing_out_ends_the_session(viewer: Browser) -> None:
    cookies = dict(viewer.cookies)
    assert viewer.post("/logout", {"csrf": "wrong"}).status_code == 403
    assert viewer.post("/logout", {"csrf": viewer.csrf()}).status_code == 303
    viewer.cookies.update(cookies)
    assert viewer.get("/").status_code == 303


@pytest.mark.parametrize("path", CHANGES)
def test_a_viewer_changes_nothing(viewer: Browser, recorded: Recorded, path: str) -> None:
    answer = viewer.post(path, {**CHANGES[path], "csrf": viewer.csrf()})
    assert answer.status_code == 403
    assert not recorded.store.pauses()
    assert {event.kind for event in recorded.store.events()} == {"sign-in"}


@pytest.mark.parametrize("path", CHANGES)
@pytest.mark.parametrize("csrf", [None, "", "x" * 32])
def test_a_form_needs_the_sessions_token(
    admin: Browser, recorded: Recorded, path: str, csrf: str | None
) -> None:
    form = CHANGES[path] if csrf is None else {**CHANGES[path], "csrf": csrf}
    assert admin.post(path, form).status_code == 403
    assert {event.kind for event in recorded.store.events()} == {"sign-in"}


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": "http://127.0.0.1:9999"},
        {"sec_fetch_site": "cross-site"},
        {"sec_fetch_site": "same-site"},
    ],
)
def test_a_form_of_another_site_is_not_taken(
    admin: Browser, recorded: Recorded, headers: dict[str, str]
) -> None:
    form = {**CHANGES["/pauses/add"], "csrf": admin.csrf()}
    assert admin.post("/pauses/add", form, **headers).status_code == 403
    assert not recorded.store.pauses()


def test_an_admin_pauses_and_resumes(admin: Browser, recorded: Recorded) -> None:
    csrf = admin.csrf()
    assert admin.post("/pauses/add", {**CHANGES["/pauses/add"], "csrf": csrf}).status_code == 303
    assert [pause.name for pause in recorded.store.pauses()] == ["adyen"]
    assert admin.post("/pauses/end", {**CHANGES["/pauses/end"], "csrf": csrf}).status_code == 303
    assert not recorded.store.pauses()
    assert admin.post("/pauses/end", {**CHANGES["/pauses/end"], "csrf": csrf}).status_code == 409
    assert [(event.kind, event.by) for event in recorded.store.events()] == [
        ("resume", "Dana"),
        ("pause", "Dana"),
        ("sign-in", "whoever had the link"),
    ]


def test_a_client_cannot_hide_behind_another_name(recorded: Recorded) -> None:
    session = Session(Role.ADMIN, "csrf", 0.0, "client_ann")
    asked = ViewRequest(session, form={"name": "adyen", "reason": "maintenance", "by": "Dana"})
    pause(ViewContext(recorded.store, fresh_settings()), asked)
    assert [event.by for event in recorded.store.events()] == ["Dana (client_ann)"]


@pytest.mark.parametrize(
    ("told", "outcome"),
    [
        ("approved", Outcome.APPROVED),
        ("declined", Outcome.DECLINED),
        ("not_sent", Outcome.REJECTED),
    ],
)
def test_an_admin_settles_once(
    admin: Browser, recorded: Recorded, told: str, outcome: Outcome
) -> None:
    form = {"as": told, "by": "Dana", "csrf": admin.csrf()}
    assert admin.post(SETTLE, form).headers["location"] == "/unknown?settled=1"
    run = recorded.store.load(BY_NAME["order-105"].run_id)
    assert run
    assert run.summary.outcome is outcome
    assert admin.post(SETTLE, form).status_code == 409
    assert "Dana" in admin.page(f"/runs/{run.id}")


@pytest.mark.parametrize(
    ("path", "form"),
    [
        ("/pauses/add", {"name": "", "reason": "x", "by": "Dana"}),
        ("/pauses/add", {"name": "Adyen!", "reason": "x", "by": "Dana"}),
        ("/pauses/add", {"name": "adyen", "reason": "", "by": "Dana"}),
        ("/pauses/add", {"name": "adyen", "reason": "x" * 201, "by": "Dana"}),
        ("/pauses/add", {"name": "adyen", "reason": "a\nb", "by": "Dana"}),
        (SETTLE, {"as": "approved", "by": " "}),
        (SETTLE, {"as": "pending", "by": "Dana"}),
        (SETTLE, {"by": "Dana"}),
    ],
)
def test_an_incomplete_form_is_told(
    admin: Browser, recorded: Recorded, path: str, form: dict[str, str]
) -> None:
    assert admin.post(path, {**form, "csrf": admin.csrf()}).status_code == 400
    assert {event.kind for event in recorded.store.events()} == {"sign-in"}


def test_a_run_that_a_process_still_holds_is_not_settled(
    admin: Browser, recorded: Recorded
) -> None:
    run_id = BY_NAME["order-105"].run_id
    assert recorded.store.lease(run_id, "another process", 60)
    answer = admin.post(SETTLE, {"as": "approved", "by": "Dana", "csrf": admin.csrf()})
    assert answer.status_code == 409
    assert "FC0823" in answer.text
    assert {event.kind for event in recorded.store.events()} == {"sign-in"}


def test_settling_a_run_that_is_not_there(admin: Browser) -> None:
    form = {"as": "approved", "by": "Dana", "csrf": admin.csrf()}
    assert admin.post("/runs/nobody/settle", form).status_code == 409


def test_a_form_has_a_size(admin: Browser) -> None:
    form = {"csrf": admin.csrf(), "name": "x" * 20_000}
    assert admin.post("/pauses/add", form).status_code == 413


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "[::2]:8456", "0"])
def test_another_name_is_not_answered(viewer: Browser, host: str) -> None:
    answer = viewer.get("/", host=host)
    assert answer.status_code == 421
    assert "order" not in answer.text


@pytest.mark.parametrize("host", ["localhost:8456", "127.0.0.1", "[::1]:8456", "LOCALHOST"])
def test_names_of_this_machine_are_answered(viewer: Browser, host: str) -> None:
    assert viewer.get("/login", host=host).status_code == 200


@pytest.mark.parametrize(
    ("header", "name"),
    [
        *(("[::1]:80", "::1"), ("a.example:1", "a.example"), ("A", "a"), ("", ""), ("[", "")),
        *(("localhost:x@evil.example", ""), ("me@localhost", ""), ("localhost:99999", "")),
    ],
)
def test_the_name_in_a_host_header(header: str, name: str) -> None:
    assert host_of(header) == name


@pytest.mark.parametrize("path", [*PAGES, "/login", "/nowhere", "/dashboard.css", "/icon.svg"])
def test_every_answer_carries_the_security_headers(viewer: Browser, path: str) -> None:
    headers = viewer.get(path).headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert "script" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert headers["cache-control"] == "no-store"


@pytest.mark.parametrize("path", [*PAGES, "/login"])
def test_no_page_needs_what_the_policy_forbids(admin: Browser, path: str) -> None:
    page = admin.get(path).text
    for forbidden in ("<script", "<style", " style=", " onclick=", "javascript:", "//"):
        assert forbidden not in page.replace("https://", "").replace("http://", "")


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "TRACE", "OPTIONS"])
def test_other_methods_are_refused(viewer: Browser, method: str) -> None:
    assert viewer.ask(method, "/", {}).status_code == 405
