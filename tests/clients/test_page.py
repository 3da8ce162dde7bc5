"""docs/clients.md says what the tests of the clients assert."""

import os
from pathlib import Path

from clients.page import END, START, written

PAGE = Path(__file__).resolve().parents[2] / "docs" / "clients.md"


def test_the_page_is_written_from_the_rows() -> None:
    text = PAGE.read_text(encoding="utf-8")
    before, _, rest = text.partition(START)
    _, _, after = rest.partition(END)
    expected = before + START + written() + END + after
    if os.environ.get("UPDATE_CASES") == "1":
        PAGE.write_text(expected, encoding="utf-8")
    assert PAGE.read_text(encoding="utf-8") == expected
