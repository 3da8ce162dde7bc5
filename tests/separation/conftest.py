"""The project with ids of a merchant's own, and a door behind which nothing is sent."""

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from forwardc.cli.main import run
from forwardc.runtime.http.request import BoundRequest
from forwardc.runtime.http.send import HttpAnswer, Sender
from own_ids import build_own

TEST_KEY = "sk_test_" + "a1B2" * 8
LIVE_KEY = "sk_live_" + "a1B2" * 8
SBOX_KEY = "sk_sbox_" + "a" * 27
LIVE_CHECKOUT_KEY = "sk_" + "a" * 27
PARAMS = {
    "adyen.card_cit": (
        *("-p", "amount=1000", "-p", "currency=EUR", "-p", "reference=ORDER-1"),
        *("-p", "return_url=https://shop.example/return"),
    ),
    "stripe.payment": ("-p", "amount=1000", "-p", "currency=EUR"),
    "token_vault.tokenize": ("-p", "customer=customer-42"),
    "rocketpay.card": ("-p", "customer_id=customer_123", "-p", f"token={'0' * 64}"),
}
SOURCES = {"checkout": "src_visa_adyen_approved0000000", "stripe": "pm_card_visa", "direct": None}
DEFAULTS = {
    "VAULT__{}__STRIPE__API_KEY": TEST_KEY,
    "VAULT__{}__CHECKOUT__API_KEY": SBOX_KEY,
    "SECRET__{}__STRIPE__STRIPE_API_KEY": TEST_KEY,
    "SECRET__{}__ADYEN__ADYEN_API_KEY": "adyen-key",
    "SECRET__{}__TOKEN_VAULT__TOKEN_VAULT_KEY": "vault-key",
    "SECRET__{}__ROCKETPAY__ROCKETPAY_SECRET": "rocketpay-secret",
}


@dataclass
class Door:
    """Types commands; whatever would leave is kept and answered with `answer`."""

    capfd: pytest.CaptureFixture[str]
    environ: pytest.MonkeyPatch
    sent: list[BoundRequest] = field(default_factory=list)
    answer: bytes = b"{}"

    def __call__(self, *arguments: str) -> tuple[int, str]:
        """The exit code, and all that was printed."""
        code = run(arguments)
        return code, "".join(self.capfd.readouterr())

    def run(self, target: str, vault: str, env: str, *more: str) -> tuple[int, str]:
        """Run an operation as a person does."""
        source = SOURCES[vault]
        given = ("--source", source) if source else ()
        return self(
            *("run", target, "--via", vault, "--env", env, *given, *PARAMS[target], "--no-history"),
            *more,
        )

    def give(self, **values: str) -> None:
        """Set credentials in both environments, by `stripe`, `checkout` and `stripe_secret`."""
        names = dict(zip(("stripe", "checkout", "stripe_secret"), DEFAULTS, strict=False))
        self.set({names[name]: value for name, value in values.items()})

    def set(self, values: Mapping[str, str]) -> None:
        """Set variables, named without their environment, in both environments."""
        for name, value in values.items():
            for environment in ("SANDBOX", "PRODUCTION"):
                self.environ.setenv("FORWARDC_" + name.format(environment), value)


@pytest.fixture(scope="session")
def own(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project with ids of a merchant's own, built; not to be changed."""
    folder = tmp_path_factory.mktemp("own")
    build_own(root, folder)
    return folder


@pytest.fixture
def house(own: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The project, built, as the working directory."""
    for name in ("destinations", "build"):
        shutil.copytree(own / name, tmp_path / name)
    shutil.copy(own / "forwardc.yaml", tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def door(
    house: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str]]:
    """A command line with test credentials, of which nothing leaves this process."""
    found = Door(capfd, monkeypatch)

    async def send(_sender: Sender, request: BoundRequest, *_: object, **__: object) -> HttpAnswer:
        found.sent.append(request)
        return HttpAnswer(200, (("content-type", "application/json"),), found.answer, 1)

    monkeypatch.setattr(Sender, "send", send)
    found.set(DEFAULTS)
    return found
