"""CONTRIBUTING's recipes work as they are written: a vault and a check are added to a copy.

A vault is its folder and one line, a check three files and lines in two: what was compiled before
is the same byte for byte, and the new one does what it is for.
"""

import json
import re
from pathlib import Path

import pytest

import recipes
from recipes import CODE, RULE, VAULT, forwardc

pytestmark = pytest.mark.slow
GUIDE = (recipes.ROOT / "CONTRIBUTING.md").read_text("utf-8")
SHOP = """\
forwardc: 1
name: shop
title: Card payments of a shop
environments:
  sandbox: {base_url: https://api.sandbox.shop.example}
  production: {base_url: https://api.shop.example}
settings:
  merchant: {type: string}
operations:
  payment:
    initiator: customer
    steps:
      pay:
        request:
          POST: /payments
          headers: {X-Merchant: "${settings.merchant}"}
          json:
            number: ${card.number}
            month: ${card.expiry.MM}
        response: {outcome: by_status}
"""
PROJECT = """\
forwardc: 1
destinations: destinations
build: build
environments:
  sandbox:
    vaults: {acorn: {shop: shop_test}}
    settings: {shop: {merchant: tester}}
  production:
    vaults: {acorn: {shop: shop_live}}
    settings: {shop: {merchant: seller}}
targets:
  - {vault: acorn, destination: shop}
"""


