"""A history that real runs made: `forwardc run` through the sandbox, on days of the past.

Many ends, currencies, vaults and operations. The history's clock is turned; nothing else is.
"""

import io
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from typing import Any, Final
from unittest.mock import patch

from forwardc.cli.main import run as main
from forwardc.runtime.history import store

NOW: Final = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
_ROOT: Final = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Real:
    """One command. `ends` is its exit code."""

    reference: str
    operation: str
    vault: str
    source: str
    ends: int
    amount: int | None = None
    currency: str = ""
    hours: int = 1


def _src(name: str) -> str:
    return f"src_{name.ljust(26, '0')}"


REAL: Final = (
    Real("shop-1001", "adyen.card_cit", "checkout", _src("visa_approved"), 0, 1050, "EUR", 150),
    Real("shop-1002", "adyen.card_cit", "stripe", "pm_sandbox_visa", 0, 8000, "EUR", 126),
    Real("shop-1003", "adyen.card_cit", "checkout", _src("visa_declined"), 10, 5000, "JPY", 120),
    Real(
        "shop-1004",
        "adyen.card_cit",
        "stripe",
        "pm_sandbox_insufficient_funds",
        10,
        12345,
        "KWD",
        101,
    ),
    Real(
        "shop-1005",
        "adyen.card_cit",
        "checkout",
        _src("visa_insufficient_funds"),
        10,
        777,
        "USD",
        98,
    ),
    Real("shop-1006", "stripe.payment", "checkout", _src("visa_declined"), 10, 1999, "GBP", 77),
    Real(
        "shop-1007", "stripe.payment", "checkout", _src("mastercard_approved"), 0, 2599, "USD", 74
    ),
    Real("shop-1008", "rokt.share", "checkout", _src("visa_approved"), 0, hours=54),
    Real("shop-1009", "rokt.share", "stripe", "pm_sandbox_mastercard", 0, hours=50),
    Real("shop-1010", "adyen.card_cit", "stripe", "pm_sandbox_cvc_spent", 12, 100, "EUR", 30),
    Real("shop-1011", "adyen.card_cit", "stripe", "pm_sandbox_amex", 0, 64000, "USD", 26),
    Real("shop-1012", "adyen.card_cit", "stripe", "pm_sandbox_link", 11, 900, "EUR", 5),
    Real("shop-1013", "adyen.card_cit", "checkout", _src("visa_timeout"), 13, 1000, "EUR", 3),
    Real("shop-1014", "adyen.card_cit", "checkout", _src("amex_approved"), 0, 30, "CLP", 2),
)
BY_REFERENCE: Final = {real.reference: real for real in REAL}


def make(folder: Path) -> Path:
    """Run them all; the history's file. Raises `AssertionError` where one ends otherwise."""
    file = folder / "history.db"
    for real in REAL:
        said = io.StringIO()
        turned = NOW - timedelta(hours=real.hours)
        with turn(turned), redirect_stdout(said), redirect_stderr(said):
            ended = main(tuple(_command(real, file)))
        assert ended == real.ends, (real.reference, ended, said.getvalue())
    return file


def make_apart(folder: Path) -> Path:
    """The same in another process, for whoever has an event loop here."""
    subprocess.run([sys.executable, "-m", "real_runs", str(folder)], check=True)
    return folder / "history.db"


def _command(real: Real, file: Path) -> Iterator[str]:
    yield from ("run", real.operation, "--via", real.vault, "--env", "sandbox", "--sandbox")
    yield from ("--source", real.source, "--reference", real.reference)
    yield from ("--history", str(file), "--build", str(_ROOT / "build"))
    if not real.operation.startswith("stripe"):
        yield from ("-p", f"reference={real.reference}")
    if real.operation.startswith("adyen"):
        yield from ("-p", "return_url=https://shop.example/return")
    if real.amount is not None:
        yield from ("-p", f"amount={real.amount}", "-p", f"currency={real.currency}")


@contextmanager
def turn(to: datetime) -> Iterator[None]:
    """Let histories that are opened now have another clock."""

    class Turned(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> Any:
            return to.astimezone(tz)

    with patch.object(store, "datetime", Turned):
        yield


if __name__ == "__main__":
    make(Path(sys.argv[1]))
