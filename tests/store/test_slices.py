"""A stage is given a destination's own part of the project, all of which its digest covers."""

from dataclasses import replace
from pathlib import Path

import pytest

from forwardc.compile.language.load import open_project
from forwardc.compile.stages import Surroundings
from forwardc.compile.store.slices import ProjectParts
from forwardc.core.diagnostics.sink import Sink
from forwardc.plan.lock import lock_of
from stored_projects import asked, write_project


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_project(tmp_path / "project")


def parts(folder: Path) -> ProjectParts:
    loaded = open_project(folder, Sink())
    assert loaded.project is not None
    lock = lock_of(loaded.lock, Sink()) if loaded.lock else None
    return ProjectParts(Surroundings(loaded.project, lock))


def test_a_stage_is_given_its_own_part_only(folder: Path) -> None:
    asked(folder, "build", "--no-store")
    for name in ("shop", "books"):
        asked(folder, "approve", "stripe", name, "--env", "production", "--by", "ann")
    surroundings = parts(folder).surroundings("shop")
    project, lock = surroundings.project, surroundings.approvals
    assert project is not None
    assert lock is not None
    settings = {place: list(values.settings) for place, values in project.environments.items()}
    assert settings == {"sandbox": ["shop"], "production": ["shop"]}
    assert project.targets == ()
    assert project.root.entries == ()
    assert list(lock.own) == ["stripe/shop/payment/production"]
    assert lock.accepted == ()


def test_the_parts_of_two_destinations_differ(folder: Path) -> None:
    whole = parts(folder)
    assert len({whole.digest(name) for name in ("shop", "books", "bank")}) == 3


OF_ALL = [("acct_test", "acct_x"), ("country: FR", "country: DE"), ("press_key]", "press_key, b]")]
OF_ONE = [("shop: {version: 1}\n      books", "shop: {version: 7}\n      books")]
OF_NONE = [("forwardc: 1\n", "forwardc: 1\n# a\n"), ("operation: payment}", "operation: payment }")]


@pytest.mark.parametrize(("old", "new"), [*OF_ALL, *OF_ONE, *OF_NONE])
def test_what_changes_whose_digest(old: str, new: str, folder: Path) -> None:
    before = parts(folder)
    text = (folder / "forwardc.yaml").read_text()
    assert old in text
    (folder / "forwardc.yaml").write_text(text.replace(old, new))
    after = parts(folder)
    names = ("shop", "books", "bank")
    changed = {name for name in names if before.digest(name) != after.digest(name)}
    of_one = {"shop"} if (old, new) in OF_ONE else set()
    assert changed == (set(names) if (old, new) in OF_ALL else of_one)


def test_a_kind_of_value_that_has_no_form_is_refused(folder: Path) -> None:
    """What is added to the project later must not be left out of the digest in silence."""
    loaded = open_project(folder, Sink())
    assert loaded.project is not None
    odd = replace(loaded.project, vendors={"x": {1, 2}})  # type: ignore[dict-item]
    with pytest.raises(TypeError, match="no form in a digest"):
        ProjectParts(Surroundings(odd)).digest("shop")
