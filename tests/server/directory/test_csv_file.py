"""A file of references: read whole, refused with every mistake, read again when it changes."""

import asyncio
import logging
import time
from base64 import b32encode
from pathlib import Path
from uuid import uuid4

import pytest

from forwardc.server.directory.csv_directory import CsvDirectory, read_table
from forwardc.server.directory.payment_directory import DirectoryError, Instrument
from hard_references import HARD

HEAD = "reference,vault,source,input.cvv_token,billing.line1,param.amount,identifier.email\r\n"
ROW = (
    "f3b0c1b6-6a5e-4d39-9d53-0a4b9d7c2f11,checkout,src_a,tok_b,1 High Street,1000,a@example.com\r\n"
)
VAULTS = {"checkout", "stripe"}


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def written(folder: Path, text: str | bytes) -> Path:
    path = folder / "references.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def mistakes(folder: Path, text: str | bytes) -> list[tuple[int, str]]:
    """What is wrong with the file, or with rows of it."""
    found = read_table(written(folder, text), VAULTS)
    told = found if isinstance(found, list) else found.wrong.mistakes
    return [(one.line, one.text) for one in told]


def found(path: Path, reference: str) -> Instrument | None:
    return asyncio.run(CsvDirectory(path, VAULTS).find(reference))


def test_a_row_is_an_instrument(tmp_path: Path) -> None:
    path = written(tmp_path, HEAD + ROW)
    assert found(path, "f3b0c1b6-6a5e-4d39-9d53-0a4b9d7c2f11") == Instrument(
        "checkout",
        "src_a",
        {"cvv_token": "tok_b", "billing.line1": "1 High Street"},
        {"amount": "1000"},
        {"email": "a@example.com"},
    )
    assert found(path, "f3b0c1b6-6a5e-4d39-9d53-0a4b9d7c2f12") is None


def test_a_row_says_what_is_left_out(tmp_path: Path) -> None:
    head = "reference,vault,source,without\n"
    path = written(tmp_path, head + "r1,stripe,pm_1,card.cvc  billing.line2\nr2,stripe,pm_2,\n")
    left_out = frozenset({"card.cvc", "billing.line2"})
    assert found(path, "r1") == Instrument("stripe", "pm_1", without=left_out)
    assert found(path, "r2") == Instrument("stripe", "pm_2")
    told = mistakes(tmp_path, head + "r1,stripe,pm_1,cvc\nr2,stripe,pm_2,card.cvc;card.number\n")
    assert told == [
        (line, "without names what is no value of a card, such as card.cvc") for line in (2, 3)
    ]


def test_an_empty_cell_is_absent(tmp_path: Path) -> None:
    path = written(tmp_path, HEAD + "r1,stripe,pm_1,,,,\r\n")
    assert found(path, "r1") == Instrument("stripe", "pm_1")


@pytest.mark.parametrize("reference", HARD)
def test_a_hard_reference_is_not_found_and_harms_nothing(tmp_path: Path, reference: str) -> None:
    path = written(tmp_path, HEAD + ROW)
    assert found(path, reference) is None


@pytest.mark.parametrize("reference", ["a,b", 'say "hi"', "ä€😀" * 26, "' OR 1=1 --", "{{x}}"])
def test_a_reference_may_be_any_text_of_80_characters(tmp_path: Path, reference: str) -> None:
    quoted = reference.replace('"', '""')
    path = written(tmp_path, f'{HEAD}"{quoted}",stripe,pm_1,,,,\n')
    assert found(path, reference) == Instrument("stripe", "pm_1")


def test_a_mark_of_byte_order_and_blank_lines_are_let_through(tmp_path: Path) -> None:
    path = written(tmp_path, "\ufeff" + HEAD + "\r\n" + ROW + "\n")
    assert found(path, ROW.partition(",")[0]) is not None


