"""What is stored, and that it is asked: by whom, and what of it."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from forwardc.cli import stored, unchanged
from forwardc.compile import pipeline
from forwardc.compile.store import output_index
from forwardc.plan import formats
from stored_projects import asked, tree, write_project


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return write_project(tmp_path / "project")


@contextmanager
def compiled() -> Iterator[list[str]]:
    """The names of the destinations that are compiled meanwhile, not recalled."""
    names: list[str] = []
    compile_one = pipeline.compile_destination

    def noted(read: object, *arguments: object) -> object:
        names.append(Path(read.path).stem)  # type: ignore[attr-defined]
        return compile_one(read, *arguments)  # type: ignore[arg-type]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pipeline, "compile_destination", noted)
        yield names


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_no_byte_of_an_output_is_in_the_store(project: Path, tmp_path: Path) -> None:
    edit(project / "forwardc.yaml", "acct_live", "acct_9f8e7d6c5b")
    for command in ("check", "build", "build"):
        asked(project, command)
    outputs = tree(project)
    assert any(b"acct_9f8e7d6c5b" in data for data in outputs.values())
    files = [path for path in (tmp_path / "cache").rglob("*") if path.is_file()]
    assert len(files) == 7
    for path in files:
        data = path.read_bytes()
        assert b"acct_9f8e7d6c5b" not in data
        assert not [
            line
            for line in outputs["build/stripe/shop/review.html"].split(b"\n")
            if len(line) > 40 and line in data
        ]


def test_no_line_of_an_input_is_in_the_store(project: Path, tmp_path: Path) -> None:
    """Excerpts are cut from the file each time: a line may hold what must not be kept."""
    edit(project / "destinations" / "books.yaml", "2026-12-31}", "2026-12-31}  # s3cr3t-remark")
    first = asked(project, "check")
    assert "s3cr3t-remark" in first.out
    assert asked(project, "check") == first
    for path in (tmp_path / "cache").rglob("*"):
        assert path.is_dir() or b"s3cr3t-remark" not in path.read_bytes()


def test_what_is_unchanged_is_not_compiled(project: Path) -> None:
    with compiled() as names:
        asked(project, "check")
        assert names == ["bank", "books", "shop"]
        names.clear()
        asked(project, "check")
        asked(project, "check", "--json")
        assert names == []
        edit(project / "destinations" / "shop.yaml", "Card", "All")
        asked(project, "check")
        assert names == ["shop"]


def test_a_setting_concerns_its_own_destination_and_an_account_all(project: Path) -> None:
    asked(project, "check")
    with compiled() as names:
        edit(project / "forwardc.yaml", "bank: {version: 3}", "bank: {version: 4}")
        asked(project, "check")
        assert names == ["bank"]
        names.clear()
        edit(project / "forwardc.yaml", "forwardc: 1\n", "forwardc: 1\n\n# above\n")
        asked(project, "check")
        assert names == []
        edit(project / "forwardc.yaml", "acct_live", "acct_other")
        asked(project, "check")
        assert names == ["bank", "books", "shop"]


def test_another_day_asks_the_rules_and_compiles_nothing(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked(project, "check")
    monkeypatch.setenv("FORWARDC_TODAY", "2027-01-01")
    with compiled() as names:
        answer = asked(project, "check")
    assert names == []
    assert answer.exit_code == 1
    assert "FC0709" in answer.out


BYPASSING = (
    ("check", "--no-store"),
    ("check", "--fix"),
    ("check", "destinations/shop.yaml"),
    ("build", "--no-store"),
    ("build", "--check"),
    ("explain", "destinations/shop.yaml:1"),
    ("diff", "--against", "approved"),
    ("approve", "stripe", "shop", "--env", "production", "--by", "ann"),
    ("coverage",),
)


@pytest.mark.parametrize("command", BYPASSING, ids=" ".join)
def test_who_bypasses_it_neither_asks_nor_writes(
    command: tuple[str, ...], project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    asked(project, "build", "--no-store")
    assert not (tmp_path / "cache").exists()
    with compiled() as names:
        asked(project, *command)
    # `diff` of a build that is fresh compiles nothing, with a store or without.
    assert names or command[0] == "diff"
    assert not (tmp_path / "cache").exists()


@pytest.mark.parametrize("command", ["check", "build"])
def test_a_run_of_ci_bypasses_it(
    command: str, project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked(project, command)
    monkeypatch.setenv("CI", "true")
    with compiled() as names:
        asked(project, command)
    assert names == ["bank", "books", "shop"]


def test_the_document_of_json_is_the_same(project: Path) -> None:
    first = asked(project, "check", "--json")
    assert json.loads(first.out)["destinations"] == ["bank", "books", "shop"]
    assert asked(project, "check", "--json") == first


def test_a_build_compiles_what_changed_and_whose_files_are_not_there(project: Path) -> None:
    asked(project, "build")
    before = tree(project)
    with compiled() as names:
        edit(project / "destinations" / "shop.yaml", "Card", "All")
        assert "10 written" not in asked(project, "build").err
        assert names == ["shop"]
        names.clear()
        edit(project / "destinations" / "shop.yaml", "All", "Card")
        assert asked(project, "build").exit_code == 0
        assert names == ["shop"]
        assert tree(project) == before
        names.clear()
        (project / "build" / "stripe" / "books" / "review.html").unlink()
        edit(project / "build" / "stripe" / "bank" / "sandbox.plan.json", "forwardc", "forwardd")
        asked(project, "build")
        assert names == ["bank", "books"]
        assert tree(project) == before


def test_a_file_that_a_check_has_seen_only_is_built(project: Path) -> None:
    asked(project, "build")
    edit(project / "destinations" / "shop.yaml", "Card", "All")
    with compiled() as names:
        asked(project, "check")
        asked(project, "build")
    assert names == ["shop", "shop"]
    assert any(b"All payments" in data for data in tree(project).values())


def test_another_forwardc_believes_nothing(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked(project, "check")
    with compiled() as names:
        for place in (stored, unchanged):
            monkeypatch.setattr(place, "tool_identity", lambda: b"t" * 32)
        stored._tool_of_process.cache_clear()
        asked(project, "check")
    stored._tool_of_process.cache_clear()
    assert names == ["bank", "books", "shop"]


def test_a_forwardc_that_changed_meanwhile_leaves_nothing(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its modules are loaded one by one: some may be of the new one already."""
    identities = iter([b"a" * 32, b"a" * 32, b"b" * 32])
    monkeypatch.setattr(stored, "tool_identity", lambda: next(identities))
    stored._tool_of_process.cache_clear()
    asked(project, "check")
    stored._tool_of_process.cache_clear()
    files = [path.name for path in (tmp_path / "cache").rglob("*") if path.is_file()]
    assert files == ["key"]


def test_what_a_build_left_that_was_killed_is_removed(project: Path) -> None:
    """Also where the sources are those of the last whole build again."""
    asked(project, "build")
    before = tree(project)
    staged = project / "build" / ".staged"
    staged.mkdir()
    (staged / "0.tmp").write_text("{}")
    (staged / "names.json").write_text('["stripe/shop/new.plan.json"]')
    (project / "build" / "stripe" / "shop" / "new.plan.json").write_text("{}")
    with compiled() as names:
        assert asked(project, "build").err == "21 files compiled, 0 written, 1 removed\n"
    assert names == []
    assert tree(project) == before


def test_the_folder_of_a_build_that_is_written_is_named_once() -> None:
    assert output_index.STAGED == formats.STAGED


def test_a_link_is_refused_in_the_same_words(project: Path) -> None:
    """A store reads a listed file in a quicker way, which knows no words."""
    asked(project, "check")
    file = project / "destinations" / "shop.yaml"
    file.symlink_to(file.rename(project / "elsewhere.yaml"))
    answer = asked(project, "check")
    assert answer == asked(project, "check", "--no-store")
    assert answer.exit_code == 1
    assert "FC0118" in answer.out
