"""Every command finds the project from a folder below it, and says paths as they are seen there.

Every command is walked: a new one has to say here how it is called.
"""

import json
import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from command_tree import commands
from forwardc.cli.main import run as cli
from forwardc.core.files.above import search_upwards
from forwardc.runtime.history.records import RunFilter
from forwardc.runtime.history.store import Store, open_store
from shop_project import ACCOUNTS, SHOP
from stored_runs import complete, new_run

TOKEN = "b8200fb478aae65919b4155b5d5eb964cfcc55585634874de8b1c471b7d56cf9"
HERE = ("--by", "ann")
SENT = ("--via", "stripe", "--env", "sandbox")
LIVE = ("--env", "production")
# What is typed, and the exit code, in a project with a build, a history with one run, and no keys.
CALLS: dict[str, tuple[tuple[str, ...], int]] = {
    "check": ((), 0),
    "fmt": (("--check",), 0),
    "completion": (("bash",), 0),
    "build": (("--check",), 0),
    "watch": ((), 0),
    "explain": (("build/stripe/shop/sandbox.plan.json#/destination",), 0),
    "coverage": (("--why",), 0),
    "approve": (("stripe", "shop", *LIVE, *HERE), 0),
    "approvals": ((), 0),
    "approvals revoke": (("stripe", "shop", *LIVE, *HERE, "--reason", "x"), 1),
    "diff": (("--against", "approved"), 3),
    "run": (("shop", *SENT, "--source", "pm_sandbox_visa", "--sandbox", "--reference", "r"), 0),
    "history": ((), 0),
    "history show": (("no-run",), 1),
    "history begin": ((), 0),
    "history upgrade": ((), 0),
    "history export": (("--format", "csv"), 0),
    "serve": (("--check",), 1),
    "dashboard": (("--port", "0"), 0),
    "reconcile": ((), 0),
    "resolve": (("no-run",), 1),
    "pause": (("stripe", *HERE), 0),
    "unpause": (("stripe", *HERE), 1),
    "audit": ((), 0),
    **{f"secrets {name}": (SENT, 2) for name in ("push", "list", "check", "delete")},
    "tokens create": (("rocketpay", "--card", "visa-test"), 1),
    "tokens show": (("rocketpay", "--env", "sandbox"), 0),
    "tokens revoke": (("rocketpay", TOKEN, "--env", "sandbox", "--customer-id", "c"), 1),
    "clients issue": (("Rokt", *HERE), 0),
    "clients bind": (("no-client", "--destination", "A"), 2),
    "clients list": ((), 0),
    "clients rotate": (("no-client",), 2),
    "clients revoke": (("no-client",), 2),
    "clients keys": (("--forget", *HERE), 0),
    "submit": (("stripe", "shop", *LIVE, "--key", "{key}", "--out", "{out}"), 1),
    "sandbox": ((), 0),
    "demo": ((), 0),
}
SETTINGS = """\
forwardc = 1
[run]
environment = "sandbox"
[destinations.A]
run = "shop.payment"
[lookup]
kind = "csv"
file = "cards.csv"
"""
# What differs from one call to the next.
ODD = re.compile(
    r"[0-9a-f]{8}-[0-9a-f-]{27}|client_\w+|fwdreq_\w+|secret  \S+|sha256:\w+"
    r"|\b[\d.]+ m?s\b|20\d\d-\d\d-\d\dT\S+|/\S*/(?=outside/)"
)

Call = Callable[..., tuple[int, str]]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("built")
    (root / "forwardc.yaml").write_text(ACCOUNTS.replace("{name: Shop of Tests}", MERCHANT))
    (root / "destinations").mkdir()
    (root / "destinations/shop.yaml").write_text(SHOP)
    (root / "forwardc-server.toml").write_text(SETTINGS)
    (root / "sub/deeper").mkdir(parents=True)
    assert cli(["build", "--project", str(root)]) == 0
    with open_store(str(root / ".forwardc/history.db")) as store:
        complete(store, new_run())
    return root


