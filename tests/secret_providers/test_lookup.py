"""What a run does with sources: values kept for a while, failures named at once, nothing shown."""

import asyncio
import logging
import pickle
import sys
import traceback
from collections.abc import Callable, Coroutine, Mapping
from pathlib import Path
from threading import Barrier, Event

import httpx
import pytest

from attempted import Network, Notes, Went
from forwardc.cli.main import run as cli
from forwardc.core.diagnostics.sink import Sink
from forwardc.core.terms.values import Secret
from forwardc.plan.model import Plan, load_plan
from forwardc.runtime.http.jwk_sets import VaultKeys
from forwardc.runtime.http.send import Sender
from forwardc.runtime.run.context import RunDependencies
from forwardc.runtime.run.request import RunRequest
from forwardc.runtime.run.result import RunResult
from forwardc.runtime.run.run import run
from forwardc.runtime.secret_providers.plan_secrets import collect_secrets
from forwardc.runtime.secret_providers.provider import SecretProviderError, SecretReference
from forwardc.runtime.secret_providers.resolver import ProviderResolver, open_resolver
from forwardc.runtime.secret_providers.secrets_file import SecretBindings
from patience import LONG_S

CANARY = "hush-canary-7373"
PLANS = Path(__file__).parent.parent / "runtime" / "plans"
TABLE = {
    "FORWARDC_SECRET__SANDBOX__SHOP__KEY": "env:NOWHERE",
    "FORWARDC_SECRET__SANDBOX__SHOP__SIGNING": "exec:false",
}
ENVIRONMENT = dict.fromkeys(TABLE, CANARY)
Written = Callable[..., Path]


class Counting:
    """A source that changes its value each time, and can fail."""

    kind = "counting"

    def __init__(self) -> None:
        self.asked = 0
        self.fails = False

    def problem(self, place: str) -> str | None:
        return None

    def fetch(self, place: str) -> str:
        self.asked += 1
        if self.fails:
            raise SecretProviderError("is away")
        return f"{CANARY}-{self.asked}"