def test_all_mistakes_are_told_with_their_lines(tmp_path: Path) -> None:
    text = HEAD + "\r\n".join(
        [
            "r1,checkout,src_a,,,,",
            "r1,checkout,src_a,,,,",
            ",checkout,,,,,",
            "r2,nobody,src_a,,,,",
            "r3,checkout,src_a",
            '"r4",checkout,"src_\na",,,,',
            "r5,checkout,4111 1111 1111 1111,,,,",
            f"{'r' * 81},checkout,src_a,,,,",
        ]
    )
    assert mistakes(tmp_path, text) == [
        (3, "the reference stands in a line above"),
        (4, "reference is empty"),
        (4, "source is empty"),
        (5, "vault names no vault that a plan was built for"),
        (6, "it has 3 cells, and there are 7 columns"),
        (7, "source holds a control character"),
        (9, "source looks like a card number, which must not be kept here"),
        (10, "reference is longer than 80 characters"),
    ]


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        ("reference,vault\n", ["there is no column source"]),
        ("vault,source\n", ["there is no column reference"]),
        ("reference;vault;source\n", ["column 1 has a name that is not known"]),
        ("r1,checkout,src_a\n", ["column 1 has a name that is not known"]),
        ("reference,vault,source,vault\n", ["vault stands twice"]),
        ("reference,vault,source,billing.street\n", ["column 4 has a name that is not known"]),
        ("reference,vault,source,input.\n", ["column 4 has a name that is not known"]),
        ("reference,vault,source,identifier.a b\n", ["column 4 has a name that is not known"]),
        ("", ["it is empty: the first line names the columns"]),
    ],
)
def test_the_first_line_names_the_columns(tmp_path: Path, head: str, expected: list[str]) -> None:
    told = [text for _, text in mistakes(tmp_path, head)]
    assert told[: len(expected)] == expected


@pytest.mark.parametrize(
    ("text", "line", "expected"),
    [
        (HEAD + 'r1,checkout,"src_a,,,,\r\nr2', 2, "not CSV"),
        (HEAD + 'r1,checkout,"src_a"x,,,,', 2, "not CSV"),
        (HEAD.encode() + b"r\xff,checkout,src_a,,,,", 0, "not text in UTF-8"),
        (HEAD.encode("utf-16"), 0, "not text in UTF-8"),
        (HEAD + "r\0,checkout,src_a,,,,", 2, "control character"),
    ],
)
def test_what_is_no_csv_is_refused(
    tmp_path: Path, text: str | bytes, line: int, expected: str
) -> None:
    ((where, told),) = mistakes(tmp_path, text)
    assert where == line
    assert expected in told


def test_no_mistake_shows_a_value(tmp_path: Path) -> None:
    row = "canary-1,canary-2,canary-3\x01,canary-4,4111111111111111,canary-5,canary-6\n"
    told = mistakes(tmp_path, HEAD + row + row + "canary\n")
    told += mistakes(tmp_path, HEAD + row + '"canary"canary,\n')
    assert len(told) == 8
    assert not [text for _, text in told if "canary" in text or "4111" in text]


def test_random_identifiers_are_no_card_numbers(tmp_path: Path) -> None:
    rows = ["1f0e7c5a-9f6e-4242-8242-424242424242", "aa4111111111111111bbccddeeff0011"]
    text = HEAD + "".join(f"{one},checkout,src_a,,,,\n" for one in rows)
    assert mistakes(tmp_path, text) == []
    assert mistakes(tmp_path, HEAD + "ab4111111111111111bb,checkout,src_a,,,,\n")


def test_a_row_with_a_mistake_is_left_out_and_its_reference_refused(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    bad = [
        "canary-1,checkout,4242 4242 4242 4242,,,,",
        "canary-2,nobody,src_a,,,,",
        "canary-3,checkout,src_a",
        "canary-4,checkout,src_a,,,,",
        "canary-4,checkout,src_b,,,,",
        "4242424242424242,checkout,src_a,,,,",
    ]
    path = written(tmp_path, HEAD + ROW + "\r\n".join(bad) + "\r\n")
    left_out: list[int] = []

    async def walk() -> None:
        clock = Clock()
        lookup = CsvDirectory(path, VAULTS, clock, left_out=left_out.append)
        assert await lookup.find(ROW.partition(",")[0]) is not None
        assert await lookup.find("canary-5") is None
        for number, line in ((1, 3), (2, 4), (3, 5), (4, 7)):
            with pytest.raises(DirectoryError, match=f"left out, see line {line} "):
                await lookup.find(f"canary-{number}")
        path.write_text(HEAD + ROW + bad[0] + "\n")
        clock.now = 2.0
        assert await lookup.find("canary-4") is None
        await lookup.close()

    with caplog.at_level(logging.INFO):
        asyncio.run(walk())
    assert left_out == [5, 1]
    assert "FC0840" in caplog.text
    assert "canary" not in caplog.text
    assert "4242" not in caplog.text


def test_a_column_may_look_like_card_numbers_where_the_settings_say_so(tmp_path: Path) -> None:
    text = HEAD + "4242424242424242,checkout,src_a,,4242424242424242,,\n"
    path = written(tmp_path, text)
    lookup = CsvDirectory(path, VAULTS, not_card=["reference", "billing.line1"])
    assert asyncio.run(lookup.find("4242424242424242")) is not None
    assert CsvDirectory(path, VAULTS, not_card=["reference"])._table.rows == {}


def test_thousands_of_wrong_rows_keep_no_right_one_away(tmp_path: Path) -> None:
    path = written(tmp_path, HEAD + ROW + "r,nobody,src_a,,,,\n" * 5_000)
    table = read_table(path, VAULTS)
    assert not isinstance(table, list)
    assert (len(table.rows), table.wrong.rows, len(table.wrong.mistakes)) == (1, 5_000, 1_000)


def test_a_file_that_is_missing_or_too_large_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DirectoryError, match="cannot be read"):
        CsvDirectory(tmp_path / "none.csv")
    huge = tmp_path / "huge.csv"
    with huge.open("wb") as file:
        file.truncate(100_000_001)
    with pytest.raises(DirectoryError, match="larger than 100 MB"):
        CsvDirectory(huge)
    with pytest.raises(DirectoryError, match="cannot be read"):
        CsvDirectory(tmp_path)
    with pytest.raises(DirectoryError, match="NUL"):
        CsvDirectory(Path("a\0b"))


