"""/secrets: write-only values with a version."""

from typing import Any

import pytest

from forwardc.sandbox.checkout.made_up_keys import checkout_secret_key

VALUE = "made-up-value-7391"


@pytest.mark.parametrize(
    "path", ["forward:/secrets", "forward:/forward/secrets", "api:/forward/secrets"]
)
def test_a_secret_lives_from_create_to_delete(vault: Any, path: str) -> None:
    service, _, route = path.partition(":")
    url = (vault.FORWARD if service == "forward" else vault.API) + route
    made = vault.send("POST", url, {"name": "psp_key", "value": VALUE})
    assert made.status == 201
    assert set(made.json()) == {"name", "created_at", "updated_at", "version"}
    assert made.json()["version"] == 1
    changed = vault.send("PATCH", f"{url}/psp_key", {"value": VALUE + "2"})
    assert changed.json()["version"] == 2
    listed = vault.send("GET", url)
    assert [row["name"] for row in listed.json()["data"]] == ["psp_key"]
    assert VALUE not in made.text + changed.text + listed.text
    gone = vault.send("DELETE", f"{url}/psp_key")
    assert (gone.status, gone.text) == (204, "")
    assert vault.send("DELETE", f"{url}/psp_key").status == 404


@pytest.mark.parametrize(
    ("content", "codes"),
    [
        ({"value": "x"}, ["name_required"]),
        ({"name": "a"}, ["value_required"]),
        ({}, ["name_required", "value_required"]),
        ({"name": "my-key", "value": "x"}, ["name_invalid"]),
        ({"name": "a" * 65, "value": "x"}, ["name_invalid"]),
        ({"name": "a", "value": "x" * 8193}, ["value_too_long"]),
        ({"name": "a", "value": "é" * 4097}, ["value_too_long"]),
        ({"name": "a", "value": "x", "entity_id": "ent_1"}, ["entity_id_invalid"]),
    ],
)
def test_refused_secrets(vault: Any, content: dict[str, Any], codes: list[str]) -> None:
    reply = vault.send("POST", f"{vault.FORWARD}/secrets", content)
    assert (reply.status, reply.codes) == (422, codes)


def test_a_second_create_of_a_name_is_refused(vault: Any) -> None:
    vault.store("a", "x")
    reply = vault.send("POST", f"{vault.FORWARD}/secrets", {"name": "a", "value": "y"})
    assert reply.codes == ["secret_name_already_exists"]


def test_an_update_needs_something_to_update(vault: Any) -> None:
    vault.store("a", "x")
    reply = vault.send("PATCH", f"{vault.FORWARD}/secrets/a", {})
    assert reply.codes == ["value_or_entity_id_required"]


def test_hyphens_are_for_lenient(lenient: Any) -> None:
    lenient.store("partner-key", VALUE)
    headers = {"raw": {"X-Key": "{{ secret_partner-key }}"}}
    lenient.sent("{}", headers=headers)
    assert ("x-key", VALUE) in lenient.last.headers


def test_another_entitys_secret_is_not_seen(vault: Any) -> None:
    content = {"name": "theirs", "value": VALUE, "entity_id": "ent_" + "a" * 26}
    assert vault.send("POST", f"{vault.FORWARD}/secrets", content).status == 201
    assert vault.forward(vault.request("{{secret_theirs}}")).codes == ["secret_not_found"]


def test_a_live_account_has_secrets_of_its_own(vault: Any) -> None:
    vault.store("partner_key", "made-up-of-a-test")
    live = "https://forward.checkout.com"
    key = checkout_secret_key(live=True)
    assert vault.send("GET", f"{live}/secrets", key=key).json() == {"data": []}
    request = vault.request("{}", headers={"raw": {"X-Key": "{{ secret_partner_key }}"}})
    assert vault.send("POST", f"{live}/forward", request, key=key).codes == ["secret_not_found"]
    content = {"name": "partner_key", "value": "made-up-of-live"}
    assert vault.send("POST", f"{live}/secrets", content, key=key).status == 201
    assert vault.send("POST", f"{live}/forward", request, key=key).status == 200
    assert ("X-Key", "made-up-of-live") in [
        (name.title(), value) for name, value in vault.last.headers
    ]
