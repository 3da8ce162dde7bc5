"""Production never guesses how a destination counts, when it is approved and when it runs."""

from collections.abc import Callable
from pathlib import Path

import pytest

from forwardc.cli.main import run

Typed = Callable[..., tuple[int, str, str]]
YAML = "destinations/adyen.yaml"
MONEY = "money: {table: adyen}\n"
OTHERS = ("-p", "reference=ORDER-1", "-p", "return_url=https://shop.example/return")


@pytest.fixture
def typed(project: Path, capsys: pytest.CaptureFixture[str]) -> Typed:
    """A function from arguments to the exit code, standard output and standard error."""

    def call(*arguments: str) -> tuple[int, str, str]:
        code = run(arguments)
        out, err = capsys.readouterr()
        return code, out, err

    return call


def edit(project: Path, old: str, new: str) -> None:
    file = project / YAML
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")


def approve(typed: Typed) -> tuple[int, str, str]:
    who = ("--env", "production", "--by", "Ada")
    return typed("approve", "checkout", "adyen.card_cit", *who)


def pay(typed: Typed, amount: str, currency: str) -> tuple[int, str, str]:
    sums = ("-p", f"amount={amount}", "-p", f"currency={currency}")
    where = ("--via", "checkout", "--env", "production", "--sandbox", "--dry-run")
    source = ("--source", "src_visa_adyen_approved0000000")
    return typed("run", "adyen.card_cit", *where, *source, *sums, *OTHERS)


def test_a_known_vendor_is_not_approved_by_guess(project: Path, typed: Typed) -> None:
    edit(project, MONEY, "")
    code, out, err = typed("check")
    assert (code, "FC0334" in out + err) == (0, True)
    assert typed("build")[0] == 0
    code, out, _ = approve(typed)
    assert code == 1
    assert "FC0712 adyen.card_cit: Adyen has its own way to count money" in out
    assert "`money: {table: adyen}`" in out
    assert not (project / "forwardc.lock").exists()


def test_a_currency_that_vendors_count_differently_is_not_guessed(
    project: Path, typed: Typed
) -> None:
    edit(project, MONEY, "")
    # A user's own gateway in front of the vendor: no table knows its host.
    edit(project, "-checkout-live.adyenpayments.com", ".gateway.shop.example")
    assert typed("build")[0] == 0
    assert approve(typed)[0] == 0
    assert pay(typed, "1000", "EUR")[0] == 0
    for currency in ("ISK", "clp", "KWD"):
        code, out, err = pay(typed, "1000", currency)
        assert (code, out) == (1, "")
        assert f"FC0837 adyen does not say how it counts {currency.upper()}" in err
    edit(project, "\nparams:", "\nmoney: {source: their page of currencies}\n\nparams:")
    assert typed("build")[0] == 0
    code, _, err = pay(typed, "1000", "ISK")
    assert "FC0814" in err, "what it counts is a part of what was approved"
    assert approve(typed)[0] == 0
    code, out, _ = pay(typed, "1000", "ISK")
    assert code == 0
    assert "1000" in out


def test_who_approves_reads_what_leaves_by_example(typed: Typed) -> None:
    _, _, err = approve(typed)
    assert "1000 minor units of ISK leave as 100000" in err
    assert "100000 minor units of IDR leave as 1000" in err
