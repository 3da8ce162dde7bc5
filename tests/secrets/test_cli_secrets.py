"""`forwardc secrets`, as a person uses it against a sandbox that keeps its state."""

import json
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest

from forwardc.runtime.secret_providers.made_up import sandbox_secret
from forwardc.sandbox.checkout.clients import own
from forwardc.sandbox.checkout.stored_secrets import create_secret, value_of
from forwardc.sandbox.serve import RunningSandbox, start_in_thread

NAMES = ["plain_token", "shop_api_key", "shop_shared_key"]


@pytest.fixture
def sandbox() -> Iterator[RunningSandbox]:
    with start_in_thread() as running:
        yield running


def states(output: str) -> dict[str, tuple[str, int | None]]:
    return {one["name"]: (one["state"], one["version"]) for one in json.loads(output)["secrets"]}


def test_push_creates_and_then_updates(secrets, sandbox: RunningSandbox) -> None:
    at = ("--sandbox", sandbox.url, "--json")
    code, out, err = secrets("push", *at)
    assert code == 0, err
    assert states(out) == dict.fromkeys(NAMES, ("created", 1))
    code, out, _ = secrets("push", *at)
    assert code == 0
    assert states(out) == dict.fromkeys(NAMES, ("updated", 2))


def test_what_is_stored_is_the_derived_key(secrets, sandbox: RunningSandbox) -> None:
    secrets("push", "--sandbox", sandbox.url)
    assert value_of(own(sandbox.world), "shop_api_key") == sandbox_secret("shop", "shop_api_key")
    digest = sha256(sandbox_secret("shop", "shop_shared_key").encode()).digest()
    expected = urlsafe_b64encode(digest).rstrip(b"=").decode()
    assert value_of(own(sandbox.world), "shop_shared_key") == expected


def test_a_half_finished_push_is_completed(secrets, sandbox: RunningSandbox) -> None:
    create_secret(own(sandbox.world), {"name": "shop_api_key", "value": "older"})
    code, out, _ = secrets("push", "--sandbox", sandbox.url, "--json")
    assert code == 0
    assert states(out) == {
        "plain_token": ("created", 1),
        "shop_api_key": ("updated", 2),
        "shop_shared_key": ("created", 1),
    }
    assert value_of(own(sandbox.world), "shop_api_key") == sandbox_secret("shop", "shop_api_key")


def test_push_of_one_destination_leaves_the_others(secrets, sandbox: RunningSandbox) -> None:
    code, out, _ = secrets("push", "plain", "--sandbox", sandbox.url, "--json")
    assert code == 0
    assert states(out) == {"plain_token": ("created", 1)}
    assert value_of(own(sandbox.world), "shop_api_key") is None


def test_check_names_what_is_missing_and_what_no_plan_names(
    secrets, sandbox: RunningSandbox
) -> None:
    create_secret(own(sandbox.world), {"name": "of_somebody_else", "value": "x"})
    secrets("push", "shop", "--sandbox", sandbox.url)
    code, out, err = secrets("check", "--sandbox", sandbox.url)
    assert code == 1
    assert "FC0817 checkout has no secret plain_token" in err
    rows = {line.split()[0]: line for line in out.splitlines()}
    assert "missing" in rows["plain_token"]
    assert "in no plan" in rows["of_somebody_else"]
    assert "stored" in rows["shop_api_key"]
    secrets("push", "--sandbox", sandbox.url)
    assert secrets("check", "--sandbox", sandbox.url)[0] == 0


def test_list_shows_whose_each_secret_is(secrets, sandbox: RunningSandbox) -> None:
    create_secret(own(sandbox.world), {"name": "of_somebody_else", "value": "x"})
    secrets("push", "--sandbox", sandbox.url)
    code, out, _ = secrets("list", "--sandbox", sandbox.url, "--json")
    assert code == 0
    rows = json.loads(out)["secrets"]
    owners = {row["name"]: row["owner"] for row in rows}
    assert owners == {
        "of_somebody_else": None,
        "plain_token": "plain",
        "shop_api_key": "shop",
        "shop_shared_key": "shop",
    }
    assert all(row["updated_at"].startswith("20") for row in rows)


def test_delete_asks_and_takes_only_our_names(secrets, sandbox: RunningSandbox) -> None:
    create_secret(own(sandbox.world), {"name": "of_somebody_else", "value": "x"})
    secrets("push", "--sandbox", sandbox.url)
    code, _, err = secrets("delete", "--sandbox", sandbox.url)
    assert code == 2
    assert "shop_api_key" in err
    assert value_of(own(sandbox.world), "shop_api_key") is not None
    code, out, _ = secrets("delete", "--yes", "--sandbox", sandbox.url, "--json")
    assert code == 0
    assert states(out) == dict.fromkeys(NAMES, ("deleted", None))
    assert value_of(own(sandbox.world), "of_somebody_else") == "x"
    code, out, _ = secrets("delete", "--yes", "--sandbox", sandbox.url, "--json")
    assert code == 0
    assert states(out) == dict.fromkeys(NAMES, ("absent", None))