def test_a_changed_file_is_read_again_and_a_broken_one_is_not_in_force(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = written(tmp_path, HEAD + ROW)
    old = ROW.partition(",")[0]

    async def walk() -> None:
        clock = Clock()
        lookup = CsvDirectory(path, VAULTS, clock)
        path.write_text(HEAD + "second,stripe,pm_1,,,,\n")
        assert await lookup.find("second") is None, "looked at once a second at most"
        clock.now = 1.0
        assert await lookup.find("second") is not None
        assert await lookup.find(old) is None
        path.write_text(HEAD + "canary,nobody,pm_2,,,,\ncanary,nobody,pm_2,,,\n")
        for clock.now in (2.0, 3.0):
            assert await lookup.find("second") is not None
        path.unlink()
        clock.now = 4.0
        assert await lookup.find("second") is not None
        path.write_text(HEAD + "third,stripe,pm_3,,,,\n")
        clock.now = 5.0
        assert await lookup.find("third") is not None
        assert await lookup.find("second") is None
        await lookup.close()

    with caplog.at_level(logging.WARNING):
        asyncio.run(walk())
    first, second = caplog.messages
    assert first.startswith("FC0840 the file of references, line 2: vault names no vault")
    assert first.endswith("(and 1 more); what was read before stays in force")
    assert "cannot be read" in second
    assert "canary" not in caplog.text


def test_a_file_replaced_under_64_callers_never_loses_a_reference(tmp_path: Path) -> None:
    path = written(tmp_path, HEAD + ROW)
    reference = ROW.partition(",")[0]

    async def ask(lookup: CsvDirectory, clock: Clock) -> int:
        for _ in range(200):
            clock.now += 0.01
            assert await lookup.find(reference) is not None
            await asyncio.sleep(0)
        return 200

    async def replace() -> None:
        for number in range(20):
            other = tmp_path / "next.csv"
            extra = "".join(f"{uuid4()},stripe,pm_{one},,,,\n" for one in range(number))
            other.write_text(HEAD + extra + ROW)
            other.replace(path)
            await asyncio.sleep(0.005)

    async def walk() -> None:
        clock = Clock()
        lookup = CsvDirectory(path, VAULTS, clock)
        asked = asyncio.gather(*(ask(lookup, clock) for _ in range(64)))
        await replace()
        assert sum(await asked) == 64 * 200
        clock.now += 2
        await lookup.find(reference)
        assert len(lookup._table.rows) == 20
        await lookup.close()

    asyncio.run(walk())


def test_a_caller_that_leaves_stops_no_reading(tmp_path: Path) -> None:
    path = written(tmp_path, HEAD + ROW)

    async def walk() -> None:
        clock = Clock()
        lookup = CsvDirectory(path, VAULTS, clock)
        path.write_text(HEAD + "second,stripe,pm_1,,,,\n")
        clock.now = 1.0
        left = asyncio.create_task(lookup.find("second"))
        await asyncio.sleep(0)
        left.cancel()
        await asyncio.gather(left, return_exceptions=True)
        await lookup.close()
        assert await lookup.find("second") is not None

    asyncio.run(walk())


@pytest.mark.slow
def test_a_hundred_thousand_rows_load_in_seconds(tmp_path: Path) -> None:
    def token() -> str:
        # As Checkout.com's are: a run of fourteen digits does not happen.
        return b32encode(uuid4().bytes).decode().lower()[:26]

    rows = (
        f"{uuid4()},checkout,src_{token()},tok_{token()},{number} High Street,"
        f"1000,customer{number}@example.com\n"
        for number in range(100_000)
    )
    path = written(tmp_path, HEAD + "".join(rows))
    began = time.process_time()
    lookup = CsvDirectory(path, VAULTS)
    assert time.process_time() - began < 10
    assert len(lookup._table.rows) == 100_000
    assert sum(len(row) for row in lookup._table.rows.values()) < path.stat().st_size
