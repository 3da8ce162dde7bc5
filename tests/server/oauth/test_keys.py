"""The server's keys: where they come from, that several machines share them, that none is shown."""

import asyncio
import json
import os
import stat
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from forwardc.runtime.history.database import Transaction
from forwardc.runtime.history.store import Store, open_store
from forwardc.runtime.secret_providers.provider import SecretProviderError
from forwardc.server.oauth.server_keys import (
    VARIABLE,
    ServerKeys,
    ServerKeysError,
    add_keys,
    forget,
    keys_of,
    load_keys,
    make_file,
    use_newest,
)
from patience import LONG_S

POSTGRES = "postgresql://history.example/forwardc"


def nothing(_: str) -> str | None:
    return None


def load(path: Path, resolver: Callable[[str], str | None] = nothing) -> ServerKeys:
    return load_keys(path, resolver, history=".forwardc/history.db")


def refused(
    path: Path, resolver: Callable[[str], str | None] = nothing, **given: str
) -> ServerKeysError:
    with pytest.raises(ServerKeysError) as caught:
        load_keys(path, resolver, **{"history": "h.db", **given})
    return caught.value


def test_a_machine_makes_its_own_keys_once(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "keys.json"
    first = load(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert load(path) == first or load(path).thumbprints == first.thumbprints
    assert [len(key) for key in first.sealing] == [32]
    assert [name.name for name in path.parent.iterdir()] == ["keys.json"]


def test_processes_that_start_at_once_have_the_same_keys(tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path\n"
        "from forwardc.server.oauth.server_keys import load_keys\n"
        "sys.stdin.read(1)\n"
        "print(load_keys(Path(sys.argv[1]), {}.get, history='h.db').thumbprints)\n"
    )
    package = Path(__file__).resolve().parents[3] / "compiler"
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", script, str(tmp_path / "keys.json")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(package)},
        )
        for _ in range(3)
    ]
    outputs = {process.communicate(b"x")[0] for process in processes}
    assert len(outputs) == 1
    assert b"(" in outputs.pop()
    assert len(list(tmp_path.iterdir())) == 1


def test_with_postgresql_keys_are_given_and_never_made(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    problem = refused(path, history=POSTGRES)
    assert "forwardc clients keys FILE" in str(problem.hint)
    assert not path.exists()
    make_file(path)
    text = path.read_text()
    given = load_keys(tmp_path / "none", {VARIABLE: text}.get, history=POSTGRES)
    assert given.thumbprints == load(path).thumbprints


def test_a_source_that_fails_is_not_replaced_by_a_file(tmp_path: Path) -> None:
    def fails(_: str) -> str | None:
        raise SecretProviderError("the source aws gives no value")

    assert VARIABLE in refused(tmp_path / "keys.json", fails).message
    assert not (tmp_path / "keys.json").exists()


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir], ids=["pipe", "folder"])
def test_what_is_no_file_is_not_waited_for(tmp_path: Path, make: Callable[[Path], None]) -> None:
    make(tmp_path / "keys.json")
    with pytest.raises(ServerKeysError, match="cannot be read"):
        load_keys(tmp_path / "keys.json", {}.get, history="h.db")


def test_keys_that_everybody_may_read_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    make_file(path)
    path.chmod(0o644)
    assert "everybody" in refused(path).message


def members(path: Path) -> list[dict[str, str]]:
    found: list[dict[str, str]] = json.loads(path.read_text())["keys"]
    return found


