"""What `forwardc serve` says of a lookup before it starts."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter

from forwardc.core.diagnostics.sink import Sink
from forwardc.server.directory.factory import check_directory
from forwardc.server.settings import DirectorySettings


def told(given: dict[str, Any], base: Path = Path()) -> list[tuple[str, str, str]]:
    settings: DirectorySettings = TypeAdapter(DirectorySettings).validate_python(given)
    sink = Sink()
    check_directory(settings, base, sink, {"checkout"})
    return [(one.severity.value, one.code, one.message) for one in sink.sorted()]


def of_file(folder: Path, text: str) -> list[tuple[str, str, str]]:
    (folder / "references.csv").write_text(text)
    return told({"kind": "csv", "file": "references.csv"}, folder)


def test_a_good_file_has_none(tmp_path: Path) -> None:
    text = "reference,vault,source\n0b6f6c0e-3f0e-4a57-9d4a-6d1d0c1d7a55,checkout,src_1\n"
    assert of_file(tmp_path, text) == []


def test_every_mistake_of_a_file_is_told_with_its_lines(tmp_path: Path) -> None:
    rows = "r1,nobody,\n" * 25 + "r2,checkout\n"
    prefix = "the file of references: "
    lines = ", ".join(map(str, range(2, 22)))
    assert of_file(tmp_path, "reference,vault,source\n" + rows) == [
        ("warning", "FC0840", f"{prefix}it has 2 cells, and there are 3 columns, in line 27"),
        ("warning", "FC0840", f"{prefix}source is empty, in line {lines} and 5 more"),
        (
            "warning",
            "FC0840",
            f"{prefix}vault names no vault that a plan was built for, in line {lines} and 5 more",
        ),
    ]


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    ((severity, code, message),) = told({"kind": "csv", "file": "none.csv"}, tmp_path)
    assert (severity, code) == ("error", "FC0830")
    assert message == "the file of references: it cannot be read: No such file or directory"


def test_references_that_can_be_guessed_are_a_warning(tmp_path: Path) -> None:
    rows = "".join(f"ORDER_{67890 + one},checkout,src_1\n" for one in range(5))
    ((severity, code, message),) = of_file(tmp_path, "reference,vault,source\n" + rows)
    assert (severity, code) == ("warning", "FC0831")
    assert "6789" not in message


@pytest.mark.parametrize(
    ("query", "mistake"),
    [
        ("SELECT vault, source FROM cards WHERE id = :reference", None),
        ("SELECT vault, source FROM cards WHERE id = :reference ;\n", None),
        ("SELECT 'a:b' AS vault, source::text FROM cards WHERE id = :reference::uuid", None),
        ("SELECT ':reference', \":x\" FROM c -- :y\n WHERE /* :z ; */ id = :reference", None),
        ("SELECT $$:a$$, $t$ ; :b $$ $t$, E'\\':c' FROM x WHERE id = :reference", None),
        ("WITH one AS (SELECT :reference AS r) SELECT vault, source FROM one", None),
        ("SELECT 1", "it has :reference 0 times, and needs it once"),
        ("SELECT :reference, :reference", "it has :reference 2 times, and needs it once"),
        ("SELECT :reference, :other", "it has another parameter than :reference"),
        ("SELECT :reference_id", "it has another parameter than :reference"),
        ("SELECT ':reference'", "it has :reference 0 times, and needs it once"),
        ("SELECT $1, :reference", "it numbers its parameters: write :reference"),
        ("SELECT :reference; SELECT 2", "it holds more than one statement"),
        ("SELECT :reference, 'open", "a quote or comment is not closed"),
        ("SELECT :reference /* open", "a quote or comment is not closed"),
        ("SELECT :reference /* a /* b */", "a comment stands in a comment"),
        ("DELETE FROM x WHERE y = :reference", "it does not begin with SELECT or WITH"),
        ("-- nothing", "it is empty"),
    ],
)
def test_a_query_has_one_parameter_that_is_never_text(query: str, mistake: str | None) -> None:
    messages = [message for _, _, message in told({"kind": "sql", "query": query})]
    expected = f"the query of the lookup cannot be used: {mistake}"
    assert (expected in messages) if mistake else messages == []


@pytest.mark.parametrize(
    ("url", "good"),
    [
        ("https://shop.example/references", True),
        ("http://127.0.0.1:9000/references", True),
        ("http://[::1]:9000/", True),
        ("http://localhost:9000/", True),
        ("http://shop.example/references", False),
        ("http://127.0.0.1.shop.example/", False),
        ("https://user:secret@shop.example/", False),
        ("https:///path", False),
        ("https://shop.example:99999/", False),
        ("https://[::1/", False),
        ("https://shop.example/#part", False),
    ],
)
def test_a_service_is_called_by_https(url: str, good: bool) -> None:
    messages = told({"kind": "http", "url": url})
    assert (messages == []) is good
    assert "secret" not in str(messages)
