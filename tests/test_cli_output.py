"""What commands share to write: aligned tables, remarks apart from results, progress."""

import io
import re
import sys
from pathlib import Path

import pytest

from forwardc.cli.output import note, progress, say, say_json, say_lines, shown_path, table


def test_a_table_aligns_its_columns_and_ends_no_line_with_spaces() -> None:
    shown = table(["vault", "result"], [["checkout", "full"], ["stripe", ""]])
    assert shown.splitlines() == ["vault     result", "checkout  full", "stripe"]


def test_a_table_with_a_short_row_is_refused() -> None:
    with pytest.raises(ValueError, match="argument"):
        table(["vault", "result"], [["checkout"]])


def test_a_result_and_a_remark_take_different_ways(capsys: pytest.CaptureFixture[str]) -> None:
    say("result")
    say_json({"b": "é", "a": 1})
    note("remark")
    shown = capsys.readouterr()
    assert shown.out == 'result\n{\n  "b": "é",\n  "a": 1\n}\n'
    assert shown.err == "remark\n"


def test_a_line_is_one_and_lines_that_were_laid_out_stay(
    capsys: pytest.CaptureFixture[str],
) -> None:
    say("a\nb\x1b[2K")
    say_lines(table(["name"], [["x\ny"], ["z\u202e"]]))
    note("c\nd\x9b")
    shown = capsys.readouterr()
    assert shown.out == "a b\ufffd[2K\nname\nx y\nz\ufffd\n"
    assert shown.err == "c\nd\ufffd\n"


def test_no_table_is_written_as_one_line() -> None:
    commands = Path(__file__).resolve().parent.parent / "compiler" / "forwardc" / "cli"
    for path in commands.glob("*.py"):
        assert not re.search(r"\bsay\(\s*\w*(table|csv)\w*\(", path.read_text(encoding="utf-8")), (
            path
        )


def test_a_path_below_the_working_directory_is_shown_relative(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert shown_path(tmp_path / "a" / "b.yaml") == "a/b.yaml"
    assert shown_path(tmp_path.parent / "c.yaml") == "../c.yaml"
    assert shown_path(Path("/elsewhere")) == "/elsewhere"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("stream", "drawn"), [(Terminal(), True), (io.StringIO(), False)])
def test_progress_is_drawn_on_a_terminal_only(
    stream: io.StringIO, drawn: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stderr", stream)
    with progress(["a", "b"], "Building") as items:
        assert list(items) == ["a", "b"]
    assert ("Building" in stream.getvalue()) is drawn
