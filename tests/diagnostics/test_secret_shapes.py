"""No line of an excerpt shows a credential of any vendor, and names and paths stay readable.

Each shape is put together here, so that no scanner takes this file for a leak.
"""

import random
import string
from base64 import b64encode
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forwardc.cli.main import run
from forwardc.core.recognizer.secret_shapes import mask_excerpt
from growth import assert_linear
from one_rule import one_rule

ROOT = Path(__file__).resolve().parent.parent.parent
_CHANCE = random.Random(7)  # noqa: S311 - the same in each process
LOWER, UPPER, DIGITS = string.ascii_lowercase, string.ascii_uppercase, string.digits


def made(length: int, alphabet: str = LOWER + UPPER + DIGITS) -> str:
    return "".join(_CHANCE.choice(alphabet) for _ in range(length))


PASSWORD = "hun" + "ter2-canary"
SHAPES: dict[str, str] = {
    "GitHub": "gh" + "p_" + "aaaa" * 9,
    "GitHub app": "gh" + "s_" + made(36),
    "GitHub, fine-grained": "github" + "_pat_" + made(22) + "_" + made(59),
    "GitLab": "gl" + "pat-" + made(20),
    "AWS id": "AK" + "IA" + made(16, UPPER),
    "AWS session": "AS" + "IA" + made(16, UPPER + "234567"),
    "AWS secret": made(19) + "/" + made(20),
    "Google API": "AI" + "za" + "Sy" + made(33, LOWER),
    "Google OAuth": "GOC" + "SPX-" + made(28, LOWER),
    "Google token": "ya" + "29." + made(60),
    "Slack bot": "xo" + "xb-" + made(12, DIGITS) + "-" + made(24, LOWER),
    "Slack app": "xa" + "pp-1-" + made(11, UPPER) + "-" + made(40),
    "Slack hook": "hooks.slack" + ".com/services/" + made(9, UPPER) + "/" + made(24, LOWER),
    "Stripe": "sk" + "_live_" + made(24),
    "Stripe, restricted": "rk" + "_test_" + made(24),
    "Stripe, hook": "wh" + "sec_" + made(32),
    "Checkout.com": "sk" + "_sbox_" + made(27, LOWER),
    "npm": "np" + "m_" + made(36, LOWER),
    "PyPI": "py" + "pi-" + "AgEIcHlwaS5vcmc" + made(60),
    "SendGrid": "S" + "G." + made(22) + "." + made(43),
    "Vault": "hv" + "s." + made(24, LOWER),
    "DigitalOcean": "do" + "p_v1_" + made(64, "abcdef0123456789"),
    "OpenAI": "s" + "k-" + made(48, LOWER),
    "age": "AGE-" + "SECRET-KEY-1" + made(58, UPPER),
    "JWT": "ey" + "J" + made(20) + "." + made(9, LOWER) + "." + made(4),
    "JWE": "ey" + "J" + made(20) + ".." + ".".join(made(30, LOWER) for _ in range(3)),
    "bcrypt": "$2" + "b$12$" + made(53),
    "shadow": "$6" + "$" + made(8) + "$" + made(86),
    "hexadecimal": made(40, "abcdef0123456789"),
    "base64": b64encode(_CHANCE.randbytes(32)).decode(),
    "base64url": made(43, LOWER + UPPER + DIGITS + "-_"),
    "UUID": "f47ac10b-58cc-4372-a567-0e02b2c3d479",
    "words in base64": b64encode(b"shop:" + PASSWORD.encode()).decode(),
}
# Where a credential of any form stands: `{}`.
PLACES: dict[str, str] = {
    "URL": "postgresql://shop:{}@db.shop.example:5432/shop",
    "URL without a user": "redis://:{}@cache.example/0",
    "token in a URL": "https://{}@git.example/shop.git",
    "git credentials": "https://octocat:{}@github.com",
    "ini": "aws_secret_access_key = {}",
    "shell": "export DB_PASSWORD={}",
    "JSON": '{{"client_secret": "{}"}}',
    "YAML": "password: {}",
    "YAML, quoted": "api_key: '{}'",
    "hash": "'private_key' => '{}'",
    "npmrc": "//registry.example/:_authToken={}",
    "netrc": "machine api.example login shop password {}",
    "netrc, on lines": "machine api.example\n  login shop\n  password {}",
    "pgpass": "db.example:5432:shop:shop:{}",
    "connection string": "Server=db;AccountKey={}",
}
TEXTS = ["name: {}", "x: [{}, 1]", '"{}"', "{}", "# {}", "a={}&b=1", "https://x.example/?k={}"]


def shows(text: str, secret: str) -> bool:
    """Whether any six characters of a secret are left."""
    return any(secret[at : at + 6] in text for at in range(len(secret) - 5))


@one_rule("text", TEXTS)
@one_rule("shape", [one for one in SHAPES if one != "words in base64"])
def test_a_credential_is_masked_wherever_it_stands(shape: str, text: str) -> None:
    whole = text.format(SHAPES[shape])
    shown = mask_excerpt(whole)
    assert not shows(shown, SHAPES[shape])
    assert len(shown) == len(whole)


