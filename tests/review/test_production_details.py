"""FC0708 and FC0709: what reviewers ask for is there, and PCI evidence holds on the day."""

from datetime import date
from typing import Any

import pytest

from shop_project import ACCOUNTS, SHOP

TARGET = "targets: [{vault: stripe, destination: shop}]\n"
OWN = SHOP.replace("environments:", "own_vault: true\n{pci}environments:", 1)
EVIDENCE = {"aoc.txt": "an example"}


def own(pci: str = "") -> str:
    return OWN.replace("{pci}", pci and f"pci: {{{pci}}}\n")


def test_nothing_is_missing(compiled: Any) -> None:
    project = compiled(accounts=ACCOUNTS + TARGET)
    assert project.errors == project.warnings == []


WITHOUT_DOCS = SHOP.replace("docs: https://docs.shop.example/payments\n", "")


def test_missing_documentation_is_a_warning_and_for_a_target_an_error(compiled: Any) -> None:
    message = "FC0708 destinations/shop.yaml:2 stripe asks for it: shop names no documentation"
    project = compiled(WITHOUT_DOCS)
    assert (project.errors, project.warnings) == ([], [message])
    assert (
        project.files()["stripe/shop/payment.pay.production.config.json"]["documentation"] is None
    )
    assert compiled(WITHOUT_DOCS, ACCOUNTS + TARGET).errors == [message]


def test_a_missing_test_account_is_asked_for_in_the_project(compiled: Any) -> None:
    accounts = ACCOUNTS.replace(
        "sandbox: {vaults: {stripe: {account: acct_test, api_version: 2026-09-30.endive}}}",
        "sandbox: {}",
    )
    (found,) = compiled(accounts=accounts).warnings
    assert found == "FC0708 forwardc.yaml:4 stripe asks for it: no account for sandbox"


def test_a_step_without_a_field_to_fill(compiled: Any) -> None:
    """The vault takes no such request, so that there is nothing to review."""
    start = SHOP.index("          json:")
    project = compiled(
        SHOP[:start] + "          json: {a: 1}\n        response: {outcome: by_status}\n"
    )
    assert project.errors == project.warnings == []
    assert not any(path.startswith("stripe/") for path in project.files())


def test_a_country_that_the_vault_does_not_serve(compiled: Any) -> None:
    (found,) = compiled(SHOP.replace("docs:", 'countries: ["NO", KP, DE]\ndocs:')).warnings
    assert found.endswith("it does not forward to KP")


def test_nothing_is_asked_where_the_vault_has_no_account_or_is_not_built(compiled: Any) -> None:
    other = ACCOUNTS.replace(
        "production: {vaults: {stripe: {account: acct_live, api_version: 2026-09-30.endive}}}", ""
    )
    assert compiled(WITHOUT_DOCS, other).warnings == []


@pytest.mark.parametrize(
    ("pci", "missing"),
    [
        ("", "an own token vault has no `pci.attestation` and no `pci.expires`"),
        ("level: 1, attestation: aoc.txt", "an own token vault has no `pci.expires`"),
        ("expires: 2027-10-31", "an own token vault has no `pci.attestation`"),
    ],
)
def test_an_own_vault_without_evidence(compiled: Any, pci: str, missing: str) -> None:
    (found,) = compiled(own(pci), files=EVIDENCE).errors
    assert found.startswith("FC0709 destinations/shop.yaml:")
    assert found.endswith(missing)


def test_only_an_own_vault_in_production_needs_evidence(compiled: Any) -> None:
    assert compiled(SHOP).errors == []
    sandbox = own().replace("  production: {base_url: https://api.shop.example}\n", "")
    assert compiled(sandbox).errors == []


GIVEN = "level: 1, attestation: aoc.txt, expires: 2027-01-19"


@pytest.mark.parametrize(
    ("today", "errors", "warnings"),
    [
        (date(2026, 11, 19), 0, 0),
        (date(2026, 11, 20), 0, 1),
        (date(2027, 1, 19), 0, 1),
        (date(2027, 1, 20), 1, 0),
        (None, 0, 0),
    ],
)
def test_evidence_ends(compiled: Any, today: date | None, errors: int, warnings: int) -> None:
    project = compiled(own(GIVEN), today=today, files=EVIDENCE)
    assert (len(project.errors), len(project.warnings)) == (errors, warnings)
    assert all("2027-01-19" in found for found in (*project.errors, *project.warnings))


def test_no_day_of_a_check_reaches_the_files(compiled: Any) -> None:
    early = compiled(own(GIVEN), today=date(2026, 11, 20), files=EVIDENCE).compiled
    late = compiled(own(GIVEN), today=date(2027, 1, 10), files=EVIDENCE).compiled
    assert dict(early.outputs()) == dict(late.outputs())


def test_a_day_that_does_not_exist_and_a_file_that_is_not_there(compiled: Any) -> None:
    (day,) = compiled(own(GIVEN.replace("01-19", "02-31")), files=EVIDENCE).errors
    assert day.endswith("this day does not exist")
    (file,) = compiled(own(GIVEN.replace("aoc", "none"))).errors
    assert file.endswith("none.txt cannot be read: No such file or directory")


def test_the_evidence_is_an_input_with_a_digest(compiled: Any) -> None:
    project = compiled(own(GIVEN), files=EVIDENCE)
    assert b"an example" not in b"".join(data for _, data in project.compiled.outputs())
    assert "aoc.txt" in project.compiled.loaded.files


@pytest.mark.parametrize("path", ["../aoc.txt", "/etc/aoc.txt", "https://shop.example/aoc"])
def test_evidence_outside_the_project_is_refused(compiled: Any, path: str) -> None:
    found = compiled(own(f"attestation: '{path}', expires: 2027-01-19")).errors
    assert found
    assert all(one.startswith("FC02") for one in found)
