"""An answer of another mode than the plan's class is unknown, whatever its rules would say."""

import json
from typing import Any

import pytest

from forwardc.plan.answers import Mode
from forwardc.runtime.run.answer import other_mode

LIVEMODE = Mode(at="/livemode", sandbox=False, production=True)
WORDS = Mode(at="/meta/env", sandbox="test", production="live")


@pytest.mark.parametrize(
    ("mode", "document", "class_", "strange"),
    [
        (LIVEMODE, {"livemode": False}, "sandbox", False),
        (LIVEMODE, {"livemode": True}, "sandbox", True),
        (LIVEMODE, {"livemode": True}, "production", False),
        (LIVEMODE, {"livemode": False}, "production", True),
        (LIVEMODE, {"livemode": "false"}, "sandbox", False),
        (LIVEMODE, {"livemode": "True"}, "sandbox", True),
        (LIVEMODE, {"livemode": 0}, "sandbox", True),
        (LIVEMODE, {"livemode": "perhaps"}, "sandbox", True),
        (LIVEMODE, {"livemode": {}}, "production", True),
        (LIVEMODE, {"livemode": None}, "sandbox", False),
        (LIVEMODE, {}, "production", False),
        (LIVEMODE, None, "production", False),
        (None, {"livemode": True}, "sandbox", False),
        (WORDS, {"meta": {"env": "Test"}}, "sandbox", False),
        (WORDS, {"meta": {"env": "live"}}, "sandbox", True),
    ],
)
def test_what_an_answer_tells(mode: Any, document: Any, class_: Any, strange: bool) -> None:
    assert (other_mode(mode, document, class_) is not None) is strange


def vault_answer(vault_live: Any, body: dict[str, Any], status: int = 200) -> bytes:
    details = {"status": status, "headers": [], "body": json.dumps(body)}
    document: dict[str, Any] = {"id": "fwdreq_1", "response_details": details}
    return json.dumps(document | ({} if vault_live is None else {"livemode": vault_live})).encode()


@pytest.mark.parametrize(
    ("live", "code", "words"),
    [(False, 0, "approved"), (None, 0, "approved"), (True, 13, "the answer is of a live account")],
)
def test_the_vaults_own_word(live: bool | None, code: int, words: str, door) -> None:
    door.answer = vault_answer(live, {"token": "tok_1"})
    done, out = door.run("token_vault.tokenize", "stripe", "sandbox")
    assert (done, len(door.sent)) == (code, 1)
    assert words in out


@pytest.mark.parametrize("live", [True, "true"])
def test_the_destinations_word_stops_the_run(live: Any, door) -> None:
    answer = {"status": 200, "headers": {}, "body": json.dumps({"id": "pm_1", "livemode": live})}
    door.answer = json.dumps({"request_id": "fwd_1", "destination_response": answer}).encode()
    code, out = door.run("stripe.payment", "checkout", "sandbox")
    assert (code, len(door.sent)) == (13, 1)
    assert "the answer is of a live account" in out


def test_a_sandbox_of_this_machine_tells_the_truth(house, capfd) -> None:
    from forwardc.cli.main import run

    arguments = ("--via", "checkout", "--env", "sandbox", "-p", "amount=1000", "-p", "currency=EUR")
    source = ("--source", "src_visa_approved0000000000000")
    run(("run", "stripe.payment", *arguments, *source, "--sandbox", "--no-history"))
    assert "account" not in "".join(capfd.readouterr())
