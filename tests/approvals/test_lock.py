"""The lock file: written to be read, and refused as a whole where it was not us who wrote it."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from forwardc.compile.language.schema import load_schema
from forwardc.compile.review.approve import lock_bytes
from forwardc.core.diagnostics.sink import Sink
from forwardc.plan.lock import Lock, read_lock
from forwardc.plan.model import Plan
from lock_file import TODAY, approve

Json = dict[str, Any]


@pytest.fixture(scope="module")
def lock(plans: dict[str, Plan]) -> Lock:
    lock = approve(Lock(), plans["stripe"], ticket="SUP-1042")
    return approve(lock, plans["checkout"], expires=TODAY)


def read(data: bytes, folder: Path) -> tuple[Lock | None, list[str]]:
    path = folder / "forwardc.lock"
    path.write_bytes(data)
    sink = Sink()
    found = read_lock(path, sink)
    assert path.read_bytes() == data
    return found, [one.code for one in sink.sorted()]


def test_no_file_is_no_approval(tmp_path: Path) -> None:
    sink = Sink()
    assert read_lock(tmp_path / "forwardc.lock", sink) == Lock()
    assert sink.sorted() == []


def test_what_is_written_is_read_again(lock: Lock, tmp_path: Path) -> None:
    found, codes = read(lock_bytes(lock), tmp_path)
    assert codes == []
    assert found == lock
    assert found is not None
    assert lock_bytes(found) == lock_bytes(lock)


def test_the_file_fits_its_schema(lock: Lock) -> None:
    Draft202012Validator(load_schema("lock")).validate(json.loads(lock_bytes(lock)))
    Draft202012Validator(load_schema("lock")).validate(json.loads(lock_bytes(Lock())))


def test_one_leaf_a_line_and_records_in_order(lock: Lock) -> None:
    lines = lock_bytes(lock).decode().splitlines()
    leaf = re.compile(r'\s*("(\\.|[^"\\])*": )?("(\\.|[^"\\])*"|[\[\]{}0-9a-z.-]+|\[\]|\{\}),?')
    assert all(leaf.fullmatch(line) for line in lines)
    data = json.loads(lock_bytes(lock))
    assert list(data) == ["forwardc", "own", "psp", "accepted"]
    assert list(data["own"]) == sorted(data["own"])
    assert "expires" not in data["own"]["stripe/adyen/card_cit/production"]
    assert data["own"]["checkout/adyen/card_cit/production"]["expires"] == "2026-11-20"


KEY = "stripe/adyen/card_cit/production"


def cut(share: float) -> Callable[[bytes], bytes]:
    return lambda data: data[: int(len(data) * share)]


def edited(edit: Callable[[Json], object]) -> Callable[[bytes], bytes]:
    def change(data: bytes) -> bytes:
        lock: Json = json.loads(data)
        edit(lock)
        return json.dumps(lock).encode()

    return change


def twice(data: bytes) -> bytes:
    return data.replace(b'"forwardc": 2,', b'"forwardc": 2, "forwardc": 2,', 1)


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "empty": cut(0),
    "cut off early": cut(0.1),
    "cut off late": cut(0.99),
    "not UTF-8": lambda data: b"\xff\xfe" + data,
    "not JSON": lambda _data: b"<<<<<<< ours",
    "merge marks inside": lambda data: data.replace(b'"psp"', b'=======\n"psp"', 1),
    "a list": lambda _data: b"[]",
    "no version": edited(lambda lock: lock.pop("forwardc")),
    "version as text": edited(lambda lock: lock.update(forwardc="1")),
    "a key twice": twice,
    "too deep": lambda _data: b'{"a":' * 100_000,
    "an unknown key": edited(lambda lock: lock.update(more=1)),
    "an unknown field": edited(lambda lock: lock["own"][KEY].update(note="x")),
    "what is covered": edited(
        lambda lock: lock["own"][KEY]["covers"]["leaves"].update(vault="other")
    ),
    "what decides": edited(
        lambda lock: lock["own"][KEY]["covers"]["behaviour"]["steps"][0].update(idempotent=False)
    ),
    "the digest of what decides": edited(
        lambda lock: lock["own"][KEY].update(behaviour="sha256:" + "0" * 64)
    ),
    "no digest of what decides": edited(lambda lock: lock["own"][KEY].pop("behaviour")),
    "what the PSP covers": edited(lambda lock: lock["psp"][KEY]["covers"][0].update(url="x")),
    "the digest": edited(lambda lock: lock["own"][KEY].update(digest="sha256:" + "0" * 64)),
    "a digest of another kind": edited(lambda lock: lock["own"][KEY].update(digest="md5:0")),
    "the day": edited(lambda lock: lock["own"][KEY].update(date="2026-02-30")),
    "the end": edited(lambda lock: lock["own"][KEY].update(expires="never")),
    "the name": edited(lambda lock: lock["own"][KEY].update(by="a\u001b[2Jb")),
    "no ticket": edited(lambda lock: lock["psp"][KEY].pop("ticket")),
    "a place of the sandbox": edited(
        lambda lock: lock["own"].update({"stripe/adyen/card_cit/sandbox": lock["own"].pop(KEY)})
    ),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_damaged_file_is_refused(
    damage: Callable[[bytes], bytes], lock: Lock, tmp_path: Path
) -> None:
    found, codes = read(damage(lock_bytes(lock)), tmp_path)
    assert found is None
    assert codes == ["FC0705"]


def test_another_version_is_not_called_damaged(lock: Lock, tmp_path: Path) -> None:
    data = edited(lambda lock: lock.update(forwardc=3, more={}))(lock_bytes(lock))
    assert read(data, tmp_path) == (None, ["FC0703"])


def test_a_folder_in_its_place_is_refused(tmp_path: Path) -> None:
    sink = Sink()
    assert read_lock(tmp_path, sink) is None
    assert [one.code for one in sink.sorted()] == ["FC0705"]


def test_every_edited_record_is_named_by_its_place(lock: Lock, tmp_path: Path) -> None:
    data: Json = json.loads(lock_bytes(lock))
    for group in ("own", "psp"):
        data[group][KEY]["digest"] = "sha256:" + "0" * 64
    path = tmp_path / "forwardc.lock"
    path.write_text(json.dumps(data), encoding="utf-8")
    sink = Sink()
    assert read_lock(path, sink) is None
    assert [one.pointer for one in sink.sorted()] == [
        "/own/stripe~1adyen~1card_cit~1production",
        "/psp/stripe~1adyen~1card_cit~1production",
    ]
