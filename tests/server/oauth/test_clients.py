"""Clients of the embedded issuer: secrets, their overlap, revocation, and the events that stay."""

import asyncio

import pytest

from forwardc.core.terms.values import Secret
from forwardc.runtime.history.store import Store
from forwardc.server.oauth import clients as client_secrets
from forwardc.server.oauth.client_authenticator import AuthenticatorBusyError, ClientAuthenticator
from forwardc.server.oauth.clients import SCOPES, Clients, UnknownClientError
from stored_runs import Clock

WRONG = client_secrets.new_secret()


def proves(store: Store, clock: Clock, client_id: str, *secrets: str) -> list[bool]:
    """Whether each secret is the client's, asked of a authenticator that has proven nothing yet."""

    async def ask() -> list[bool]:
        authenticator = ClientAuthenticator(store.commits, lambda: clock().timestamp())
        found = [await authenticator.authenticate(client_id, Secret(secret)) for secret in secrets]
        authenticator.close()
        return [one is not None for one in found]

    return asyncio.run(ask())


@pytest.mark.usefixtures("cheap_hashes")
def test_a_secret_is_proven_and_nothing_else_is(store: Store, clock: Clock) -> None:
    client, secret = Clients(store).issue("Rokt", ["payment-sharing"], "eve")
    changed = secret[:-1] + ("a" if secret[-1] != "a" else "b")
    tried = proves(store, clock, client.id, secret, secret, WRONG, "", changed, secret + "x", "é")
    assert tried == [True, True, False, False, False, False, False]
    assert proves(store, clock, "client_nobody", secret) == [False]
    assert proves(store, clock, client.id + "\0", secret) == [False]


@pytest.mark.usefixtures("cheap_hashes")
def test_the_former_secret_works_for_its_overlap(store: Store, clock: Clock) -> None:
    clients = Clients(store)
    client, first = clients.issue("Rokt", SCOPES, "eve")
    _, second = clients.rotate(client.id, 3600, "eve")
    assert proves(store, clock, client.id, first, second, WRONG) == [True, True, False]
    clock.turn(seconds=3601)
    assert proves(store, clock, client.id, first, second) == [False, True]
    _, third = clients.rotate(client.id, 0, "eve")
    assert proves(store, clock, client.id, first, second, third) == [False, False, True]


@pytest.mark.costly
def test_what_was_proven_ends_with_its_overlap(
    file_store: Store, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    clients = Clients(file_store)
    client, first = clients.issue("Rokt", SCOPES, "eve")
    clients.rotate(client.id, 60, "eve")

    async def ask() -> None:
        authenticator = ClientAuthenticator(file_store.commits, lambda: clock().timestamp())
        assert await authenticator.authenticate(client.id, Secret(first))
        with monkeypatch.context() as patch:
            # What was proven is not hashed again.
            patch.setattr("forwardc.server.oauth.client_authenticator.digest", pytest.fail)
            assert await authenticator.authenticate(client.id, Secret(first))
        assert first not in repr(authenticator)
        assert not [key for key in authenticator._proven if first.encode() in key]
        clock.turn(seconds=61)
        assert await authenticator.authenticate(client.id, Secret(first)) is None
        authenticator.close()

    asyncio.run(ask())


@pytest.mark.usefixtures("cheap_hashes")
def test_a_revoked_client_proves_nothing(store: Store, clock: Clock) -> None:
    clients = Clients(store)
    client, secret = clients.issue("Rokt", SCOPES, "eve")
    clients.revoke(client.id, "eve")
    assert proves(store, clock, client.id, secret) == [False]
    for change in (
        lambda: clients.revoke(client.id, "eve"),
        lambda: clients.rotate(client.id, 0, "eve"),
        lambda: clients.revoke("client_nobody", "eve"),
    ):
        with pytest.raises(UnknownClientError):
            change()


def test_every_change_leaves_an_event_and_no_secret(store: Store) -> None:
    clients = Clients(store)
    client, first = clients.issue("Rokt", ["payment-sharing"], "eve")
    _, second = clients.rotate(client.id, 60, "mallory")
    clients.revoke(client.id, "trent")
    events = store.events()
    assert [(one.kind, one.by) for one in events][::-1] == [
        ("client-issue", "eve"),
        ("client-rotate", "mallory"),
        ("client-revoke", "trent"),
    ]
    kept = repr(events) + repr(clients.listed())
    rows = store.database.read(lambda tx: repr(tx.rows("SELECT * FROM clients")))
    for secret in (first, second):
        assert secret not in kept + rows
        assert secret[4:30] not in kept + rows
    assert "scrypt$16384$8$5$" in rows
    assert "scrypt" not in kept


def test_a_secret_has_a_form_that_a_scanner_can_check() -> None:
    secret = client_secrets.new_secret()
    assert secret.startswith("fwc_")
    assert client_secrets.has_form(secret)
    swapped = secret[:8] + secret[9] + secret[8] + secret[10:]
    assert swapped == secret or not client_secrets.has_form(swapped)
    assert len({client_secrets.new_secret() for _ in range(100)}) == 100


@pytest.mark.costly
def test_a_client_that_does_not_exist_costs_the_same(
    file_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One hash of the same cost for everybody: also for who is revoked or has two secrets."""
    clients = Clients(file_store)
    client, _ = clients.issue("a", SCOPES, "eve")
    two, _ = clients.issue("b", SCOPES, "eve")
    clients.rotate(two.id, 600, "eve")
    gone, _ = clients.issue("c", SCOPES, "eve")
    clients.revoke(gone.id, "eve")
    made: list[tuple[int, int, int, int]] = []

    def counted(secret: str, recipe: client_secrets.ScryptParameters) -> bytes:
        made.append((recipe.n, recipe.r, recipe.p, len(recipe.salt)))
        return client_secrets.digest(secret, recipe)

    monkeypatch.setattr("forwardc.server.oauth.client_authenticator.digest", counted)

    async def ask() -> None:
        authenticator = ClientAuthenticator(file_store.commits)
        for name in (client.id, two.id, gone.id, "client_nobody"):
            assert await authenticator.authenticate(name, Secret(WRONG)) is None
        authenticator.close()

    asyncio.run(ask())
    assert made == [(2**14, 8, 5, 16)] * 4


def test_hashes_under_way_are_bounded(file_store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("forwardc.server.oauth.client_authenticator._MOST_WAITING", 3)

    async def ask() -> list[object]:
        authenticator = ClientAuthenticator(file_store.commits)
        calls = (authenticator.authenticate("client_x", Secret(WRONG)) for _ in range(6))
        found = await asyncio.gather(*calls, return_exceptions=True)
        authenticator.close()
        return found

    found = asyncio.run(ask())
    assert sum(isinstance(one, AuthenticatorBusyError) for one in found) == 3
    assert found.count(None) == 3