@pytest.mark.parametrize(
    "change",
    [
        lambda keys: keys[:1],
        lambda keys: keys[1:],
        lambda _: [],
        lambda keys: [{**keys[0], "crv": "P-384"}, keys[1]],
        lambda keys: [{key: keys[0][key] for key in keys[0] if key != "d"}, keys[1]],
        lambda keys: [{**keys[0], "d": "AAAA"}, keys[1]],
        lambda keys: [{**keys[0], "use": "enc"}, keys[1]],
        lambda keys: [keys[0], {**keys[1], "k": "c2hvcnQ"}],
        lambda keys: [keys[0], {**keys[1], "use": "sig"}],
        lambda keys: [keys[0], keys[1], 5],
        lambda keys: keys * 20,
        lambda _: {"a": 1},
    ],
)
def test_what_is_no_set_of_keys_is_refused(
    tmp_path: Path, change: Callable[[list[dict[str, str]]], object]
) -> None:
    path = tmp_path / "keys.json"
    make_file(path)
    secret = members(path)[1]["k"]
    text = json.dumps({"keys": change(members(path))})
    with pytest.raises(ServerKeysError) as caught:
        keys_of(text, "the file")
    assert secret not in f"{caught.value.message}{caught.value.hint}{caught.value!r}"


@pytest.mark.parametrize("text", ["", "[]", "5", "{", '{"keys": null}', "[" * 100_000])
def test_what_is_no_json_is_refused(text: str) -> None:
    with pytest.raises(ServerKeysError):
        keys_of(text, "the file")


def test_keys_are_rotated_in_two_steps(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    first = load(path)
    add_keys(path)
    added = load(path)
    assert added.signing[0].kid == first.signing[0].kid
    assert added.sealing[0] == first.sealing[0]
    assert len(added.signing) == len(added.sealing) == 2
    use_newest(path)
    turned = load(path)
    assert turned.signing[0].kid == added.signing[1].kid
    assert turned.sealing == added.sealing[::-1]
    assert set(turned.thumbprints) == set(added.thumbprints)


def test_what_others_see_is_public(keys: ServerKeys) -> None:
    shown = keys.public_jwks()["keys"]
    assert [set(key) for key in shown] == [{"kty", "crv", "x", "y", "use", "alg", "kid"}]


def test_no_key_is_in_a_text(keys: ServerKeys) -> None:
    private = json.loads(keys.signing[0].key.export())["d"]
    for text in (repr(keys), str(keys), f"{keys}", repr(keys.signing)):
        assert private not in text
        assert repr(keys.sealing[0]) not in text
        assert keys.sealing[0].hex() not in text


def test_machines_of_one_history_share_keys(store: Store, tmp_path: Path) -> None:
    ours, others = tmp_path / "ours", tmp_path / "others"
    first = load(ours)
    asyncio.run(first.remember(store.commits))
    asyncio.run(first.remember(store.commits))
    with pytest.raises(ServerKeysError) as caught:
        asyncio.run(load(others).remember(store.commits))
    assert "same keys" in str(caught.value.hint)
    # A rotation leads from set to set by keys that both have.
    add_keys(ours)
    asyncio.run(load(ours).remember(store.commits))
    use_newest(ours)
    newest = members(ours)[:2]
    asyncio.run(keys_of(json.dumps({"keys": newest}), "x").remember(store.commits))
    # Where all are lost, somebody says so.
    assert store.database.write(forget) == 4
    asyncio.run(load(others).remember(store.commits))


def test_of_two_first_machines_one_is_refused(
    store: Store, history_url: str, tmp_path: Path
) -> None:
    """The second one waits until the first one's keys are known, however slow that is."""
    noted, go_on = threading.Event(), threading.Event()

    class Slow:
        async def write(self, work: Callable[[Transaction], bool]) -> bool:
            def slowly(tx: Transaction) -> bool:
                result = work(tx)
                noted.set()
                go_on.wait(LONG_S)
                return result

            return await asyncio.to_thread(store.database.write, slowly)

    async def both() -> list[BaseException | None]:
        with open_store(history_url) as other:
            first = asyncio.ensure_future(load(tmp_path / "a").remember(Slow()))
            await asyncio.to_thread(noted.wait, LONG_S)
            second = asyncio.ensure_future(load(tmp_path / "b").remember(other.commits))
            await asyncio.sleep(0.2)
            assert not second.done()
            go_on.set()
            return await asyncio.gather(first, second, return_exceptions=True)

    first, second = asyncio.run(both())
    assert first is None
    assert isinstance(second, ServerKeysError)
