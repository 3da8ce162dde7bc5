"""A server that is told to stop: what is under way ends well, or is known to be unknown."""

import json
import os
import signal
import threading
import time
from http.client import HTTPConnection
from pathlib import Path

import httpx
import pytest

import postgres
from forwardc.server.oauth.server_keys import make_file
from patience import LONG_S, until
from serving import NAMED, PATH, Server, Shop, reference

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("serving")]


class Caller(threading.Thread):
    """A call in a thread of its own."""

    def __init__(self, server: Server, number: int = 1) -> None:
        super().__init__()
        self.server = server
        self.number = number
        self.answer: httpx.Response | None = None
        self.start()

    def run(self) -> None:
        try:
            self.answer = self.server.call(self.number)
        except httpx.TransportError:
            self.answer = None


def under_way(server: Server, number: int = 1) -> Caller:
    """A call whose forward the vault holds back."""
    server.shop.vault.held.set()
    server.shop.vault.free.clear()
    before = server.shop.vault.forwards
    caller = Caller(server, number)
    until(lambda: server.shop.vault.forwards > before)
    return caller


def run_of(answer: httpx.Response) -> str:
    return answer.headers["forwardc-run"]


def test_a_forward_under_way_ends_well(shop: Shop) -> None:
    with shop.serving() as server:
        caller = under_way(server)
        with server.client() as client:
            assert client.get("/ready").status_code == 200
            server.process.send_signal(signal.SIGTERM)
            until(lambda: client.get("/ready").status_code == 503)
            assert client.get("/ready").json()["parts"]["taking_calls"] == "failing"
            assert client.get("/health").status_code == 200
            refused = client.post(PATH, **shop.request(2))
            assert refused.status_code == 503
            assert refused.headers["retry-after"]
        shop.vault.free.set()
        caller.join(LONG_S)
        assert caller.answer is not None
        assert caller.answer.status_code == 200
        assert server.process.wait(LONG_S) == 0
    assert shop.vault.forwards == 1
    shown = shop.run("history", "show", run_of(caller.answer))
    assert "approved" in shown.stdout


def test_a_forward_that_does_not_end_is_unknown_to_the_next_server(shop: Shop) -> None:
    shop.write(f"{NAMED}\nstop_within = 0.5")
    with shop.serving() as server:
        caller = under_way(server)
        assert server.stop() == 0
        shop.vault.free.set()
        caller.join(LONG_S)
        assert caller.answer is not None
        assert caller.answer.status_code == 504
    told = shop.run("history", "--json").stdout
    assert '"unknown"' in told, told + "".join(server.lines)
    shown = shop.run("history", "show", one(told)).stdout
    assert "broken off: its process was stopped" in shown
    with shop.serving() as server:
        again = server.call(1)
        assert again.status_code == 504
        assert again.json()["run"] == one(told)
        with server.client() as client:
            figures = client.get("/metrics").text
        assert "forwardc_unsettled_runs 1.0" in figures
        # A repeat of what nobody knows is no forward.
        assert "forwardc_forwards_total{" not in figures
        # Somebody settles it, and whoever asks is told.
        assert shop.run("resolve", one(told), "--as", "approved").returncode == 0
        assert server.call(1).json()["outcome"] == "approved"
    assert shop.vault.forwards == 1


def one(told: str) -> str:
    runs = json.loads(told)
    (run,) = runs["runs"] if isinstance(runs, dict) else runs
    return str(run["id"] if "id" in run else run["run"])


def test_a_second_signal_ends_at_once(shop: Shop) -> None:
    with shop.serving() as server:
        caller = under_way(server)
        server.process.send_signal(signal.SIGINT)
        with server.client() as client:
            until(lambda: client.get("/ready").status_code == 503)
        server.process.send_signal(signal.SIGINT)
        # Its vault answers when it has ended, so that it did not wait for the call.
        assert server.process.wait(LONG_S) == 1
        shop.vault.free.set()
        caller.join(LONG_S)
    # Its intent was on the disk before it left: the next server knows that it may have arrived.
    with shop.serving() as server:
        assert server.call(1).status_code == 504
    assert shop.vault.forwards == 1


def test_a_caller_that_leaves_ends_nothing(shop: Shop) -> None:
    with shop.serving() as server:
        shop.vault.held.set()
        asked = httpx.Request("POST", server.url + PATH, **shop.request(3))
        connection = HTTPConnection(asked.url.host, asked.url.port)
        connection.request("POST", PATH, asked.read(), dict(asked.headers))
        until(lambda: shop.vault.forwards == 1)
        connection.close()
        shop.vault.free.set()
        shop.vault.held.clear()
        answer = server.call(3)
        assert answer.status_code == 200
        assert answer.headers["idempotent-replayed"] == "true"
    assert shop.vault.forwards == 1


