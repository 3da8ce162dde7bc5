"""One test asks a rule of every input: none that breaks it hides another."""

import logging
import os
import sys
from pathlib import Path

import pytest

from one_rule import one_rule


def test_every_input_that_breaks_it_is_named() -> None:
    @one_rule(("left", "right"), [(1, 1), (1, 2), (2, 2), (3, 4)])
    def equal(left: int, right: int) -> None:
        assert left == right

    with pytest.raises(AssertionError, match=r"2 of 4") as failed:
        equal()
    assert "left=1, right=2" in str(failed.value)
    assert "left=3, right=4" in str(failed.value)


def test_what_is_raised_breaks_it_and_what_is_absent_holds_nothing() -> None:
    @one_rule("text", ["1", "x"])
    def number(text: str) -> None:
        int(text)

    with pytest.raises(AssertionError, match="text=x: ValueError"):
        number()
    with pytest.raises(AssertionError, match="there is no input"):
        one_rule("text", [])(number)()


def test_a_skipped_input_hides_neither_failures_nor_those_after_it() -> None:
    asked: list[str] = []

    @one_rule("name", ["absent", "right", "wrong"])
    def present(name: str) -> None:
        asked.append(name)
        if name == "absent":
            pytest.skip("it is not there")
        assert name != "wrong" or len(asked) > 3

    with pytest.raises(AssertionError, match="1 of 3"):
        present()
    assert asked == ["absent", "right", "wrong"]
    with pytest.raises(pytest.skip.Exception, match="it is not there"):
        present()


def test_two_of_them_walk_all_pairs_each_in_a_folder_of_its_own(tmp_path: Path) -> None:
    pairs: list[tuple[str, str, Path]] = []

    @one_rule("first", "ab")
    @one_rule("second", "xy")
    def walk(first: str, second: str, tmp_path: Path) -> None:
        (tmp_path / "own").write_text(first + second)
        pairs.append((first, second, tmp_path))

    walk(tmp_path=tmp_path)
    assert [(first, second) for first, second, _ in pairs] == [*zip("aabb", "xyxy", strict=True)]
    assert len({folder for _, _, folder in pairs}) == 4


def test_an_input_sees_nothing_of_the_one_before(
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
) -> None:
    @one_rule("number", [1, 2, 3])
    def fresh(
        number: int,
        monkeypatch: pytest.MonkeyPatch,
        caplog: pytest.LogCaptureFixture,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        assert "OF_ONE_INPUT" not in os.environ
        monkeypatch.setenv("OF_ONE_INPUT", str(number))
        logging.getLogger("rule").warning("%d", number)
        assert caplog.messages == [str(number)]
        sys.stdout.write(f"{number}\n")
        if number != 2:
            assert capsys.readouterr().out == f"{number}\n"

    fresh(monkeypatch=monkeypatch, caplog=caplog, capsys=capsys)
    assert "OF_ONE_INPUT" not in os.environ
