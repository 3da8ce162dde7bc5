"""`forwardc demo` shows the whole path, judges it, and prints nothing that is a secret."""

import json
import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from forwardc.cli.demo import cards
from forwardc.cli.demo import scenes as demo_scenes
from forwardc.cli.demo.outline import WIDTH, Outline
from forwardc.cli.main import cli
from forwardc.core.diagnostics.sink import Sink
from forwardc.core.outcome import Outcome
from forwardc.core.recognizer.cards import find_cards
from forwardc.plan.build_folder import read_plan
from forwardc.plan.secret_names import secret_id
from forwardc.runtime.secret_providers.plan_secrets import derive, sandbox_resolver
from forwardc.sandbox.cards import CARDS, lookup
from forwardc.sandbox.checkout.made_up_keys import checkout_public_key, checkout_secret_key
from forwardc.sandbox.stripe.made_up_keys import stripe_secret_key
from patience import until_files_get_later_times

ROOT = Path(__file__).resolve().parent.parent
PROJECT = ("forwardc.yaml", "destinations", "build")


def demo() -> Result:
    return CliRunner().invoke(cli, ["demo"], standalone_mode=False)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of this project as the working directory."""
    for name in PROJECT:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, tmp_path / name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def secrets() -> set[str]:
    """Every value that is secret in the sandbox, raw and as derived for its use."""
    found = {
        checkout_secret_key(),
        checkout_public_key(),
        stripe_secret_key(),
    }
    for scene in demo_scenes.SCENES:
        plan = read_plan(ROOT / "build", scene.vault, scene.destination, "sandbox", Sink())
        assert plan is not None
        look_up = sandbox_resolver(plan)
        for name, spec in plan.secrets.items():
            raw = look_up(secret_id(plan, name).variable)
            assert raw
            found |= {raw, derive(spec, raw)}
    return found


def test_every_scene_ends_as_it_should(project: Path) -> None:
    done = demo()
    assert done.return_value == 0, done.output
    for number, scene in enumerate(demo_scenes.SCENES, start=1):
        assert f"{number}/{len(demo_scenes.SCENES)}  {scene.title}" in done.stdout
        summary = rf"(?m)^{re.escape(scene.target)} +{scene.vault} +{scene.expected} +\d+ ms$"
        assert re.search(summary, done.stdout)
    assert "all as expected" in done.stdout


def test_the_scenes_are_those_of_the_manual() -> None:
    runs = {(scene.destination, scene.vault) for scene in demo_scenes.SCENES}
    assert runs == {
        *(("stripe", "checkout"), ("adyen", "checkout"), ("visa", "checkout")),
        *(("rokt", "stripe"), ("adyen", "stripe"), ("rocketpay", "direct")),
    }
    assert {scene.expected for scene in demo_scenes.SCENES} == {Outcome.APPROVED, Outcome.DECLINED}


def test_it_prints_no_card_no_cvc_and_no_secret(project: Path) -> None:
    shown = demo().output
    # A line that was wrapped must not hide a value either.
    joined = re.sub(r"\s+", "", shown)
    for text in (shown, joined):
        assert not [card.last4 for card in CARDS if card.number in text]
        assert not [secret[:8] for secret in secrets() if secret in text]
    assert not re.findall(r"(?i)(?:cvc|cvv2?|card\[cvc\])\W{1,4}\d{3,4}\b", shown)
    assert "424242******4242" in shown
    assert re.search(r'"cvc": "\*\*\*"', shown)


def test_what_a_plan_calls_sensitive_is_masked_at_the_destination_too(project: Path) -> None:
    shown = demo().output
    sensitive = ("shopper@example.com", "1 Example Street", "NW1 6XE")
    assert not [value for value in sensitive if value in shown]


def test_a_placeholder_in_a_param_arrives_as_text(project: Path) -> None:
    shown = demo().stdout
    assert 'reference: ORDER-1 "é" \\u007b\\u007bcard_number}}' in shown
    assert 'reference: ORDER-1 "é" {{card_number}}' in shown


def test_a_fresh_build_folder_is_left_as_it_is(project: Path) -> None:
    demo()
    before = {path: path.stat().st_mtime_ns for path in (project / "build").rglob("*")}
    until_files_get_later_times()
    assert "files compiled, 0 written" in demo().stdout
    assert before == {path: path.stat().st_mtime_ns for path in (project / "build").rglob("*")}


def test_a_stale_build_folder_is_brought_up_to_date(project: Path) -> None:
    shutil.rmtree(project / "build")
    assert demo().return_value == 0
    manifest = json.loads((project / "build" / "manifest.json").read_bytes())
    assert all((project / "build" / path).is_file() for path in manifest["outputs"])


def test_without_a_project_it_shows_the_destinations_of_forwardc(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = demo()
    assert done.return_value == 0, done.output
    assert "no project here" in done.stderr
    assert not list(tmp_path.iterdir())


def test_a_mistake_in_a_destination_is_reported_and_nothing_runs(project: Path) -> None:
    path = project / "destinations" / "visa.yaml"
    path.write_text(path.read_text(encoding="utf-8") + "nonsense: 1\n", encoding="utf-8")
    done = demo()
    assert done.return_value == 1
    assert "destinations/visa.yaml" in done.stdout
    assert "Runs against" not in done.stdout


def test_an_outcome_that_was_not_expected_fails(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scenes = [replace(scene, expected=Outcome.PENDING) for scene in demo_scenes.SCENES[-1:]]
    monkeypatch.setattr(demo_scenes, "SCENES", tuple(scenes))
    done = demo()
    assert done.return_value == 1
    assert "approved, but pending was expected" in done.stdout


def test_a_run_that_is_refused_says_why_and_fails(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scenes = [replace(scene, params={}) for scene in demo_scenes.SCENES[:1]]
    monkeypatch.setattr(demo_scenes, "SCENES", tuple(scenes))
    done = demo()
    assert done.return_value == 1
    assert "FC08" in done.stdout
    assert "not sent" in done.stdout


def test_card_numbers_stand_in_one_file_of_the_command_line() -> None:
    holder = Path(cards.__file__)
    texts = {path: path.read_text(encoding="utf-8") for path in holder.parent.parent.rglob("*.py")}
    assert holder in texts
    assert {path for path, text in texts.items() if find_cards(text)} == {holder}
    assert all(lookup(number) for number in re.findall(r"\d{12,19}", texts[holder]))


@pytest.mark.parametrize("body", ["x" * 5_000, "a " * 3_000, json.dumps({"a": "b" * 900})])
def test_an_outline_keeps_to_the_width_of_a_page(body: str) -> None:
    lines = list(Outline(str, "    ").request("POST", "https://a.example/" + "p" * 300, (), body))
    assert len(lines) > 1
    assert max(map(len, lines)) <= WIDTH


def test_an_outline_nests_a_form_and_unfolds_json_in_it() -> None:
    body = "a[0][name]=k&a[1][name]=l&request[body]=%7B%22x%22%3A+%5B1%5D%7D"
    lines = list(Outline(str).request("POST", "https://a.example/", (), body))
    assert lines[1:] == [
        'a: [{"name": "k"}, {"name": "l"}]',
        "request:",
        "  body: (JSON as text)",
        "    x: [1]",
    ]
