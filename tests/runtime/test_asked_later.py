"""A payment that ended pending is asked for by `reconcile` and `run --resume`, in the same way."""

import json
from collections.abc import Callable, Collection
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from dashboards import Browser, fresh_settings, text_of
from forwardc.cli.main import run as cli
from forwardc.core.outcome import Outcome
from forwardc.dashboard.app import create
from forwardc.dashboard.login import Role
from forwardc.runtime.history.records import RunFilter, StoredRun
from forwardc.runtime.history.store import open_store
from forwardc.runtime.http import send
from forwardc.runtime.run import context
from forwardc.runtime.run.context import RunDependencies
from forwardc.runtime.run.reused_results import ReusedResults
from stored_projects import asked

PROJECT = """\
forwardc: 1
merchant: {name: Shop of Tests}
environments:
  sandbox:
    vaults: {checkout: {processing_channel_id: pc_shopoftests000000000000000, prefix: shop}}
"""
RULES = """outcome:
            - {when: "${response.json['state'] == 'open'}", is: pending}
            - {when: "${response.json['state'] == 'booked'}", is: approved}
            - {when: "${response.json['state'] == 'void'}", is: declined}
"""
FILE = f"""\
forwardc: 1
name: hall
title: A hall that books later
environments: {{sandbox: {{base_url: https://api.hall.example}}}}
params:
  guest: {{type: string, sensitive: true, optional: true}}
secrets:
  hall_secret: {{description: client secret}}
operations:
  book:
    initiator: customer
    steps:
      token:
        deliver: direct
        reuse: {{expires_in: /expires_in, renew_on_401: true}}
        request:
          POST: /token
          headers: {{X-Key: "${{secrets.hall_secret}}"}}
          form: {{grant_type: client_credentials}}
        response:
          outcome: by_status
          outputs: {{bearer: {{at: /access_token, sensitive: true}}}}
      pay:
        deliver: direct
        request:
          POST: /bookings
          headers: {{Authorization: "Bearer ${{steps.token.bearer}}"}}
          json: {{guest: "${{params.guest?}}"}}
        response:
          outputs: {{id: {{at: /id}}}}
          {RULES}
      ask:
        deliver: direct
        poll: {{every: 3, at_most: 30, times: 2}}
        request:
          GET: "/bookings/${{steps.pay.id}}"
          headers: {{Authorization: "Bearer ${{steps.token.bearer}}"}}
        response:
          {RULES}
  later:
    initiator: customer
    steps:
      pay:
        deliver: direct
        request: {{POST: /bookings, json: {{note: no question follows}}}}
        response:
          {RULES}
"""
Call = Callable[..., tuple[int, str]]


class Hall(httpx.AsyncBaseTransport):
    """The destination: what it says of every booking. `now` is the time that it takes.

    It refuses the token of the questions in `refuses`, from 1. `results` are those of one process.
    """

    def __init__(self) -> None:
        self.state = "open"
        self.sent: list[str] = []
        self.refuses: Collection[int] = ()
        self.results: ReusedResults | None = None
        self.now = 100.0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.sent.append(f"{request.method} {request.url.path}")
        if request.url.path == "/token":
            number = self.sent.count("POST /token")
            return httpx.Response(200, json={"access_token": f"bearer-{number}", "expires_in": 600})
        if request.method == "GET" and self.questions() in self.refuses:
            return httpx.Response(401, json={})
        return httpx.Response(200, json={"id": "b7", "state": self.state})

    async def sleep(self, seconds: float) -> None:
        self.now += seconds

    def questions(self) -> int:
        return self.sent.count("GET /bookings/b7")


