"""One folder for each thing that vaults carry differently: level, status and reasons at each.

The last line of `destination.yaml` says which vaults a case is `about`: what another one makes of
it stands in no file, so that a new vault changes none. `pytest --snapshot-update` writes
`expected.txt`.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from forwardc.compile.language.load import load_files
from forwardc.compile.pipeline import compile_loaded
from forwardc.compile.vaults.assess import Assessment
from forwardc.compile.vaults.registry import vaults
from forwardc.core.diagnostics.codes import CODES
from forwardc.core.diagnostics.sink import Sink

FOLDER = Path(__file__).parent / "coverage"
CASES = sorted(path.name for path in FOLDER.iterdir())

# What no destination alone can show, with what does.
ELSEWHERE = {
    "FC0614": "a credential of the runtime",
    "FC0617": "a source of the runtime",
    "FC0618": "bad/target-refused",
    "FC0626": "tests/arrangements",
    "FC0629": "bad/arrangement-not-offered",
    "FC0630": "bad/arrangement-lifts-nothing",
    "FC0634": "bad/account-without-prefix",
}


def lines(one: Assessment, *, several: bool) -> Iterator[str]:
    vault, _, operation = one.place
    where = f" {one.context.program.environment}" if several else ""
    yield f"{operation} {vault}{where}: {one.level}, {one.status}"
    for found in one.findings:
        place = f"{found.span.start.line}:{found.span.start.column}" if found.span else "-"
        yield f"  {found.verdict} {found.code} {found.step} {place} {found.reason}"


def about(name: str) -> set[str]:
    """The vaults that a case is about."""
    last = (FOLDER / name / "destination.yaml").read_text("utf-8").splitlines()[-1]
    assert last.startswith("# about: "), f"{name}: the last line says `# about: VAULT, VAULT`"
    names = set(last.removeprefix("# about: ").split(", "))
    assert names <= {vault.name for vault in vaults()}
    return names


@pytest.mark.parametrize("name", CASES)
def test_what_each_vault_carries(name: str, request: pytest.FixtureRequest) -> None:
    folder = FOLDER / name
    sink = Sink()
    compiled = compile_loaded(load_files(folder, ["destination.yaml"], sink), sink)
    assert sink.sorted() == []
    vaults_of_case = about(name)
    found = [one for one in compiled.assessments if one.vault.name in vaults_of_case]
    several = len({one.context.program.environment for one in found}) > 1
    shown = "".join(f"{line}\n" for one in found for line in lines(one, several=several))
    if request.config.option.update_snapshots:
        (folder / "expected.txt").write_text(shown, encoding="utf-8")
    assert shown == (folder / "expected.txt").read_text(encoding="utf-8")


def test_no_file_is_orphaned() -> None:
    read = {f"{name}/{file}" for name in CASES for file in ("destination.yaml", "expected.txt")}
    there = {p.relative_to(FOLDER).as_posix() for p in FOLDER.rglob("*") if p.is_file()}
    assert there == read


def test_every_code_of_a_vault_has_a_case() -> None:
    of_vaults = {code for code in CODES if code.startswith("FC06")}
    shown = "".join((FOLDER / name / "expected.txt").read_text("utf-8") for name in CASES)
    assert {code for code in of_vaults if code not in shown} == set(ELSEWHERE)
