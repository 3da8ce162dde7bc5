"""Access tokens of a client: asked for once, renewed in time and after a refusal, never shown."""

import asyncio
import logging
from dataclasses import replace
from typing import Any

import httpx
import pytest

from forwardc.core.documents.writing import as_json
from forwardc.core.outcome import Outcome
from forwardc.core.terms.values import Secret
from forwardc.plan.digests import approval_digest, leaving
from forwardc.plan.model import Plan
from forwardc.plan.secret_names import SecretId
from forwardc.runtime.http.oauth import AccessTokenError, AccessTokens, OAuthClient, client_of
from forwardc.runtime.http.send import Sender
from forwardc.runtime.run.result import Party

ID, SECRET = "ack_hush-client", "hush-client-secret-7373"
NEW, MADE = "token-number-", "/connect/token"


def client(plan: Plan) -> OAuthClient:
    found = client_of(plan, {"client_id": Secret(ID), "client_secret": Secret(SECRET)}, "api_key")
    assert found is not None
    return found


def test_a_token_is_made_for_the_scopes_of_the_plan_and_used(runner, vault) -> None:
    network = vault()
    ran = runner(network)
    assert ran.result is not None, ran.sink.sorted()
    assert ran.result.outcome is Outcome.APPROVED
    assert network.made == [
        {
            "grant_type": ["client_credentials"],
            "client_id": [ID],
            "client_secret": [SECRET],
            "scope": ["forward"],
        }
    ]
    assert network.used == [f"Bearer {NEW}1"]


def variable(name: str) -> str:
    return SecretId("vault", "sandbox", "", "checkout", name).variable


def test_a_key_wins_over_a_client(runner, vault) -> None:
    key = "sk_sbox_" + "a" * 27
    held = {variable("api_key"): key}
    runner.look_up = lambda name: held.get(name) or "other"
    network = vault()
    assert runner(network).codes == []
    assert (network.made, network.used) == ([], [f"Bearer {key}"])


def test_a_token_is_kept_until_a_minute_before_its_end(runner, vault) -> None:
    network = vault()
    for seconds in (0, 3539, 1, 0):
        runner.clock.now += seconds
        assert runner(network).result is not None
    assert network.used == [f"Bearer {NEW}{number}" for number in (1, 1, 2, 2)]


@pytest.mark.parametrize(("lifetime", "kept"), [(60, 29), (10, 4)])
def test_a_short_life_is_used_to_its_half(runner, vault, lifetime: int, kept: int) -> None:
    network = vault(lifetime)
    for seconds in (0, kept, 1):
        runner.clock.now += seconds
        runner(network)
    assert network.used == [f"Bearer {NEW}{number}" for number in (1, 1, 2)]


@pytest.mark.parametrize("lifetime", ["3600", " 3600", 3600.0, "003600", 10**40, b"9" * 5000])
def test_a_lifetime_that_another_server_writes_otherwise_is_kept_to(
    runner, vault, lifetime: object
) -> None:
    network = vault(lifetime)
    for seconds in (0, 1000, 1000):
        runner.clock.now += seconds
        assert runner(network).result is not None
    assert network.used == [f"Bearer {NEW}1"] * 3
    runner.clock.now += 86_400
    assert runner(network).result is not None
    assert network.used[-1] == f"Bearer {NEW}2"


ODD = [None, 0, -1, "", "-1", "an hour", "3600s", "\uff13\uff16", True, [], {}, b"NaN", b"-1e400"]


@pytest.mark.parametrize("lifetime", ODD)
def test_a_token_of_unknown_life_is_not_kept_for_another_run(
    runner, vault, lifetime: object
) -> None:
    network = vault(lifetime)
    for _ in range(2):
        assert runner(network).result is not None
    assert len(set(network.used)) == 2


def test_a_refused_token_is_renewed_and_the_step_sent_again_once(runner, vault) -> None:
    network = vault(good=lambda token: token != f"{NEW}1")
    ran = runner(network)
    assert ran.result is not None
    assert ran.result.outcome is Outcome.APPROVED
    assert ran.result.steps[0].attempts == 2
    assert network.paths == [MADE, "/forward", MADE, "/forward"]


def test_a_client_that_is_never_let_in_is_told_after_two_attempts(runner, vault) -> None:
    network = vault(good=lambda _: False)
    ran = runner(network)
    assert ran.result is not None
    assert (ran.result.outcome, ran.result.rejected_by) == (Outcome.REJECTED, Party.VAULT)
    assert network.paths == [MADE, "/forward", MADE, "/forward"]


