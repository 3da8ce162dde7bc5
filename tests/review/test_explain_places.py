"""`forwardc explain` between a line of YAML and the places of build/ that it made."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from forwardc.cli.explain import command

ROOT = Path(__file__).resolve().parents[2]
YAML = "destinations/adyen.yaml"
LINES = (ROOT / YAML).read_text(encoding="utf-8").split("\n")
CARD_NUMBER = next(i for i, text in enumerate(LINES, 1) if "number: ${card.number}" in text)
AT_STRIPE = (
    "build/stripe/adyen/production.plan.json#/operations/card_cit/steps/0/http/body/$form"
    "/request/body/of/$json/paymentMethod/number"
)


def explain(subject: str) -> Result:
    return CliRunner().invoke(command, [subject, "--project", str(ROOT)], standalone_mode=False)


@pytest.fixture(autouse=True)
def _in_the_project(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


def test_a_built_place_names_its_line() -> None:
    lines = explain(AT_STRIPE).output.splitlines()
    assert lines[0].startswith(f"{YAML}:{CARD_NUMBER}:")
    assert lines[1].strip() == "number: ${card.number}"


def test_a_place_inside_an_expression_falls_back_to_what_is_around_it() -> None:
    place = (
        "build/checkout/adyen/sandbox.plan.json#/operations/card_cit/steps/0/http/body/$json"
        "/destination_request/body/of/$json/paymentMethod/number/$raw"
    )
    assert explain(place).output.startswith(f"{YAML}:{CARD_NUMBER}:")


def test_a_line_names_every_place_at_every_vault() -> None:
    found = explain(f"{YAML}:{CARD_NUMBER}").output.splitlines()
    assert AT_STRIPE in found
    assert {place.split("/")[1] for place in found} == {"checkout", "stripe"}


@pytest.mark.parametrize(
    ("pointer", "line"),
    [
        ("/fields/0", "number: ${card.number}"),
        ("/documentation", "docs: https://docs.adyen.com"),
        ("/request_headers/1/name", 'headers: {X-API-Key: "${secrets.adyen_api_key}"}'),
    ],
)
def test_what_a_reviewer_reads_comes_from_a_line(pointer: str, line: str) -> None:
    found = explain(f"build/stripe/adyen/card_cit.pay.production.config.json#{pointer}").output
    assert found.startswith(f"{YAML}:")
    assert found.splitlines()[1].strip().startswith(line)


def test_what_forwardc_adds_comes_from_no_line() -> None:
    assert "comes from forwardc itself" in explain("build/coverage.json#/forwardc").output


@pytest.mark.parametrize(
    "subject", ["build/nothing.json", "build/coverage.json#/nothing", "destinations/none.yaml:3"]
)
def test_what_does_not_exist_is_a_usage_error(subject: str) -> None:
    result = explain(subject)
    assert type(result.exception).__name__ == "UsageError"
