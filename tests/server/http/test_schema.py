"""What the server's own description says holds, whatever is sent: schemathesis finds nothing."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from serving import EMAIL, NAMED, SOURCE, Server, opened

pytestmark = [pytest.mark.slow, pytest.mark.fuzz, pytest.mark.xdist_group("serving")]
SCHEMATHESIS = Path(sys.executable).parent / "schemathesis"
# The document's own example; every other reference is one that the merchant does not have.
EXAMPLE = "pay_8sYxqGm2Wv"
LIMITS = "[limits]\ncalls_per_minute = 1000000\nmisses_per_hour = 100000\n"


@pytest.fixture(scope="module")
def fuzzed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with opened(tmp_path_factory.mktemp("shop")) as shop:
        shop.write(NAMED, LIMITS)
        with (shop.folder / "references.csv").open("a") as file:
            file.write(f"{EXAMPLE},checkout,{SOURCE},{EMAIL}\n")
        with shop.serving() as server:
            yield server


@pytest.fixture
def run(fuzzed: Server, pytestconfig: pytest.Config, tmp_path: Path) -> "Run":
    # `make fuzz` asks for many more examples, and for others each time.
    many = pytestconfig.getoption("--hypothesis-profile", None) == "fuzz"
    return Run(fuzzed, tmp_path, ["-n", "1000"] if many else ["-n", "60"], many)


class Run:
    """Runs schemathesis with the token of a client, as anybody outside would."""

    def __init__(self, server: Server, folder: Path, amount: list[str], many: bool) -> None:
        self.server = server
        self.folder = folder
        self.many = many
        self.amount = amount if many else [*amount, "--generation-deterministic"]

    def __call__(self, where: str, *options: str) -> str:
        command = [str(SCHEMATHESIS), "run", where, "--url", self.server.url, "--no-color"]
        token = f"Authorization: Bearer {self.server.shop.token()}"
        done = subprocess.run(
            [*command, "-H", token, *self.amount, *options],
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=False,
            timeout=3_000,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        assert "No issues found" in done.stdout
        return done.stdout


def test_the_server_does_as_it_says(fuzzed: Server, run: Run) -> None:
    # Out of a file, or it would leave out the path that it has read the description from.
    told = run(kept(run, document(fuzzed)), "--checks", "all")
    operations = sum(len(path) for path in document(fuzzed)["paths"].values())
    assert f"Tested: {operations}" in told
    calls = fuzzed.calls()
    assert not [call for call in calls if call["status"] >= 500]
    seen = {call["status"] for call in calls}
    # Accepted, mended, not found, of another method, of another type: nothing was kept from it.
    assert {200, 400, 404, 405, 415} <= seen


def test_nobody_is_let_in_without_a_token(fuzzed: Server, run: Run) -> None:
    """Of OAuth flows, schemathesis does not try what happens without one; of bearer tokens it does.

    Both are the same header, so that the description is changed for this one check.
    """
    changed = document(fuzzed)
    changed["components"]["securitySchemes"] = {"oauth2": {"type": "http", "scheme": "bearer"}}
    for path in changed["paths"].values():
        for operation in path.values():
            operation["security"] = [{"oauth2": []} for _ in operation.get("security", ())]
    before = len(fuzzed.calls())
    # One request without a token settles it: of the quick run's examples a quarter is enough.
    run(kept(run, changed), "--checks", "ignored_auth", *([] if run.many else ["-n", "15"]))
    assert 401 in {call["status"] for call in fuzzed.calls()[before:]}


def document(server: Server) -> dict:
    return httpx.get(f"{server.url}/openapi.json", trust_env=False).json()


def kept(run: Run, described: dict) -> str:
    file = run.folder / "openapi.json"
    file.write_text(json.dumps(described))
    return str(file)
