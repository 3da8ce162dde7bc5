"""`forwardc submit stripe`, as a person uses it: what is written, shown and refused."""

import json
from base64 import b64decode, b64encode
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest

from openpgp import Gpg, Made

KEY, TOKEN = "shop-key-0123456789", "shop-token-9876543210"
PREFIX = "FORWARDC_SECRET__PRODUCTION__SHOP__"


@pytest.fixture(autouse=True)
def values(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"{PREFIX}SHOP_API_KEY", KEY)
    monkeypatch.setenv(f"{PREFIX}SHOP_TOKEN", TOKEN)
    monkeypatch.setenv("FORWARDC_SECRET__PRODUCTION__BASIC__BASIC_KEY", "basic-key")


@pytest.fixture
def seal(submit, key_file: Path, good: Made, tmp_path: Path) -> Callable[..., tuple[int, str, str]]:
    """Submit with the key of the tests, named explicitly, to the folder `sealed`."""

    def call(destination: str, *arguments: str) -> tuple[int, str, str]:
        options = ("--key", str(key_file), "--out", str(tmp_path / "sealed"))
        return submit(destination, *options, "--fingerprint", good.fingerprint, *arguments)

    return call


def opened(gpg: Gpg, path: Path) -> str:
    return gpg("--decrypt", given=b64decode(path.read_bytes())).decode()


def test_each_key_in_a_header_is_sealed_for_gpg_to_open(seal, gpg: Gpg, tmp_path: Path) -> None:
    code, out, err = seal("shop")
    assert (code, err) == (0, "")
    folder = tmp_path / "sealed"
    sealed = {"X-Key": KEY, "X-Same-Key": KEY, "Authorization": TOKEN}
    assert sorted(path.name for path in folder.iterdir()) == sorted(
        f"shop.{header}.encrypted_hashed_key.txt" for header in sealed
    )
    for header, value in sealed.items():
        path = folder / f"shop.{header}.encrypted_hashed_key.txt"
        assert opened(gpg, path) == sha256(value.encode()).hexdigest()
    lines = {line.split()[0]: line for line in out.splitlines()[2:]}
    assert lines.keys() == sealed.keys()
    assert "the value without `Bearer`" in lines["Authorization"]
    assert "the whole value" in lines["X-Key"]


def test_neither_the_key_nor_its_hash_is_written_or_shown(seal, tmp_path: Path) -> None:
    _, out, err = seal("shop", "--json")
    written = b"".join(path.read_bytes() for path in (tmp_path / "sealed").iterdir())
    for value in (KEY, TOKEN):
        digest = sha256(value.encode())
        for text in (value, digest.hexdigest()):
            assert text not in out + err
            assert text.encode() not in written
    found = json.loads(out)["sealed"]
    assert {one["header"] for one in found} == {"X-Key", "X-Same-Key", "Authorization"}
    assert all(one["confirmed"] for one in found)


def test_the_key_is_trimmed_before_it_is_hashed(
    seal, gpg: Gpg, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"{PREFIX}SHOP_TOKEN", f" {TOKEN}\r\n")
    code, _, err = seal("shop")
    assert code == 0
    assert f"warning FC0806 {PREFIX}SHOP_TOKEN has space around it" in err
    path = tmp_path / "sealed" / "shop.Authorization.encrypted_hashed_key.txt"
    assert opened(gpg, path) == sha256(TOKEN.encode()).hexdigest()


def test_a_second_time_replaces_the_files(seal, gpg: Gpg, tmp_path: Path) -> None:
    seal("shop")
    path = tmp_path / "sealed" / "shop.Authorization.encrypted_hashed_key.txt"
    first = path.read_bytes()
    assert seal("shop")[0] == 0
    assert path.read_bytes() != first
    assert len(list(path.parent.iterdir())) == 3


@pytest.mark.parametrize("scheme", ["Bearer ", "basic "])
def test_a_key_with_its_scheme_is_refused(
    seal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, scheme: str
) -> None:
    monkeypatch.setenv(f"{PREFIX}SHOP_TOKEN", scheme + TOKEN)
    code, out, err = seal("shop")
    assert (code, out) == (1, "")
    assert f"FC0816 {PREFIX}SHOP_TOKEN starts with the scheme" in err
    assert TOKEN not in err
    assert not (tmp_path / "sealed").exists()


