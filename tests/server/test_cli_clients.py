"""`forwardc clients`: the secret is shown once, every change is recorded, and no key leaves."""

import json
import logging
import re
import stat
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

import pytest

from forwardc.cli.main import run
from forwardc.runtime.history.store import open_store
from forwardc.server.oauth.clients import has_form


@pytest.fixture(autouse=True)
def cheap_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("forwardc.server.oauth.clients._N", 2**6)


@dataclass(frozen=True)
class Done:
    exit_code: int
    stdout: str
    stderr: str

    @property
    def output(self) -> str:
        return self.stdout + self.stderr


def clients(*arguments: str) -> Done:
    with redirect_stdout(StringIO()) as out, redirect_stderr(StringIO()) as err:
        code = run(["clients", *arguments])
    return Done(code, out.getvalue(), err.getvalue())


FOR = ("--destination", "COM.ROKT.CATALOG")


def issued(*arguments: str) -> tuple[str, str]:
    found = json.loads(clients("issue", "Rokt", "--json", *FOR, *arguments).stdout)
    return found["client_id"], found["client_secret"]


def test_a_client_is_issued_and_listed() -> None:
    done = clients("issue", "Rokt", "--by", "eve", *FOR)
    assert done.exit_code == 0
    shown = re.fullmatch(
        r"client  (client_[a-z2-9]{16})\nsecret  (\S+)\nscope   payment-sharing\n"
        r"for     COM\.ROKT\.CATALOG\n",
        done.stdout,
    )
    assert shown
    assert has_form(shown[2])
    assert shown[2] not in done.stderr
    listed = clients("list")
    assert shown[1] in listed.stdout
    assert "active" in listed.stdout
    assert shown[2] not in listed.output


def test_without_clients_the_list_says_how_to_make_one() -> None:
    assert run(["history", "begin"]) == 0
    done = clients("list")
    assert (done.exit_code, done.stdout) == (0, "")
    assert "forwardc clients issue NAME" in done.stderr
    assert json.loads(clients("list", "--json").stdout)["clients"] == []


def test_scopes_are_those_that_exist() -> None:
    scopes = ("--scope", "dashboard-admin", "--scope", "dashboard-viewer")
    found = json.loads(clients("issue", "Staff", *scopes, "--json").stdout)
    assert found["scope"] == ["dashboard-viewer", "dashboard-admin"]
    assert clients("issue", "Staff", "--scope", "everything").exit_code == 2


@pytest.mark.parametrize("name", ["", "x" * 81, "two\nlines", "\x1b[31m"])
def test_a_name_is_one_short_line(name: str) -> None:
    assert clients("issue", name).exit_code == 2


def test_a_secret_is_rotated_with_an_overlap() -> None:
    client_id, first = issued()
    done = clients("rotate", client_id)
    assert done.exit_code == 0
    assert first not in done.output
    assert "works until" in done.stderr
    at_once = clients("rotate", client_id, "--overlap", "0", "--json")
    found = json.loads(at_once.stdout)
    assert found["old_secret_until"] is None
    assert found["client_secret"] not in (first, None)


@pytest.mark.parametrize("overlap", ["", "24", "h", "-1h", "31d", "1w", "٣h", "9999999d"])
def test_an_overlap_is_a_time(overlap: str) -> None:
    client_id, _ = issued()
    assert clients("rotate", client_id, "--overlap", overlap).exit_code == 2


def test_a_client_is_revoked_for_good() -> None:
    client_id, _ = issued()
    assert clients("revoke", client_id, "--by", "eve").stdout == f"{client_id} is revoked by eve\n"
    assert "revoked 20" in clients("list").stdout
    for command in ("revoke", "rotate"):
        done = clients(command, client_id)
        assert done.exit_code == 2
        assert "revoked" in done.stderr
    assert clients("revoke", "client_nobody").exit_code == 2


def test_every_change_says_who_did_it(tmp_path: Path) -> None:
    client_id, _ = issued("--by", "eve")
    clients("rotate", client_id)
    clients("revoke", client_id, "--by", "trent")
    clients("keys", "--forget", "--by", "peggy")
    with open_store(str(tmp_path / "recorded.db")) as store:
        events = store.events()
    assert [event.kind for event in events] == [
        *("server-keys-forget", "client-revoke", "client-rotate", "client-issue")
    ]
    assert [event.by for event in events if event.kind != "client-rotate"] == [
        *("peggy", "trent", "eve")
    ]
    assert all(event.by for event in events)