class Clock:
    """Seconds, as a test sets them."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def lookup_of(source: Counting, clock: Clock, seconds: float = 300) -> ProviderResolver:
    references = {name: SecretReference("counting", "x") for name in "AB"}
    bindings = SecretBindings({"C": Secret(CANARY)}, references, seconds)
    return ProviderResolver({}, bindings, clock, lambda *_: source)


def test_a_value_is_kept_for_its_lifetime() -> None:
    source, clock = Counting(), Clock()
    look_up = lookup_of(source, clock)
    assert look_up("A") == look_up("B") == f"{CANARY}-1"
    clock.now += 299
    assert look_up("A") == f"{CANARY}-1"
    clock.now += 1
    assert look_up("A") == f"{CANARY}-2"
    assert source.asked == 2


def test_a_lifetime_of_nothing_asks_each_time() -> None:
    source = Counting()
    look_up = lookup_of(source, Clock(), 0)
    assert [look_up("A"), look_up("A")] == [f"{CANARY}-1", f"{CANARY}-2"]


def test_a_failure_is_not_kept() -> None:
    source = Counting()
    look_up = lookup_of(source, Clock())
    source.fails = True
    for _ in range(2):
        with pytest.raises(SecretProviderError, match="the source counting is away"):
            look_up("A")
    source.fails = False
    assert look_up("A") == f"{CANARY}-3"


def test_a_value_that_ran_out_is_not_used_when_its_source_fails() -> None:
    source, clock = Counting(), Clock()
    look_up = lookup_of(source, clock)
    look_up("A")
    clock.now += 301
    source.fails = True
    with pytest.raises(SecretProviderError):
        look_up("A")


def test_no_value_prints() -> None:
    look_up = lookup_of(Counting(), Clock())
    assert look_up("A")
    assert look_up("C") == CANARY
    assert CANARY not in f"{look_up} {look_up!r} {look_up.bindings!r}"
    with pytest.raises(TypeError):
        pickle.dumps(look_up.bindings)


@pytest.fixture(scope="module")
def direct() -> Plan:
    return load_plan((PLANS / "direct.json").read_bytes())


def table(references: Mapping[str, str]) -> str:
    return "[from]\n" + "".join(f"{name} = '''{text}'''\n" for name, text in references.items())


def test_all_that_fail_are_named_at_once(direct: Plan, written: Written) -> None:
    sink = Sink()
    look_up = open_resolver({}, written(table(TABLE)), sink)
    assert collect_secrets(direct, direct.operations["two_steps"], look_up, sink) == {}
    assert [(one.code, one.message) for one in sink.sorted()] == [
        ("FC0825", "the secret key of shop: the source env has no variable NOWHERE"),
        ("FC0825", "the secret signing of shop: the source exec ended with status 1"),
    ]
    assert all("FORWARDC_SECRET__SANDBOX__SHOP" in str(one.hint) for one in sink.sorted())


def test_sources_are_asked_at_once(direct: Plan) -> None:
    both = Barrier(2, timeout=LONG_S)

    class Waiting(Counting):
        def fetch(self, place: str) -> str:
            # Comes back only when the other one is asked meanwhile.
            both.wait()
            return CANARY

    references = {name: SecretReference("waiting", name) for name in TABLE}
    look_up = ProviderResolver({}, SecretBindings({}, references), Clock(), lambda *_: Waiting())
    sink = Sink()
    found = collect_secrets(direct, direct.operations["two_steps"], look_up, sink)
    assert sorted(found) == ["secrets.key", "secrets.signing"], sink.sorted()


def test_a_source_that_failed_is_asked_once_for_each_problem(direct: Plan) -> None:
    source = Counting()
    source.fails = True
    references = {name: SecretReference("counting", name) for name in TABLE}
    look_up = ProviderResolver({}, SecretBindings({}, references), Clock(), lambda *_: source)
    for count in (2, 4):
        sink = Sink()
        collect_secrets(direct, direct.operations["two_steps"], look_up, sink)
        assert [one.code for one in sink.sorted()] == ["FC0825", "FC0825"]
        assert source.asked == count


def test_a_mistake_of_ours_in_a_source_is_not_hidden() -> None:
    class Broken(Counting):
        def fetch(self, place: str) -> str:
            value = CANARY
            raise ZeroDivisionError(len(value) / 0)

    with pytest.raises(ZeroDivisionError) as caught:
        lookup_of(Broken(), Clock())("A")
    assert CANARY not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize("by_option", [True, False])
def test_the_command_uses_the_sources_and_shows_nothing(
    runtime_build: Path,
    written: Written,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    by_option: bool,
) -> None:
    caplog.set_level(logging.DEBUG)
    printed = f"exec:{sys.executable} -S -c 'print(\"{CANARY}\")'"
    monkeypatch.setenv("FROM_ELSEWHERE", CANARY)
    path = written(
        table({**dict.fromkeys(TABLE, "env:FROM_ELSEWHERE"), next(iter(TABLE)): printed})
    )
    if not by_option:
        monkeypatch.setenv("FORWARDC_SECRETS", str(path))
    options = ("--secrets", str(path)) if by_option else ()
    code = cli(arguments(runtime_build, "--dry-run", "--curl", *options))
    out, err = capfd.readouterr()
    assert (code, err.count("error")) == (0, 0)
    assert "***" in out
    assert CANARY not in out + err + caplog.text


def test_the_command_sends_nothing_when_a_source_fails(
    runtime_build: Path, written: Written, capfd: pytest.CaptureFixture[str]
) -> None:
    code = cli(arguments(runtime_build, "--secrets", str(written(table(TABLE)))))
    out, err = capfd.readouterr()
    assert (code, out) == (1, "")
    assert err.count("error FC0825") == 2


def arguments(build: Path, *more: str) -> list[str]:
    where = ("run", "shop.two_steps", "--via", "direct", "--env", "sandbox")
    return [*where, "-p", "code=c", "-p", "note=n", "--build", str(build), *more]


def run_of(direct: Plan, look_up: ProviderResolver, *others: Coroutine[None, None, None]) -> Went:
    """A run of two steps over a network that approves, beside other work of the same loop."""
    created = httpx.Response(200, json={"id": "o1", "token": "t"})
    request = RunRequest(texts={"code": "c-1", "note": "n"})
    network, sink = Network([created, httpx.Response(200, json={})]), Sink()

    async def work() -> RunResult | None:
        async with Sender(network) as sender:
            means = RunDependencies(sender, VaultKeys(sender))
            running = run(direct, "two_steps", request, look_up, means, sink)
            return (await asyncio.gather(running, *others))[0]

    return Went(asyncio.run(work()), network.requests, [], Notes(), sink)


def test_a_slow_source_holds_up_its_own_run_alone(direct: Plan) -> None:
    answered = Event()

    class Slow(Counting):
        def fetch(self, place: str) -> str:
            # Comes back only when the loop has gone on meanwhile.
            if not answered.wait(LONG_S):
                raise SecretProviderError("is not let go")
            return super().fetch(place)

    async def goes_on() -> None:
        answered.set()

    references = {name: SecretReference("slow", name) for name in TABLE}
    look_up = ProviderResolver({}, SecretBindings({}, references), Clock(), lambda *_: Slow())
    went = run_of(direct, look_up, goes_on())
    assert went.done.outcome == "approved", went.sink.sorted()


def test_what_is_kept_needs_no_thread(direct: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    references = {name: SecretReference("counting", name) for name in TABLE}
    source = Counting()
    look_up = ProviderResolver({}, SecretBindings({}, references), Clock(), lambda *_: source)
    assert run_of(direct, look_up).done.outcome == "approved"

    async def refused(*_: object) -> None:
        raise AssertionError("asked in a thread")

    monkeypatch.setattr(asyncio, "to_thread", refused)
    assert run_of(direct, look_up).done.outcome == "approved"
    assert run_of(direct, ProviderResolver(ENVIRONMENT)).done.outcome == "approved"
    assert source.asked == 2