def test_a_basic_header_is_sealed_whole_without_its_scheme(seal, gpg, tmp_path: Path) -> None:
    code, out, err = seal("basic")
    assert (code, err) == (0, "")
    path = tmp_path / "sealed" / "basic.Authorization.encrypted_hashed_key.txt"
    assert opened(gpg, path) == sha256(b64encode(b"basic-key:")).hexdigest()
    assert "the value without `Basic`" in out


def test_all_problems_are_told_at_once_and_nothing_is_written(
    submit, key_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(f"{PREFIX}SHOP_API_KEY")
    monkeypatch.setenv(f"{PREFIX}SHOP_TOKEN", "  ")
    folder = tmp_path / "sealed"
    code, out, err = submit("shop", "--key", str(key_file), "--out", str(folder))
    assert (code, out) == (1, "")
    assert err.count("error FC0806") == 2
    assert "FC0816" in err
    assert "AE863ADA1603150856C0A853A7B203177D034588" in err
    assert not folder.exists()


def test_the_documented_key_is_taken_without_being_named(
    submit, shared: Callable[[str], Path], tmp_path: Path
) -> None:
    key = shared("facts/data/stripe/stripe-forward-api-pgp.asc")
    code, out, err = submit("shop", "--key", str(key), "--out", str(tmp_path / "sealed"))
    assert (code, err) == (0, "")
    assert "AE863ADA1603150856C0A853A7B203177D034588, subkey 27E4B9436302901A" in out
    assert len(list((tmp_path / "sealed").iterdir())) == 3


def test_a_damaged_key_writes_nothing(seal, key_file: Path, tmp_path: Path) -> None:
    key_file.write_bytes(key_file.read_bytes()[:500])
    code, _, err = seal("shop")
    assert code == 1
    assert "FC0816" in err
    assert "undamaged" in err
    assert not (tmp_path / "sealed").exists()


@pytest.mark.parametrize("below", ["", "stripe", "../build/new"])
def test_the_build_folder_is_no_place_for_sealed_keys(
    submit, build: Path, key_file: Path, below: str
) -> None:
    before = sorted(build.rglob("*"))
    code, _, err = submit("shop", "--key", str(key_file), "--out", str(build / below))
    assert code == 2
    assert "--out" in err
    assert sorted(build.rglob("*")) == before


def test_a_folder_that_cannot_be_made_is_reported(submit, key_file, good, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    code, _, err = submit(
        "shop",
        *("--key", str(key_file), "--fingerprint", good.fingerprint),
        *("--out", str(tmp_path / "file" / "sealed")),
    )
    assert code == 2
    assert "--out cannot be written" in err


@pytest.mark.parametrize("fingerprint", ["27E4B9436302901A", "", "x" * 40])
def test_part_of_a_fingerprint_is_wrong_usage(
    submit, key_file: Path, tmp_path: Path, fingerprint: str
) -> None:
    out = ("--key", str(key_file), "--out", str(tmp_path / "sealed"))
    code, _, err = submit("shop", *out, "--fingerprint", fingerprint)
    assert code == 2
    assert "40 hexadecimal digits" in err


def test_a_fingerprint_may_be_written_in_groups(seal, submit, key_file, good, tmp_path) -> None:
    written = " ".join(good.fingerprint[at : at + 4] for at in range(0, 40, 4)).lower()
    out = ("--key", str(key_file), "--out", str(tmp_path / "sealed"))
    assert submit("shop", *out, "--fingerprint", written)[0] == 0


def test_a_vault_that_takes_no_sealed_keys_is_wrong_usage(submit, key_file, tmp_path) -> None:
    out = ("--key", str(key_file), "--out", str(tmp_path / "sealed"))
    code, _, err = submit("shop", *out, vault="checkout")
    assert code == 2
    assert "stripe" in err


def test_an_unknown_destination_is_named(seal) -> None:
    code, _, err = seal("shpo")
    assert code == 1
    assert "did you mean shop?" in err


def test_without_the_library_the_extra_is_named(
    submit, key_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    out = ("--key", str(key_file), "--out", str(tmp_path / "sealed"))
    code, _, err = submit("shop", *out)
    assert code == 2
    assert "forwardc[pgp]" in err


def test_an_old_name_is_refused_and_nothing_is_written(
    seal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORWARDC_SECRET_SHOP_SHOP_TOKEN", TOKEN)
    code, out, err = seal("shop")
    assert (code, out) == (1, "")
    assert f"name it {PREFIX}SHOP_TOKEN:" in err
    assert not (tmp_path / "sealed").exists()
