"""`forwardc run`, as a person uses it: exit codes, output, and what is refused."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from forwardc.cli.main import run as cli
from forwardc.runtime.secret_providers.made_up import sandbox_secret
from forwardc.sandbox.serve import start_in_thread

APPROVED = "src_visa_adyen_approved0000000"
DECLINED = "src_visa_declined0000000000000"
PAY = ("-p", "amount=1000", "-p", "currency=EUR")


@pytest.fixture
def forwardc(build: Path, capfd: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """Run the command against the hand-made plans: exit code, standard output and error."""

    def call(target: str, *arguments: str, via: str = "checkout") -> tuple[int, str, str]:
        options = ("--via", via, "--build", str(build))
        env = () if "--env" in arguments else ("--env", "sandbox")
        code = cli(["run", target, *options, *env, *arguments])
        return (code, *capfd.readouterr())

    return call


def test_a_payment_in_a_sandbox_of_this_process(forwardc) -> None:
    code, out, err = forwardc("adyen.card", "--source", APPROVED, *PAY, "--sandbox")
    assert code == 0, err
    assert "output   psp_reference = " in out
    assert "200 from adyen, 200 from checkout, fwd_" in out
    assert "keys     destination " in out
    assert out.endswith("\napproved\n")
    assert err == ""


def test_outcomes_become_exit_codes(forwardc) -> None:
    code, out, _ = forwardc("adyen.card", "--source", DECLINED, *PAY, "--sandbox")
    assert code == 10
    assert "declined" in out
    unknown = "src_" + "x" * 26
    code, out, _ = forwardc("adyen.card", "--source", unknown, *PAY, "--sandbox")
    assert code == 11
    assert "rejected by checkout: the vault answered 4" in out


def test_an_unknown_outcome_says_what_to_do(forwardc) -> None:
    broken = "src_visa_broken000000000000000"
    code, out, _ = forwardc("adyen.card", "--source", broken, *PAY, "--sandbox")
    assert code == 13
    assert "find out what adyen did before you run this again\n  ask adyen whether" in out


def test_json(forwardc) -> None:
    options = ("--json", "--reference", "order-1", "--idempotency-key", "key-1")
    code, out, _ = forwardc("adyen.card", "--source", APPROVED, *PAY, "--sandbox", *options)
    result = json.loads(out)
    assert code == result["exit_code"] == 0
    assert result["outcome"] == "approved"
    assert result["destination"] == "adyen"
    (step,) = result["steps"]
    assert step["keys"]["destination"] == "key-1"
    assert step["status"] == 200
    assert json.loads(step["request"]["body"])["reference"] == "order-1"


def test_over_a_connection_the_request_stays_the_same(forwardc) -> None:
    with start_in_thread() as sandbox:
        code, out, err = forwardc(
            "adyen.card", "--source", APPROVED, *PAY, "--sandbox", sandbox.url
        )
        again, _, _ = forwardc("adyen.card", "--source", APPROVED, *PAY, "--sandbox", sandbox.url)
        received = sandbox.world.received
    assert (code, again) == (0, 0), out + err
    assert {request.host for request in received} == {"checkout-test.adyen.com"}
    keys = {dict(request.headers)["x-api-key"] for request in received}
    assert keys == {sandbox_secret("adyen", "adyen_api_key")}


def test_a_dry_run_is_the_same_with_and_without_a_sandbox(
    forwardc, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORWARDC_VAULT__SANDBOX__CHECKOUT__API_KEY", "sk_sbox_" + "a" * 27)
    outputs = []
    options = ("--dry-run", "--json", "--reference", "r", "--idempotency-key", "k")
    for sandbox in ((), ("--sandbox",), ("--sandbox", "http://127.0.0.1:9")):
        code, out, err = forwardc("adyen.card", "--source", APPROVED, *PAY, *options, *sandbox)
        assert code == 0, err
        outputs.append(json.loads(out))
    assert outputs[0] == outputs[1] == outputs[2]
    assert outputs[0]["digest"].startswith("sha256:")


def test_the_sandbox_reads_no_real_credential(forwardc, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORWARDC_VAULT__SANDBOX__CHECKOUT__API_KEY", "sk_sbox_real")
    code, _, err = forwardc("adyen.card", "--source", APPROVED, *PAY, "--sandbox")
    assert code == 0, err


def test_without_a_sandbox_credentials_are_needed(forwardc) -> None:
    code, out, err = forwardc("adyen.card", "--source", APPROVED, *PAY)
    assert (code, out) == (1, "")
    assert "FC0806" in err
    assert "FORWARDC_VAULT__SANDBOX__CHECKOUT__API_KEY" in err


def test_params_from_a_file_and_from_the_command(forwardc, tmp_path: Path) -> None:
    path = tmp_path / "params.json"
    path.write_text('{"amount": 1, "currency": "EUR", "order": "{{card_number}}"}')
    toml = tmp_path / "params.toml"
    toml.write_text('amount = 1\ncurrency = "EUR"\norder = "{{card_number}}"\n')
    for file in (path, toml):
        code, out, err = forwardc(
            *("adyen.card", "--source", APPROVED, "--params", str(file), "-p", "amount=2"),
            *("--sandbox", "--json"),
        )
        assert code == 0, err
        body = json.loads(json.loads(out)["steps"][0]["request"]["body"])
        inner = body["destination_request"]["body"]
        assert json.loads(inner)["amount"] == {"value": 2, "currency": "EUR"}
        assert json.loads(inner)["merchantOrderReference"] == "{{card_number}}"
        assert inner.count("{{card_number}}") == 1


def test_all_problems_at_once(forwardc) -> None:
    code, out, err = forwardc("adyen.card", "--source", "nope", "-p", "amount=x", "-p", "a=b")
    assert (code, out) == (1, "")
    assert [name for name in ("FC0802", "FC0803", "FC0804", "FC0805", "FC0806") if name in err] == [
        "FC0802",
        "FC0803",
        "FC0804",
        "FC0805",
        "FC0806",
    ]


def test_problems_as_json(forwardc) -> None:
    code, out, err = forwardc("adyen.card", "--json", "--sandbox")
    assert (code, err) == (1, "")
    codes = [problem["code"] for problem in json.loads(out)["problems"]]
    assert codes == ["FC0802", "FC0803", "FC0803"]


@pytest.mark.parametrize(
    ("target", "via", "code", "hint"),
    [
        ("adyen", "checkout", "FC0813", "the operations are: card, card_with_cvc, twice"),
        ("adyen.cart", "checkout", "FC0813", "did you mean card?"),
        ("adyn.card", "checkout", "FC0813", "did you mean adyen?"),
        ("adyen.card", "chekout", "FC0704", "did you mean checkout?"),
        ("adyen.card", "direct", "FC0704", "coverage"),
        ("../adyen.card", "checkout", "FC0813", "there are: adyen, shop"),
    ],
)
def test_unknown_names(forwardc, target: str, via: str, code: str, hint: str) -> None:
    exit_code, _, err = forwardc(target, via=via)
    assert exit_code == 1
    assert code in err
    assert hint in err


def test_a_changed_plan_is_not_run(forwardc, build: Path) -> None:
    path = build / "checkout/adyen/sandbox.plan.json"
    path.write_bytes(path.read_bytes().replace(b"checkout-test.adyen.com", b"evil.example"))
    code, _, err = forwardc("adyen.card", "--source", APPROVED, *PAY, "--sandbox")
    assert code == 1
    assert "FC0702" in err


@pytest.mark.parametrize(
    "arguments",
    [
        ("-p", "4242424242424242"),
        ("-p", "=4242424242424242"),
        ("--input", "4242424242424242"),
        ("-p", "amount=4242424242424242", "-p", "amount=2"),
        ("--sandbox", "http://sandbox.example:1"),
        ("--env", "4242424242424242"),
    ],
)
def test_wrong_usage_does_not_repeat_values(forwardc, arguments: tuple[str, ...]) -> None:
    given = ("--source", APPROVED, *PAY) if arguments[0] == "--sandbox" else ()
    code, out, err = forwardc("adyen.card", *given, *arguments)
    assert code == 2
    assert "4242424242424242" not in (out + err if arguments[0] != "--env" else "")


def test_a_sandbox_that_is_not_there(forwardc) -> None:
    code, _, err = forwardc(
        *("adyen.card", "--source", APPROVED, *PAY, "--sandbox", "http://127.0.0.1:1")
    )
    assert code == 2
    assert "does not answer" in err


def test_a_sandbox_and_a_file_of_secrets_exclude_each_other(forwardc, tmp_path: Path) -> None:
    path = tmp_path / "secrets.toml"
    path.write_text("")
    code, _, err = forwardc("adyen.card", "--sandbox", "--secrets", str(path))
    assert code == 2
    assert "--secrets cannot go with --sandbox" in err


def test_a_direct_operation_needs_no_source(forwardc) -> None:
    code, out, _ = forwardc(
        "shop.json", "-p", "text=x", "-p", "segment=s", "--sandbox", via="direct"
    )
    assert code == 0
    assert "POST https://shop.example/v1/pay" in out


OLD = ("FORWARDC_VAULT_CHECKOUT_API_KEY", "FORWARDC_VAULT__SANDBOX__CHECKOUT__API_KEY")


def test_an_old_name_of_a_secret_is_refused_before_anything_is_sent(
    forwardc, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, new = OLD
    for name in OLD:
        monkeypatch.setenv(name, "sk_sbox_" + "a" * 27)
    code, out, err = forwardc("adyen.card", "--source", APPROVED, *PAY)
    assert (code, out) == (1, "")
    assert f"error FC0847 {old} is of the old form" in err
    assert f"hint: name it {new}:" in err


def test_a_sandbox_that_reads_no_name_only_says_so(
    forwardc, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(OLD[0], "sk_sbox_" + "a" * 27)
    code, _, err = forwardc("adyen.card", "--source", APPROVED, *PAY, "--sandbox")
    assert code == 0
    assert f"warning FC0847 {OLD[0]} is of the old form" in err


def test_nothing_is_sent_beside_a_secrets_file_that_is_refused(
    forwardc, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(OLD[1], "sk_sbox_" + "a" * 27)
    path = tmp_path / "secrets.toml"
    path.write_text('[from]\nOF_SOMEBODY_ELSE = "no reference"\n')
    code, out, err = forwardc("adyen.card", "--source", APPROVED, *PAY, "--secrets", str(path))
    assert (code, out) == (1, "")
    assert "error FC0806 OF_SOMEBODY_ELSE has no reference" in err