def test_no_command_shows_a_value(secrets, sandbox: RunningSandbox) -> None:
    shown = ""
    for command in (["push"], ["push"], ["list"], ["check"], ["delete", "--yes"]):
        for as_json in ([], ["--json"]):
            _, out, err = secrets(*command, "--sandbox", sandbox.url, *as_json)
            shown += out + err
    assert "shop_api_key" in shown
    for destination, name in (("shop", "shop_api_key"), ("plain", "plain_token")):
        assert sandbox_secret(destination, name) not in shown
    assert "sk_sbox_" not in shown


def test_all_missing_values_are_named_at_once_and_nothing_is_sent(
    secrets, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORWARDC_SECRET__SANDBOX__SHOP__SHOP_API_KEY", "value\n")
    code, out, err = secrets("push")
    assert (code, out) == (1, "")
    for variable in (
        "FORWARDC_VAULT__SANDBOX__CHECKOUT__API_KEY",
        "FORWARDC_SECRET__SANDBOX__PLAIN__PLAIN_TOKEN",
        "FORWARDC_SECRET__SANDBOX__SHOP__SHOP_SHARED_KEY",
        "FORWARDC_SECRET__SANDBOX__SHOP__SHOP_API_KEY has a line break",
    ):
        assert variable in err
    assert err.count("error FC0806") == 4


def test_a_secrets_file_gives_values(secrets, tmp_path: Path) -> None:
    path = tmp_path / "secrets.toml"
    path.write_text(
        'FORWARDC_SECRET__SANDBOX__PLAIN__PLAIN_TOKEN = "from-the-file"\n', encoding="utf-8"
    )
    path.chmod(0o600)
    code, _, err = secrets("push", "plain", "--secrets", str(path))
    assert code == 1
    assert "FORWARDC_VAULT__SANDBOX__CHECKOUT__API_KEY" in err
    assert "PLAIN_TOKEN" not in err


def test_an_unknown_destination_is_named(secrets) -> None:
    code, _, err = secrets("check", "shpo", "--sandbox")
    assert code == 1
    assert "FC0813" in err
    assert "did you mean shop?" in err


def test_a_vault_without_a_store_is_wrong_usage(secrets) -> None:
    code, _, err = secrets("list", "--sandbox", via="stripe")
    assert code == 2
    assert "stores a secret at the vault" in err


def test_a_sandbox_that_is_not_there_is_a_failure_of_the_store(secrets) -> None:
    code, out, err = secrets("push", "--sandbox", "http://127.0.0.1:1")
    assert (code, out) == (1, "")
    assert "FC0817 the list of secrets:" in err


def test_a_sandbox_of_another_machine_is_wrong_usage(secrets) -> None:
    code, _, err = secrets("push", "--sandbox", "http://192.0.2.1:8123")
    assert code == 2
    assert "--sandbox" in err


@pytest.mark.parametrize("command", [["push"], ["list"], ["check"], ["delete", "--yes"]])
def test_an_old_name_is_refused_and_nothing_is_asked(
    secrets, monkeypatch: pytest.MonkeyPatch, command: list[str]
) -> None:
    monkeypatch.setenv("FORWARDC_VAULT__SANDBOX__CHECKOUT__API_KEY", "sk_sbox_" + "a" * 27)
    monkeypatch.setenv("FORWARDC_SECRET_SHOP_SHOP_API_KEY", "value")
    monkeypatch.setattr("forwardc.cli.secrets.actions.StoreClient", unused)
    code, out, err = secrets(*command)
    assert (code, out) == (1, "")
    assert "error FC0847 FORWARDC_SECRET_SHOP_SHOP_API_KEY" in err
    assert "name it FORWARDC_SECRET__SANDBOX__SHOP__SHOP_API_KEY:" in err


def test_names_that_nobody_reads_are_told(
    secrets, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORWARDC_SECRET__SANDBOX__SHOP__SHOP_API_KEY", "value")
    monkeypatch.setenv("FORWARDC_SECRET__SANDBOX__SHOP__SHOP_SHARED_KEYS", "value")
    monkeypatch.setenv("FORWARDC_SECRET__SANDBOX__PLAIN__PLAIN_TOKEN", "value")
    path = tmp_path / "secrets.toml"
    path.write_text('FORWARDC_SECRET__SANDBX__SHOP__SHOP_API_KEY = "value"\n', encoding="utf-8")
    path.chmod(0o600)
    code, _, err = secrets("push", "--secrets", str(path))
    assert code == 1
    assert err.count("FC0848") == 2
    assert "SHOP_SHARED_KEYS names no secret that is used" in err
    assert "hint: did you mean FORWARDC_SECRET__SANDBOX__SHOP__SHOP_SHARED_KEY?" in err
    assert "is of the environment sandbx, which is not built" in err
    assert "hint: did you mean sandbox?" in err
    # Of what is missing it is said, too, which name may be meant.
    assert "SHOP_SHARED_KEYS is set: is its name right?" in err


def unused(*_: object) -> None:
    raise AssertionError("the vault is asked")
