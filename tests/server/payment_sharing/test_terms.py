"""What a client may not ask for is refused before anything is looked up, claimed or sent."""

import asyncio

from forwardc.runtime.history.store import Store
from forwardc.server.oauth.client_permissions import ClientPermissions
from forwardc.server.oauth.verification_keys import KeysUnavailableError
from sharing_house import EMAIL, NAME, checkout, house

PAID = {"pay-1": checkout("visa_approved")}


class Told:
    """The terms that a test gives everybody."""

    def __init__(self, terms: ClientPermissions | None) -> None:
        self.terms = terms

    async def permissions_of(self, client_id: str) -> ClientPermissions:
        if self.terms is None:
            raise KeysUnavailableError("it is away")
        return self.terms


def test_another_destination_is_refused_the_same_whatever_the_payment(file_store: Store) -> None:
    async def go() -> None:
        terms = Told(ClientPermissions(frozenset({"COM.OTHER"})))
        async with house(file_store, PAID, terms=terms) as open_house:
            answers = [await open_house.post(one) for one in ("pay-1", "nobody's")]
            for answer in answers:
                assert answer.status_code == 403
                assert answer.json()["type"] == "/problems/destination-refused"
            assert answers[0].json()["detail"] == answers[1].json()["detail"]
            assert open_house.lookup.asked == []
            assert open_house.arrived() == 0

    asyncio.run(go())


def test_an_identifier_that_must_be_there(file_store: Store) -> None:
    async def go() -> None:
        terms = Told(ClientPermissions(frozenset({NAME}), frozenset({"email", "customerId"})))
        async with house(file_store, PAID, terms=terms) as open_house:
            for given in ({}, {"email": EMAIL}, {"Email": EMAIL, "customerid": "1"}):
                answer = await open_house.post(identifiers=given)
                assert answer.status_code == 400
                (error,) = answer.json()["errors"]
                assert error["pointer"] == "/customerIdentifiers"
                assert EMAIL not in answer.text
            assert open_house.lookup.asked == []
            # What must be there must be right as well: the merchant does not know this one.
            both = {"email": EMAIL, "customerId": "1"}
            assert (await open_house.post(identifiers=both)).status_code == 404
            terms.terms = ClientPermissions(frozenset({NAME}), frozenset({"email"}))
            assert (await open_house.post()).status_code == 200

    asyncio.run(go())


def test_terms_that_cannot_be_had_let_nothing_through(file_store: Store) -> None:
    async def go() -> None:
        async with house(file_store, PAID, terms=Told(None)) as open_house:
            answer = await open_house.post()
            assert answer.status_code == 503
            assert open_house.lookup.asked == []

    asyncio.run(go())