def test_a_refused_key_is_not_tried_again(runner, vault) -> None:
    key = "sk_sbox_" + "a" * 27
    runner.look_up = {variable("api_key"): key}.get
    network = vault(good=lambda _: False)
    assert runner(network).result is not None
    assert network.paths == ["/forward"]


def test_the_question_about_an_instrument_renews_a_token_too(runner, vault) -> None:
    network = vault(good=lambda token: token != f"{NEW}1")
    ran = runner(network, "card_with_cvc")
    assert ran.result is not None, ran.sink.sorted()
    assert not ran.result.fell_back
    asked = "/instruments/src_visa_approved0000000000000"
    assert network.paths == [MADE, asked, MADE, asked, "/forward"]
    assert [one["scope"] for one in network.made] == [["forward vault:instruments"]] * 2


def test_who_falls_back_needs_no_permission_to_ask(runner, vault) -> None:
    network = vault(instrument="inactive")
    ran = runner(network, "card_with_cvc")
    assert ran.result is not None, ran.sink.sorted()
    assert ran.result.fell_back
    scopes = [["forward vault:instruments"], ["forward"]]
    assert [one["scope"] for one in network.made] == scopes
    assert network.used == [f"Bearer {NEW}1", f"Bearer {NEW}2"]


def test_one_token_serves_many_runs_at_once(plan: Plan, vault) -> None:
    network, tokens = vault(), AccessTokens()

    async def go() -> list[Secret]:
        async with Sender(network) as sender:
            asked = [tokens.token(client(plan), sender) for _ in range(20)]
            return list(await asyncio.gather(*asked))

    assert len(set(asyncio.run(go()))) == 1
    assert len(network.made) == 1


def test_what_is_approved_names_the_permission_of_the_question(plan: Plan) -> None:
    operation = plan.operations["card_with_cvc"]
    assert operation.fallback
    ask = replace(operation.fallback.ask, scopes=())
    fallback = replace(operation.fallback, ask=ask)
    narrow = replace(operation, fallback=fallback)
    changed = replace(plan, operations={**plan.operations, "card_with_cvc": narrow})
    assert approval_digest(changed, "card_with_cvc") != approval_digest(plan, "card_with_cvc")
    assert approval_digest(changed, "card") == approval_digest(plan, "card")


def test_other_scopes_are_another_token(plan: Plan, vault) -> None:
    network, tokens = vault(), AccessTokens()
    narrow = replace(client(plan), scopes=("forward:secrets",))

    async def go() -> set[Secret]:
        async with Sender(network) as sender:
            return {await tokens.token(one, sender) for one in (client(plan), narrow)}

    assert len(asyncio.run(go())) == 2
    assert [form["scope"] for form in network.made][1] == ["forward:secrets"]


ANSWERS: list[tuple[Any, str]] = [
    (httpx.Response(400, json={"error": "invalid_client"}), "does not know this client id"),
    (httpx.Response(400, json={"error": "invalid_scope"}), "permissions that the plan needs"),
    (httpx.Response(400, json={"error": f"no {SECRET}"}), "answered 400"),
    (httpx.Response(401, text=SECRET), "answered 401"),
    (httpx.Response(302, headers={"Location": "https://elsewhere.example"}), "answered 302"),
    (httpx.Response(500), "answered 500"),
    (httpx.Response(200, text=f"{SECRET}{{"), "form of RFC 6749"),
    (httpx.Response(200, json=[SECRET]), "form of RFC 6749"),
    (httpx.Response(200, json={"access_token": f"x{SECRET}"}), "form of RFC 6749"),
    (
        httpx.Response(200, json={"access_token": f"a\r\nb {SECRET}", "token_type": "Bearer"}),
        "form of RFC 6749",
    ),
    (
        httpx.Response(200, json={"access_token": f"x{SECRET}", "token_type": "mac"}),
        "form of RFC 6749",
    ),
    (httpx.ConnectError(f"no route for {SECRET}"), "cannot be reached"),
    (httpx.ReadTimeout(SECRET), "no answer came in time"),
]


PASSING = ("answered 500", "cannot be reached", "no answer came in time")


class Answering(httpx.AsyncBaseTransport):
    """A vault that gives one answer, whatever it is asked."""

    def __init__(self, answer: Any) -> None:
        self.answer, self.asked = answer, 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.asked += 1
        if isinstance(self.answer, Exception):
            raise self.answer
        held = self.answer
        return httpx.Response(held.status_code, headers=held.headers, stream=held.stream)