MERCHANT = "{name: Shop of Tests, country: DE}"


@pytest.fixture
def call(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Call:
    for name in ("FORWARDC_HISTORY", "FORWARDC_SERVER_SETTINGS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("forwardc.server.oauth.clients._N", 2**6)
    monkeypatch.setattr("forwardc.sandbox.serve.serve", _served)
    monkeypatch.setattr("forwardc.cli.dashboard._serve", _shown)
    monkeypatch.setattr("forwardc.cli.watched_inputs.InputEvents.wait", _interrupted)

    def made(*arguments: str) -> tuple[int, str]:
        code = cli(arguments)
        return code, "".join(capfd.readouterr())

    return made


def _served(*_: object, project: Callable[[], dict[str, object] | None], **__: object) -> None:
    """What the sandbox is given instead of being served."""
    assert project is not None
    print("given", len((project() or {"requests": []})["requests"]))  # noqa: T201


def _interrupted(_: object) -> frozenset[str]:
    """Ctrl-C, as soon as something is waited for."""
    raise KeyboardInterrupt


def _shown(_listener: object, store: Store, _host: str, app: Any) -> None:
    """What the dashboard is given instead of being served."""
    print(store.search(RunFilter()).runs[0].reference, app.project is not None)  # noqa: T201


def test_every_command_says_how_it_is_called() -> None:
    assert set(CALLS) == set(commands())


@pytest.mark.parametrize("words", CALLS)
def test_a_command_does_the_same_wherever_somebody_stands(
    words: str, call: Call, built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "key.asc").write_text("no key")
    arguments, expected = CALLS[words]
    given = {"key": str(outside / "key.asc"), "out": str(outside / "sealed")}
    typed = [*words.split(), *(one.format_map(given) for one in arguments)]
    told: dict[str, str] = {}
    for place in (".", "sub", "sub/deeper", "linked"):
        root = tmp_path / f"project-{place.replace('/', '-')}"
        shutil.copytree(built, root)
        (tmp_path / f"{root.name}-link").symlink_to(root / "sub")
        folder = tmp_path / f"{root.name}-link" if place == "linked" else root / place
        monkeypatch.chdir(folder)
        code, shown = call(*typed)
        assert code == expected, f"{place}: {shown}"
        # What the demo's emulators make up is another thing each time.
        shown = shown[:80] if words == "demo" else shown
        above = {".": "", "sub": "../", "linked": "../", "sub/deeper": "../../"}[place]
        named = shown.replace(str(root), "ROOT").replace(f"{above}build", "build")
        for name in ("destinations/", "forwardc.", ".forwardc/"):
            named = named.replace(f"{above}{name}", name)
        told[place] = " ".join(ODD.sub("*", named).split())
        assert [path.name for path in (root / "sub").rglob("*")] == ["deeper"], (
            "made where it stood"
        )
    assert len(set(told.values())) == 1, told


def test_a_mistake_stands_where_it_is_seen_from(
    call: Call, built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "project"
    shutil.copytree(built, root)
    file = root / "destinations/shop.yaml"
    file.write_text(SHOP.replace("card.number", "card.nubmer"))
    for folder, path in (
        (root, "destinations/shop.yaml"),
        (root / "destinations", "shop.yaml"),
        (root / "sub/deeper", "../../destinations/shop.yaml"),
        (tmp_path, "project/destinations/shop.yaml"),
    ):
        monkeypatch.chdir(folder)
        project = ("--project", "project") if folder == tmp_path else ()
        code, shown = call("check", *project)
        assert (code, f"{path}:" in shown) == (1, True), shown
        # The line of the file is shown, too: it is found from here.
        assert "card.nubmer" in shown
        for format_ in ("concise", "json", "github", "sarif"):
            assert path in call("check", "--format", format_, *project)[1].replace("\\/", "/")
        found = json.loads(call("check", "--json", *project)[1])
        assert found["problems"][0]["path"] == path
        assert (folder / path).samefile(file)


def test_what_is_typed_starts_where_somebody_stands(
    call: Call, built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "project"
    shutil.copytree(built, root)
    monkeypatch.chdir(root / "destinations")
    assert call("check", "shop.yaml")[0] == 0
    assert call("check", "destinations/shop.yaml")[0] == 1
    assert call("explain", "shop.yaml:20")[1].startswith("../build/")
    assert call("explain", "../build/stripe/shop/sandbox.plan.json#/destination")[0] == 0
    monkeypatch.chdir(root / "sub")
    assert call("approvals", "--build", "build")[0] == 1
    assert call("approvals", "--build", "../build")[0] == 0
    code, shown = call("history", "--history", "runs.db")
    assert (code, "runs.db: there is no history" in shown) == (1, True)


def test_a_machine_that_only_runs_has_a_lock_and_no_project_file(
    call: Call, built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "machine"
    (root / "sub").mkdir(parents=True)
    shutil.copytree(built / "build", root / "build")
    monkeypatch.chdir(root)
    assert call("approve", "stripe", "shop", *LIVE, *HERE)[0] == 2
    (root / "forwardc.lock").write_text('{"forwardc": 2, "own": {}, "psp": {}, "accepted": []}')
    monkeypatch.chdir(root / "sub")
    code, shown = call("run", *CALLS["run"][0])
    assert (code, "approved" in shown) == (0, True), shown
    assert (root / ".forwardc/history.db").exists()


def test_where_there_is_none_it_is_said(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for words in ("check", "build", "coverage", "diff", "explain destinations/shop.yaml:1"):
        code, shown = call(*words.split())
        assert (code, "There is no forwardc.yaml here or above" in shown) == (2, True)
        assert "--project" in shown
    code, shown = call("check", "--project", str(tmp_path))
    assert (code, "no forwardc.yaml in that folder" in shown) == (2, True)


def test_the_nearest_one_counts(built: Path, tmp_path: Path) -> None:
    (tmp_path / "forwardc.yaml").touch()
    inner = tmp_path / "inner"
    (inner / "deep").mkdir(parents=True)
    assert search_upwards(inner / "deep", ["forwardc.yaml"]).folder == tmp_path
    (inner / "forwardc.yaml").symlink_to("nowhere")
    # A link is one: whoever reads it refuses it, instead of going on to another project.
    assert search_upwards(inner / "deep", ["forwardc.yaml"]).folder == inner


@pytest.mark.skipif(os.name == "nt" or os.geteuid() != 0, reason="needs to give files away")
def test_a_project_that_somebody_else_put_above_is_none(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "shared/mine/sub").mkdir(parents=True)
    shared = tmp_path / "shared"
    (shared / "forwardc.yaml").write_text(ACCOUNTS)
    monkeypatch.chdir(shared / "mine/sub")
    assert search_upwards(shared / "mine/sub", ["forwardc.yaml"]).folder == shared
    os.chown(shared / "forwardc.yaml", 65534, 65534)
    code, shown = call("check")
    assert (code, "its forwardc.yaml belongs to somebody else" in shown) == (2, True)
    os.chown(shared / "forwardc.yaml", 0, 0)
    os.chown(shared, 65534, 65534)
    code, shown = call("check")
    assert (code, f"below {shared}: it belongs to somebody else" in shown) == (2, True)
    # In the folder itself, and where it is named, it is the person's own choice.
    monkeypatch.chdir(shared)
    assert call("check")[0] in (0, 1)
    monkeypatch.chdir(shared / "mine")
    assert call("check", "--project", str(shared))[0] in (0, 1)


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs another file system")
def test_another_file_system_ends_the_search() -> None:
    found = search_upwards(Path("/proc/self").resolve(), ["bin"])
    assert (found.folder, found.why) == (None, "it is on another file system")
