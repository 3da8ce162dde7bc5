"""A client may ask for what it is bound to, and must know what its settings say."""

import asyncio
from typing import Any

import pytest

from bearer import Time
from forwardc.core.diagnostics.sink import Sink
from forwardc.runtime.history.errors import HistoryUnavailableError
from forwardc.runtime.history.store import Store
from forwardc.server.oauth.client_permissions import (
    ClientPermissions,
    ClientPolicy,
    ClientStatusCache,
    bind_clients,
    report_unbound_clients,
)
from forwardc.server.oauth.clients import Clients
from forwardc.server.oauth.verification_keys import KeysUnavailableError
from forwardc.server.settings import ServerSettings, settings_from

pytestmark = pytest.mark.usefixtures("cheap_hashes")
SHARING = ["payment-sharing"]


def settings(*destinations: str, **more: Any) -> ServerSettings:
    return settings_from(
        {
            "run": {"environment": "sandbox"},
            "destinations": {name: {"run": "rokt.share"} for name in destinations},
            "lookup": {"kind": "csv", "file": "x.csv"},
            **more,
        }
    )


def of(store: Store, found: ServerSettings, *client_ids: str) -> list[ClientPermissions]:
    async def go() -> list[ClientPermissions]:
        known = None if found.issuer.url else ClientStatusCache(store.commits)
        terms = ClientPolicy(found, known)
        return [await terms.permissions_of(one) for one in client_ids]

    return asyncio.run(go())


def test_what_comes_into_the_settings_later_is_not_its_own(store: Store) -> None:
    client, _ = Clients(store).issue("rokt", SHARING, "eve", ["a"])
    both, _ = Clients(store).issue("both", SHARING, "eve", ["b", "a", "b"])
    none, _ = Clients(store).issue("none", SHARING, "eve")
    found = of(store, settings("a", "b", "c"), client.id, both.id, none.id)
    assert [sorted(one.destinations) for one in found] == [["a"], ["a", "b"], []]
    # What the settings do not list any more, nobody may ask for.
    (gone,) = of(store, settings("c"), client.id)
    assert gone.destinations == frozenset()


def test_a_client_of_before_is_bound_once_and_not_to_what_comes_later(store: Store) -> None:
    clients = Clients(store)
    old, _ = clients.issue("old", SHARING, "eve", ["a"])
    staff, _ = clients.issue("staff", ["dashboard-viewer"], "eve")
    store.database.write(lambda tx: tx.run("UPDATE clients SET destinations = NULL"))
    # Until somebody has said so, it is what is listed at the time.
    assert of(store, settings("a", "b"), old.id)[0].destinations == {"a", "b"}
    before = Sink()
    report_unbound_clients(settings("a", "b"), clients, before)
    assert [one.code for one in before.sorted()] == ["FC0843"]
    assert len(clients.unbound()) == 1
    sink = Sink()
    bind_clients(settings("a", "b"), clients, sink)
    (warned,) = sink.sorted()
    assert (warned.code, str(warned.severity)) == ("FC0843", "warning")
    assert f"{old.id} (old)" in warned.message
    assert "a, b" in warned.message
    again = Sink()
    bind_clients(settings("a", "b", "later"), clients, again)
    assert again.sorted() == []
    assert of(store, settings("a", "b", "later"), old.id)[0].destinations == {"a", "b"}
    assert staff.id not in warned.message
    assert [one.kind for one in store.events()].count("client-bind") == 1


def test_bound_anew_within_seconds(store: Store, time: Time) -> None:
    client, _ = Clients(store).issue("rokt", SHARING, "eve", ["a"])
    found = settings("a", "b")

    async def go() -> None:
        terms = ClientPolicy(found, ClientStatusCache(store.commits, time))
        assert (await terms.permissions_of(client.id)).destinations == {"a"}
        Clients(store).bind(client.id, ["b"], "eve")
        time.now += 4
        assert (await terms.permissions_of(client.id)).destinations == {"b"}
        # One that was made a moment ago is asked for at once.
        new, _ = Clients(store).issue("new", SHARING, "eve", ["b"])
        assert (await terms.permissions_of(new.id)).destinations == {"b"}

    asyncio.run(go())


def test_a_history_that_is_away_lets_nobody_ask(
    file_store: Store, time: Time, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: object) -> None:
        raise HistoryUnavailableError("it is away")

    async def go() -> None:
        terms = ClientPolicy(settings("a"), ClientStatusCache(file_store.commits, time))
        await terms.permissions_of("client_x")
        monkeypatch.setattr(file_store.commits, "read", away)
        with pytest.raises(KeysUnavailableError):
            await terms.permissions_of("client_new")

    asyncio.run(go())


RULES = {"rokt": {"require_identifiers": ["email"]}, "narrow": {"destinations": ["a"]}}


def test_settings_narrow_by_id_or_name_and_never_widen(store: Store) -> None:
    clients = Clients(store)
    rokt, _ = clients.issue("rokt", SHARING, "eve", ["a", "b"])
    narrow, _ = clients.issue("narrow", SHARING, "eve", ["b"])
    free, _ = clients.issue("free", SHARING, "eve", ["b"])
    by_id = {free.id: {"require_identifiers": ["customerId", "email"]}}
    found = settings("a", "b", clients={**RULES, **by_id})
    one, two, three = of(store, found, rokt.id, narrow.id, free.id)
    assert one == ClientPermissions(frozenset({"a", "b"}), frozenset({"email"}))
    assert two.destinations == frozenset()
    assert three.require_identifiers == {"customerId", "email"}


def test_clients_of_another_issuer_are_bound_by_the_settings(file_store: Store) -> None:
    issuer = {"url": "https://id.shop.example/", "jwks": "https://id.shop.example/jwks"}
    rules = {"rokt@clients": {"destinations": ["a"], "require_identifiers": ["email"]}}
    found = settings("a", "b", issuer=issuer, clients=rules)
    one, other = of(file_store, found, "rokt@clients", "other")
    assert one == ClientPermissions(frozenset({"a"}), frozenset({"email"}))
    assert other.destinations == {"a", "b"}


def test_an_entry_that_fits_no_client_is_told(file_store: Store) -> None:
    rokt, _ = Clients(file_store).issue("rokt", SHARING, "eve", ["a"])
    rules = {"rokt": {}, rokt.id: {}, "roct": {"require_identifiers": ["email"]}}
    sink = Sink()
    bind_clients(settings("a", clients=rules), Clients(file_store), sink)
    (warned,) = sink.sorted()
    assert (warned.code, "clients.roct: no client" in warned.message) == ("FC0843", True)


def test_nobody_is_bound_to_what_is_not_there() -> None:
    with pytest.raises(ValueError, match="not below"):
        settings("a", clients={"rokt": {"destinations": ["b"]}})