@pytest.mark.parametrize(("answer", "reason"), ANSWERS)
def test_without_a_token_nothing_is_sent(
    runner, caplog: pytest.LogCaptureFixture, answer: Any, reason: str
) -> None:
    caplog.set_level(logging.DEBUG)
    network = Answering(answer)
    ran = runner(network)
    assert (ran.result, network.asked) == (None, 1)
    (problem,) = ran.sink.sorted()
    # What no waiting mends is told from what it may.
    assert problem.code == ("FC0846" if reason in PASSING else "FC0826")
    assert reason in problem.message
    assert "nothing was sent" in problem.message
    seen = repr(problem) + caplog.text
    assert SECRET not in seen
    assert ID not in seen


def test_a_renewal_that_fails_between_steps_sends_nothing_more(runner, vault) -> None:
    network = vault(good=lambda _: False)
    made = network.token

    def once(request: httpx.Request) -> httpx.Response:
        return made(request) if not network.made else httpx.Response(503)

    network.token = once
    ran = runner(network)
    assert network.paths == [MADE, "/forward", MADE]
    assert ran.result is not None
    assert (ran.result.outcome, ran.result.rejected_by) == (Outcome.REJECTED, Party.VAULT)
    assert "no access token: the vault answered 503" in str(ran.result.reason)


def test_a_token_is_asked_for_at_a_host_of_the_plan_only(plan: Plan, vault) -> None:
    network = vault()
    stray = replace(client(plan), hosts=("forward.sandbox.checkout.com",))

    async def go() -> None:
        async with Sender(network) as sender:
            with pytest.raises(AccessTokenError, match="the plan does not name this host"):
                await AccessTokens().token(stray, sender)

    asyncio.run(go())
    assert network.paths == []


@pytest.mark.parametrize(
    ("held", "messages"),
    [
        ({}, ["no credential of checkout is available"]),
        ({"client_id": ID}, ["the other half of the OAuth client of checkout is not available"]),
        (
            {"client_secret": ID},
            ["the other half of the OAuth client of checkout is not available"],
        ),
    ],
)
def test_a_client_needs_both_halves(
    runner, vault, held: dict[str, str], messages: list[str]
) -> None:
    runner.look_up = {variable(n): v for n, v in held.items()}.get
    ran = runner(vault())
    assert [problem.message for problem in ran.sink.sorted()] == messages
    assert ran.codes == ["FC0806"]
    assert "FORWARDC_VAULT__SANDBOX__CHECKOUT__CLIENT_" in str(ran.sink.sorted()[0].hint)


def test_no_part_of_a_client_is_visible(
    runner, vault, plan: Plan, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    ran = runner(vault())
    seen = f"{ran.result!r} {ran.sink.sorted()!r} {caplog.text} {runner.tokens!r} {client(plan)!r}"
    for hidden in (ID, SECRET, NEW):
        assert hidden not in seen


def test_a_vault_that_repeats_a_token_shows_none(runner, vault) -> None:
    network = vault()
    made = network.answer

    def refuse(request: httpx.Request) -> httpx.Response:
        if request.url.path == MADE:
            return made(request)
        token = request.headers["authorization"].removeprefix("Bearer ")
        return httpx.Response(422, text=f"odd: {token} of {ID} with {SECRET}")

    network.answer = refuse
    ran = runner(network)
    assert ran.result is not None
    answer = str(ran.result.steps[0].answer)
    assert "odd: ***" in answer
    for hidden in (ID, SECRET, f"{NEW}1"):
        assert hidden not in repr(ran.result)


def test_what_is_approved_tells_where_a_client_goes(plan: Plan) -> None:
    found = leaving(plan, "card")["tokens"]["api_key"]
    assert found["token_url"] == "https://access.sandbox.checkout.com/connect/token"
    other = as_json(plan)["credentials"]["api_key"]["or"]["oauth"]
    changed = plan.credentials["api_key"].instead
    assert changed is not None
    moved = replace(changed.oauth, token_url=other["token_url"] + "s")
    instead = replace(changed, oauth=moved)
    key = replace(plan.credentials["api_key"], instead=instead)
    edited = replace(plan, credentials={"api_key": key})
    assert approval_digest(edited, "card") != approval_digest(plan, "card")