@pytest.fixture
def hall(monkeypatch: pytest.MonkeyPatch) -> Hall:
    """A destination that every command of the test reaches, whose time passes at once."""
    hall = Hall()
    sender = send.Sender

    def means(*parts: Any, **more: Any) -> RunDependencies:
        ours = RunDependencies(*parts, **more, sleep=hall.sleep, clock=lambda: hall.now)
        return replace(ours, results=hall.results) if hall.results else ours

    monkeypatch.setattr(send, "Sender", lambda _: sender(hall))
    monkeypatch.setattr(context, "RunDependencies", means)
    monkeypatch.setenv("FORWARDC_SECRET__SANDBOX__HALL__HALL_SECRET", "a-secret-of-tests")
    return hall


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "destinations").mkdir()
    (tmp_path / "destinations" / "hall.yaml").write_text(FILE)
    (tmp_path / "forwardc.yaml").write_text(PROJECT)
    answer = asked(tmp_path, "build")
    assert answer.exit_code == 0, answer.out
    monkeypatch.setenv("FORWARDC_HISTORY", str(tmp_path / "history.db"))
    return tmp_path


@pytest.fixture
def forwardc(folder: Path, capfd: pytest.CaptureFixture[str]) -> Call:
    def call(*arguments: str) -> tuple[int, str]:
        build = ("--build", str(folder / "build")) if arguments[0] in ("run", "reconcile") else ()
        code = cli((*arguments, *build))
        out, err = capfd.readouterr()
        return code, out + err

    return call


def begin(call: Call, operation: str = "book", *more: str) -> None:
    _, said = call("run", f"hall.{operation}", "--env", "sandbox", "--via", "direct", *more)
    assert "pending" in said


def newest(folder: Path) -> StoredRun:
    with open_store(str(folder / "history.db")) as store:
        run = store.load(store.search(RunFilter()).runs[0].id)
    assert run is not None
    return run


def events(folder: Path, run_id: str) -> list[tuple[str, str, str]]:
    with open_store(str(folder / "history.db")) as store:
        return [(event.kind, event.by, event.description) for event in store.events(run_id)]


@pytest.mark.parametrize("command", ["reconcile", "reconcile RUN", "run --resume RUN"])
@pytest.mark.parametrize(
    ("state", "outcome"),
    [("booked", "approved"), ("void", "declined")],
    ids=["booked", "void"],
)
def test_a_decision_that_came_later(
    command: str, state: str, outcome: str, forwardc: Call, hall: Hall, folder: Path
) -> None:
    begin(forwardc)
    run = newest(folder)
    hall.state = state
    _, said = forwardc(*command.replace("RUN", run.id).split())
    assert outcome in said
    settled = newest(folder)
    assert settled.summary.outcome == outcome
    # One payment, and one more question; the token was asked for by each process.
    assert hall.sent.count("POST /bookings") == 1
    assert hall.questions() == 3
    told_by = command.removesuffix(" RUN")
    what = f"{outcome}: its destination was asked again and tells so"
    assert events(folder, run.id) == [("reconcile", f"forwardc {told_by}", what)]
    # Nothing about it is open any more, for anybody.
    code, said = forwardc("reconcile")
    assert (code, said) == (0, "no run is unknown\n")
    assert "nothing about it is unknown" in forwardc("reconcile", run.id)[1]
    assert "nothing was changed" in forwardc("resolve", run.id, "--as", "declined")[1]
    assert [step.outcome for step in newest(folder).steps] == ["approved", "pending", outcome]
    assert hall.questions() == 3


def test_what_is_still_pending_stays_so(forwardc: Call, hall: Hall, folder: Path) -> None:
    begin(forwardc)
    run = newest(folder)
    code, said = forwardc("reconcile", "--json")
    document = json.loads(said)
    assert code == 1
    (told,) = document["runs"]
    assert (told["run"], told["outcome"], told["told_by"]) == (run.id, "pending", "destination")
    # The payment is asked about, and not the question for it.
    assert [question["step"] for question in told["ask"]] == ["pay"]
    assert "stays pending" in document["problems"][0]["message"]
    now = newest(folder)
    assert (now.summary.outcome, now.summary.state) == (Outcome.PENDING, "done")
    assert hall.questions() == 4
    assert events(folder, run.id) == []
    hall.state = "booked"
    assert forwardc("reconcile")[0] == 0
    assert newest(folder).summary.outcome is Outcome.APPROVED


