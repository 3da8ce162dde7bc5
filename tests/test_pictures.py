"""The pictures that documents show: each is there, and `make pictures` can draw it anew.

What they show is looked at by a person. Fonts differ between machines, so no pixel is compared.
"""

import re
import struct
from pathlib import Path

from one_rule import one_rule
from pictures.sources import SOURCES
from pictures.table import IMAGES, MOST, PICTURES, ROOT, WIDTHS, Picture

SHOWN = re.compile(r"!\[[^\]]+\]\(([^)\s]+)\)|<img [^>]*src=\"([^\"]+)\"")
LARGEST_OF_ALL = 2_000_000


def shown() -> dict[Path, list[Path]]:
    """Each picture that a document shows, with the documents."""
    found: dict[Path, list[Path]] = {}
    for page in (*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")):
        for match in SHOWN.finditer(page.read_text(encoding="utf-8")):
            found.setdefault((page.parent / (match[1] or match[2])).resolve(), []).append(page)
    return found


def test_every_picture_that_is_shown_is_there() -> None:
    assert [path for path in shown() if not path.is_file()] == []


def test_the_command_knows_every_picture_and_each_is_shown() -> None:
    kept = set(IMAGES.iterdir())
    assert kept == {one.file for one in PICTURES}
    assert kept - set(shown()) == set()


@one_rule("picture", PICTURES)
def test_a_picture_is_as_the_table_says(picture: Picture) -> None:
    data = picture.file.read_bytes()
    assert data.startswith(b"\x89PNG")
    width, height, _, colour = struct.unpack(">IIBB", data[16:26])
    assert (width, colour) == (picture.width, 3), "a palette: draw it with `make pictures`"
    assert height <= max(picture.most, MOST)
    assert picture.source in SOURCES
    if picture.source == "review":
        assert (ROOT / "build" / picture.page).is_file()


def test_each_page_is_there_at_both_widths_and_all_are_small() -> None:
    names = {one.name for one in PICTURES}
    assert {(one.name, one.width) for one in PICTURES} == {(n, w) for n in names for w in WIDTHS}
    assert sum(one.file.stat().st_size for one in PICTURES) <= LARGEST_OF_ALL