@pytest.fixture(scope="module")
def with_vault(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    copy = recipes.copy_of_the_repository(tmp_path_factory.mktemp("vault"))
    return copy, recipes.add_vault(copy)


@pytest.fixture
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return recipes.copy_of_the_repository(tmp_path_factory.mktemp("check"))


def steps(recipe: str) -> str:
    """The numbered steps below a heading of the guide."""
    return GUIDE.partition(f"## {recipe}\n")[2].partition("\n## ")[0]


def project(folder: Path) -> None:
    """A destination of its own, and an account at the vault in two environments."""
    (folder / "destinations").mkdir()
    (folder / "destinations/shop.yaml").write_text(SHOP)
    (folder / "forwardc.yaml").write_text(PROJECT)


def files(folder: Path) -> dict[str, bytes]:
    paths = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


def test_a_vault_is_its_folder_and_one_line(with_vault: tuple[Path, list[str]]) -> None:
    root, touched = with_vault
    registry, *generated = touched
    before = (recipes.ROOT / registry).read_text("utf-8").splitlines()
    after = (root / registry).read_text("utf-8").splitlines()
    assert [line for line in after if line not in before] == [f'    "{VAULT}",']
    assert len(after) == len(before) + 1
    said = steps("Add a vault")
    assert "make generated" in said
    named = {*re.findall(r"`compile/vaults/NAME/([a-z.]+)`", said)}
    folder = root / "compiler/forwardc/compile/vaults" / VAULT
    assert named == {path.name for path in folder.iterdir() if path.suffix != ".pyc"} - {
        "__init__.py",
        "__pycache__",
    }
    outside = {path for path in generated if f"/{VAULT}/" not in path}
    assert outside <= {*re.findall(r"`([a-z_/.]+\.json)`", said)}


def test_what_was_compiled_for_other_vaults_is_the_same(with_vault: tuple[Path, list[str]]) -> None:
    root, _ = with_vault
    before = files(root / "build")
    done = forwardc(root, "build")
    assert done.returncode == 0, done.stderr
    after = files(root / "build")
    # Coverage has a row more for each operation, and the manifest the digest of that.
    changed = {path for path in before if before[path] != after[path]}
    assert changed <= {"coverage.json", "coverage.md", "manifest.json"}
    assert all(path.startswith(f"{VAULT}/") for path in after.keys() - before.keys())
    rows = json.loads(after["coverage.json"])["coverage"]
    others = [row for row in rows if row["vault"] != VAULT]
    assert others == json.loads(before["coverage.json"])["coverage"]


def test_a_destination_is_compiled_for_it(
    with_vault: tuple[Path, list[str]], tmp_path: Path
) -> None:
    root, _ = with_vault
    project(tmp_path)
    done = forwardc(root, "build", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    plans = {
        name: json.loads((tmp_path / f"build/{VAULT}/shop/{name}.plan.json").read_text())
        for name in ("sandbox", "production")
    }
    calls = {
        name: plan["operations"]["payment"]["steps"][0]["http"] for name, plan in plans.items()
    }
    assert calls["sandbox"]["url"] == "https://api.sandbox.acorn.example/forward"
    assert calls["production"]["url"] == "https://api.acorn.example/forward"
    text = json.dumps(calls["production"])
    for value in ("{{number}}", "shop_live", "seller", "https://api.shop.example/payments"):
        assert value in text
        text = text.replace(value, "")
    # Both environments are filled from one emission: nothing else of them differs.
    sandbox = json.dumps(calls["sandbox"])
    pairs = {"shop_test": "shop_live", "tester": "seller", "api.sandbox.": "api."}
    for value, other in pairs.items():
        sandbox = sandbox.replace(value, other)
    assert sandbox == json.dumps(calls["production"])


def test_the_sandbox_plays_it(with_vault: tuple[Path, list[str]], tmp_path: Path) -> None:
    """Its folder and one line: a run goes through it to a destination that nobody emulates."""
    root, _ = with_vault
    registry = recipes.add_to_the_sandbox(root)
    before = (recipes.ROOT / registry).read_text("utf-8").splitlines()
    after = (root / registry).read_text("utf-8").splitlines()
    assert len([line for line in after if line not in before]) == len(after) - len(before) == 1
    said = steps("Add a vault")
    assert "`sandbox/NAME/`" in said
    assert registry.removeprefix("compiler/forwardc/") in said
    project(tmp_path)
    assert forwardc(root, "build", folder=tmp_path).returncode == 0
    options = ("--via", VAULT, "--env", "sandbox", "--sandbox", "--no-history", "--json")
    done = forwardc(root, "run", "shop", *options, "--source", "acn_1", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    (step,) = json.loads(done.stdout)["steps"]
    assert (step["outcome"], step["request_id"]) == ("approved", "fwd_1")
    assert "4242424242424242" not in done.stdout


def test_a_destination_is_one_file_and_its_settings(copy: Path) -> None:
    before = files(copy / "build")
    (copy / "destinations/shop.yaml").write_text(SHOP)
    project = copy / "forwardc.yaml"
    for environment in ("sandbox", "production"):
        recipes.add_settings(project, environment, "      shop: {merchant: tester}\n")
    assert "`destinations/NAME.yaml`" in steps("Add a destination")
    checked = forwardc(copy, "check")
    assert checked.returncode == 0, checked.stdout
    built = forwardc(copy, "build")
    assert built.returncode == 0, built.stderr
    after = files(copy / "build")
    new = {path.split("/")[1] for path in after.keys() - before.keys()}
    changed = {path for path in before if before[path] != after[path]}
    assert new == {"shop"}
    assert changed <= {"coverage.json", "coverage.md", "manifest.json"}
    options = ("--via", "checkout", "--env", "sandbox", "--sandbox", "--no-history", "--json")
    done = forwardc(copy, "run", "shop", *options, "--source", "src_visa_approved0000000000000")
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_check_is_a_rule_a_page_a_case_and_its_lines(copy: Path, tmp_path: Path) -> None:
    before = files(copy / "build")
    touched = recipes.add_check(copy)
    said = steps("Add a check")
    for path in ("codes.py", "pages/FCnnnn.md", "compile/passes/check.py", "tests/cases/bad/"):
        assert path in said
    assert [Path(path).name for path in touched] == ["codes.py", "check.py"]
    shown = forwardc(copy, "explain", CODE)
    assert shown.returncode == 0, shown.stderr
    assert shown.stdout.startswith(f"# {CODE} ")
    case = recipes.HERE / "check/destination.yaml"
    (tmp_path / "destination.yaml").write_bytes(case.read_bytes())
    checked = forwardc(copy, "check", "destination.yaml", "--format", "concise", folder=tmp_path)
    marked = [i for i, line in enumerate(case.read_text().splitlines(), 1) if CODE in line]
    assert checked.returncode == 1
    assert re.findall(rf":(\d+):\d+: error {CODE} ", checked.stdout) == [str(n) for n in marked]
    assert RULE in (copy / touched[1]).read_text("utf-8")
    # What has no such step compiles as it did.
    done = forwardc(copy, "build")
    assert done.returncode == 0, done.stderr
    after = files(copy / "build")
    assert {path: data for path, data in after.items() if path in before} == before