def test_only_operations_that_ask_are_asked_for(forwardc: Call, hall: Hall, folder: Path) -> None:
    begin(forwardc, "later")
    waiting = newest(folder)
    begin(forwardc)
    hall.state, before = "booked", len(hall.sent)
    code, said = forwardc("reconcile")
    assert code == 0
    assert waiting.id not in said
    assert hall.sent[before:] == ["POST /token", "GET /bookings/b7"]
    code, said = forwardc("reconcile", waiting.id)
    assert code == 1
    assert "stays pending: " in said


def test_a_run_whose_values_are_not_recorded_is_left_to_resume(
    forwardc: Call, hall: Hall, folder: Path
) -> None:
    begin(forwardc, "book", "-p", "guest=Jane")
    run, before = newest(folder), len(hall.sent)
    hall.state = "booked"
    code, said = forwardc("reconcile")
    assert code == 1
    assert "params.guest is sensitive and not recorded" in said
    assert f"forwardc run --resume {run.id}" in said
    assert len(hall.sent) == before
    assert newest(folder).summary.outcome is Outcome.PENDING
    assert "approved" in forwardc("run", "--resume", run.id, "-p", "guest=Jane")[1]


def test_a_run_that_its_process_left_while_it_asked(
    forwardc: Call, hall: Hall, folder: Path
) -> None:
    begin(forwardc)
    run = newest(folder)
    with open_store(str(folder / "history.db")) as store:
        store.database.write(
            lambda tx: tx.run("UPDATE runs SET state = 'running', outcome = NULL, owner = ''")
        )
    hall.state = "booked"
    code, said = forwardc("reconcile")
    assert (code, run.id in said) == (0, True), said
    assert newest(folder).summary.outcome is Outcome.APPROVED
    assert events(folder, run.id)[0][0] == "reconcile"


def test_a_changed_plan_asks_nothing(forwardc: Call, hall: Hall, folder: Path) -> None:
    begin(forwardc)
    file = folder / "destinations" / "hall.yaml"
    file.write_text(FILE.replace('"/bookings/$', '"/v2/bookings/$'))
    assert asked(folder, "build").exit_code == 0
    before = len(hall.sent)
    code, said = forwardc("reconcile")
    assert code == 1
    assert "has changed since run" in said
    assert len(hall.sent) == before
    assert newest(folder).summary.outcome is Outcome.PENDING


@pytest.mark.parametrize(
    ("times", "refused", "asked_in_all", "tokens"),
    [(2, [1], 2, 2), (2, [2], 2, 1), (3, [1, 2, 3], 3, 2)],
    ids=["renewed", "the last one", "refused again"],
)
def test_a_refused_token_is_renewed_within_the_number_of_questions(
    times: int,
    refused: list[int],
    asked_in_all: int,
    tokens: int,
    forwardc: Call,
    hall: Hall,
    folder: Path,
) -> None:
    file = folder / "destinations" / "hall.yaml"
    file.write_text(FILE.replace("times: 2", f"times: {times}"))
    assert asked(folder, "build").exit_code == 0
    hall.results, hall.state = ReusedResults(), "booked"
    # Another run of the process asks for the token, and is not asked for itself.
    assert "approved" in forwardc("run", "hall.book", "--env", "sandbox", "--via", "direct")[1]
    hall.refuses, hall.state = refused, "open"
    begin(forwardc)
    assert hall.questions() == asked_in_all
    assert hall.sent.count("POST /token") == tokens
    assert len(newest(folder).steps[-1].attempts) == asked_in_all


def test_the_page_of_the_run_tells_what_was_asked_and_who_settled_it(
    forwardc: Call, hall: Hall, folder: Path
) -> None:
    begin(forwardc)
    run = newest(folder)
    hall.state = "booked"
    assert forwardc("reconcile")[0] == 0
    settings = fresh_settings()
    with open_store(str(folder / "history.db")) as store:
        browser = Browser(create(store, settings), settings).sign_in(Role.VIEWER)
        page = text_of(browser.get(f"/runs/{run.id}").text)
    assert page.count("without the vault, asked while it is pending") == 1
    assert "reconcile: approved: its destination was asked again and tells so" in page