def test_a_secret_stands_in_the_line_of_its_making_and_nowhere_else(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        client_id, first = issued()
        second = json.loads(clients("rotate", client_id, "--json").stdout)["client_secret"]
        later = (("list",), ("list", "--json"), ("revoke", client_id))
        others = [clients(*one).output for one in later]
    files = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    for secret in (first, second):
        assert secret not in "".join(others) + caplog.text
        assert secret.encode() not in files
        assert secret[4:47].encode() not in files


def test_keys_are_made_for_their_owner_and_not_shown(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    done = clients("keys", str(path))
    assert done.exit_code == 0
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    private = [key.get("d") or key["k"] for key in json.loads(path.read_text())["keys"]]
    assert len(private) == 2
    assert not [one for one in private if one in done.output]
    assert re.search(r"signs\s+\S{43}\nseals\s+\S{43}\n", done.stdout)
    again = clients("keys", str(path))
    assert again.exit_code == 2
    assert "--add" in again.stderr


def test_keys_are_added_and_turned(tmp_path: Path) -> None:
    path = str(tmp_path / "keys.json")
    first = clients("keys", path).stdout.splitlines()
    added = clients("keys", path, "--add").stdout.splitlines()
    assert [line.split()[0] for line in added] == ["USE", "signs", "verifies", "seals", "opens"]
    assert added[1].split()[1] == first[1].split()[1]
    turned = clients("keys", path, "--use-newest").stdout.splitlines()
    assert turned[1].split()[1] == added[2].split()[1]


@pytest.mark.parametrize(
    "arguments", [(), ("a", "--forget"), ("a", "--add", "--use-newest"), ("no/such/file", "--add")]
)
def test_what_keys_does_not_take(
    arguments: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert clients("keys", *arguments).exit_code == 2
    assert not list(tmp_path.rglob("*.json"))


def test_a_history_that_cannot_be_opened_is_a_finding(tmp_path: Path) -> None:
    path = tmp_path / "no.db"
    path.write_text("this is no database, and long enough to be looked at as one" * 20)
    done = clients("issue", "Rokt", *FOR, "--history", str(path))
    assert done.exit_code == 1
    assert "FC0819" in done.stderr
    assert "fwc_" not in done.output


SETTINGS = """\
forwardc = 1
[run]
environment = "sandbox"
[destinations."COM.ROKT.CATALOG"]
run = "rokt.share"
[destinations."com.other:1"]
run = "rokt.share"
[lookup]
kind = "csv"
file = "cards.csv"
"""


def bound(*arguments: str) -> list[str] | None:
    done = clients("issue", "Rokt", "--json", *arguments)
    assert done.exit_code == 0, done.stderr
    found: list[str] | None = json.loads(done.stdout)["destinations"]
    return found


def test_a_client_is_bound_to_what_the_settings_list(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    refused = clients("issue", "Rokt")
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert "FC0843 which destinations the client may ask for is not said" in refused.stderr
    assert "FC0867" in clients("list").stderr
    (tmp_path / "server.toml").write_text(SETTINGS)
    both = ["COM.ROKT.CATALOG", "com.other:1"]
    assert bound("--settings", "server.toml") == both
    (tmp_path / "server.toml").rename("forwardc-server.toml")
    assert bound() == both
    assert bound("--destination", "com.other:1") == ["com.other:1"]
    # Who may share nothing needs none.
    assert bound("--scope", "dashboard-viewer") == []
    Path("forwardc-server.toml").write_text(SETTINGS.replace("rokt.share", "Rokt share"))
    broken = clients("issue", "Rokt")
    assert (broken.exit_code, broken.stdout) == (1, "")
    assert "FC0832" in broken.stderr
    assert "FC0843" in broken.stderr


@pytest.mark.parametrize("name", ["", " ", "a b", "a\tb", "\u202e", "x" * 81, "a,b", "*"])
def test_a_destination_has_the_form_of_one(name: str) -> None:
    assert clients("issue", "Rokt", "--destination", name).exit_code == 2
    client_id, _ = issued()
    assert clients("bind", client_id, "--destination", name).exit_code == 2


def test_a_client_is_bound_anew(tmp_path: Path) -> None:
    client_id, _ = issued()
    done = clients("bind", client_id, "--destination", "one", "--destination", "two", "--by", "eve")
    assert (done.exit_code, done.stdout) == (0, f"{client_id} may ask for one two\n")
    assert "one two" in clients("list").stdout
    assert clients("bind", client_id).exit_code == 2
    assert clients("bind", "client_nobody", "--destination", "one").exit_code == 2
    with open_store(str(tmp_path / "recorded.db")) as store:
        newest = store.events()[0]
    assert (newest.kind, newest.by) == ("client-bind", "eve")
    assert newest.description == f"{client_id}: for one two"
    clients("revoke", client_id)
    assert clients("bind", client_id, "--destination", "one").exit_code == 2


def test_who_shares_nothing_is_for_no_destination() -> None:
    done = clients("issue", "Ann", "--scope", "dashboard-admin", "--destination", "one")
    assert done.exit_code == 2