@one_rule("place", PLACES)
@one_rule("secret", [PASSWORD, "Tr0ub4dor&3", "correct-horse-battery", "pa$$w0rd!"])
def test_a_password_is_masked_where_it_is_one(place: str, secret: str) -> None:
    shown = mask_excerpt(PLACES[place].format(secret))
    assert not shows(shown, secret)
    assert shown[:4] == PLACES[place].format(secret)[:4]


@pytest.mark.parametrize(
    "text",
    [
        '{{"auths": {{"ghcr.io": {{"auth": "{}"}}}}}}',
        "auth: {}",
        '"auth" : "{}"',
        "Authorization: Basic {}",
    ],
)
def test_docker_and_http_keep_passwords_in_base64(text: str) -> None:
    assert not shows(mask_excerpt(text.format(SHAPES["words in base64"])), "c2hvcDpodW50")


@pytest.mark.parametrize(
    ("alphabet", "length", "least"),
    [
        (LOWER + UPPER + DIGITS + "+/", 40, 0.99),
        (LOWER + UPPER + DIGITS, 24, 0.99),
        (LOWER + UPPER + DIGITS, 20, 0.98),
        ("abcdef" + DIGITS, 32, 0.99),
        (LOWER + "234567", 32, 0.94),
        (UPPER + "234567", 26, 0.9),
        (LOWER + DIGITS, 24, 0.97),
    ],
)
def test_a_random_key_is_masked_whoever_made_it(alphabet: str, length: int, least: float) -> None:
    keys = [made(length, alphabet) for _ in range(1_000)]
    assert sum(mask_excerpt(key) == "*" * length for key in keys) >= least * 1_000


def test_no_line_of_the_destinations_is_masked() -> None:
    """Names, paths, expressions and descriptions: what an author has to see."""
    for path in sorted((ROOT / "destinations").glob("*.yaml")):
        text = path.read_text(encoding="utf-8")
        assert mask_excerpt(text) == text, path.name


@pytest.mark.parametrize(
    "line",
    [
        "POST: /v1/payment_intents/${steps.intent.id}/confirm",
        "Authorization: Bearer ${secrets.stripe_api_key}",
        "secret: ${secrets.visa_shared_key}",
        "token: {type: string, max_length: 64}",
        "outputs: {token_id: {at: /vProvisionedTokenID, sensitive: true}}",
        "access_token: {description: Token of the shop}",
        "base_url: https://checkout-test.adyen.com/v71",
        "base_url: https://${settings.live_prefix}-checkout-live.adyenpayments.com/checkout/v71",
        "clientWalletAccountEmailAddress: ${params.email}",
        "networkTransactionReferenceOfTheFirstPayment: 1",
        "operations: {card_on_file_recurring_2026: {initiator: merchant}}",
        "# the token of the destination, as its documents have it",
    ],
)
def test_what_is_no_secret_is_shown(line: str) -> None:
    assert mask_excerpt(line) == line


@given(st.text(max_size=200))
def test_length_and_lines_stay(text: str) -> None:
    shown = mask_excerpt(text)
    assert len(shown) == len(text)
    assert [one for one in shown if one in "\r\n"] == [one for one in text if one in "\r\n"]


@pytest.mark.parametrize(
    "piece",
    [
        *("://", "://a:", "login x password ", "password: ", "a1B", "x:1:y:z:", "bearer ", "$y$"),
        *("auth: ", "eyJ", "eyJaaaaaaaa.", "gha_", " ", "\n"),
    ],
)
def test_no_text_takes_long(piece: str) -> None:
    assert_linear(mask_excerpt, lambda size: piece * size, 8_000)


@pytest.mark.parametrize("format_", ["text", "concise", "json", "sarif", "github"])
def test_a_hard_link_to_a_file_of_keys_shows_no_key(
    format_: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A plain file as every other, so that it is read, and every line of it is a mistake."""
    monkeypatch.chdir(tmp_path)
    lines = [text.format(secret) for text in PLACES.values() for secret in (PASSWORD, "Tr0ub4dor")]
    lines += [f"{name.replace(' ', '_')}: [{secret}" for name, secret in SHAPES.items()]
    (tmp_path / "destinations").mkdir()
    (tmp_path / "forwardc.yaml").write_text("forwardc: 1\n", encoding="utf-8")
    for number, line in enumerate(lines):
        (tmp_path / f"keys-{number}").write_text(f"{line}\n: [\n", encoding="utf-8")
        (tmp_path / "destinations" / f"k{number}.yaml").hardlink_to(tmp_path / f"keys-{number}")
    assert run(("check", "--format", format_)) == 1
    shown = "".join(capsys.readouterr())
    for secret in (PASSWORD, "Tr0ub4dor", *SHAPES.values()):
        assert not shows(shown, secret), secret