def test_two_workers_forward_once_and_count_together(shop: Shop) -> None:
    shop.write(f"{NAMED}\nworkers = 2")
    with shop.serving() as server:
        callers = [Caller(server, 5) for _ in range(30)]
        for caller in callers:
            caller.join(LONG_S)
        answers = [caller.answer for caller in callers if caller.answer is not None]
        assert len(answers) == 30
        assert {answer.status_code for answer in answers} == {200}
        assert len({answer.content for answer in answers}) == 1
        assert shop.vault.forwards == 1
        with server.client() as client:
            figures = client.get("/metrics").text
        total = f'problem="",route="{PATH}",status="200"'
        assert f'forwardc_calls_total{{method="POST",{total}}} 30.0' in figures
        workers = children(server.process.pid)
        time.sleep(5.1)
        os.kill(workers[0], signal.SIGKILL)
        until(lambda: len(set(children(server.process.pid)) - set(workers)) == 1)
        assert server.call(6).status_code == 200
        assert server.stop() == 0
    for pid in workers:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
    assert reference(5) not in "".join(server.lines)


def test_a_worker_that_hears_a_signal_twice_still_ends_in_order(shop: Shop) -> None:
    """As under systemd, which ends every process of a service, the parent and its workers."""
    shop.write(f"{NAMED}\nworkers = 2")
    with shop.serving() as server:
        caller = under_way(server, 9)
        for pid in (*children(server.process.pid), server.process.pid):
            os.kill(pid, signal.SIGTERM)
        time.sleep(0.5)
        shop.vault.free.set()
        caller.join(LONG_S)
        assert caller.answer is not None
        assert caller.answer.status_code == 200
        assert server.process.wait(LONG_S) == 0


def test_a_second_signal_ends_the_workers_at_once(shop: Shop) -> None:
    shop.write(f"{NAMED}\nworkers = 2")
    with shop.serving() as server:
        caller = under_way(server, 9)
        server.process.send_signal(signal.SIGINT)
        # Two that come before the first one is heard are one.
        with server.client() as client:
            until(lambda: client.get("/ready").status_code == 503)
        assert server.process.poll() is None
        server.process.send_signal(signal.SIGINT)
        assert server.process.wait(LONG_S) == 0
        caller.join(LONG_S)


def test_two_machines_share_one_database(
    shop: Shop, postgres_server: postgres.Server, tmp_path: Path
) -> None:
    """As two machines would: a folder, and an address, for each; the database and keys for both."""
    second = Shop(tmp_path / "second", shop.vault, shop.sandbox)
    second.folder.mkdir()
    second.write(NAMED)
    keys = shop.folder / ".forwardc" / "server-keys.json"
    make_file(keys)
    shared = {
        "FORWARDC_SERVER__RUN__HISTORY": postgres_server.history(),
        "FORWARDC_SERVER_KEYS": keys.read_text(),
    }
    with shop.serving(**shared) as here, second.serving(**shared) as there:
        there.shop = shop
        callers = [Caller(one, 7) for _ in range(20) for one in (here, there)]
        for caller in callers:
            caller.join(LONG_S)
        answers = [caller.answer for caller in callers if caller.answer is not None]
        assert len(answers) == 40
        assert {answer.status_code for answer in answers} == {200}
        assert len({answer.content for answer in answers}) == 1
        assert shop.vault.forwards == 1
        # What one of them did not finish, the other one knows.
        caller = under_way(here, 8)
        here.process.kill()
        here.process.wait(LONG_S)
        shop.vault.free.set()
        caller.join(LONG_S)
        answer = there.call(8)
        assert (answer.status_code, shop.vault.forwards) == (504, 2)
    # Nobody serves beside them with keys of its own.
    alone = second.run("serve", **{**shared, "FORWARDC_SERVER_KEYS": fresh(tmp_path)})
    assert alone.returncode == 1
    assert "FC0833" in alone.stderr


def fresh(folder: Path) -> str:
    make_file(folder / "other.json")
    return (folder / "other.json").read_text()


def test_workers_end_with_their_parent(shop: Shop) -> None:
    shop.write(f"{NAMED}\nworkers = 2")
    with shop.serving() as server:
        workers = children(server.process.pid)
        server.process.kill()
        server.process.wait(LONG_S)
        until(lambda: not any(lives(pid) for pid in workers))


def children(pid: int) -> list[int]:
    """The workers of a process; what multiprocessing itself needs is none."""
    return sorted(
        int(entry.name)
        for entry in Path("/proc").iterdir()
        if entry.name.isdecimal() and about(entry, pid)
    )


def about(entry: Path, parent: int) -> bool:
    try:
        told = (entry / "stat").read_text().rpartition(")")[2].split()
        return told[1] == str(parent) and "spawn_main" in (entry / "cmdline").read_text()
    except OSError:
        return False


def lives(pid: int) -> bool:
    try:
        return (Path("/proc") / str(pid) / "stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
