"""Random changes of the real destinations give diagnostics, or a clean file: never an exception.

`make fuzz` repeats this with many more examples.
"""

from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, note
from hypothesis import strategies as st

from forwardc.compile.language.load import load_files
from forwardc.compile.pipeline import compile_loaded, compile_project
from forwardc.core.diagnostics.codes import CODES
from forwardc.core.diagnostics.diagnostic import Diagnostic
from forwardc.core.diagnostics.excerpt_lines import ExcerptLines
from forwardc.core.diagnostics.render.render import DiagnosticFormat, render
from forwardc.core.diagnostics.sink import Sink

ROOT = Path(__file__).resolve().parents[2]
REAL = ("adyen", "rocketpay", "rokt", "stripe", "visa")
PROJECT = "forwardc"

# What has a meaning somewhere in the language, to be put where it has another one or none.
PIECES = st.sampled_from(
    """\
${card.number} ${card.cvc?} ${params.amount} ${secrets.x} ${run.now} ${steps.pay.id} ${ } ${'a'}
{{x}} NO 012 1:30 .inf null true [] {} "" ' " # & * << ? | > - : , @ ` % ! !!str &a *a
json form xml text request headers query sign let steps response outcome when is deliver direct
initiator merchant customer fallback settings params secrets environments held runtime vault as_key
jwk type amount enum values optional sensitive default schema doctype idempotent GET POST
${jwe(card.number,key=secrets.x,alg='A256GCMKW',enc='A256GCM')} ${base64(card.number+'x')}
${json(card.number)} ${decimal(params.amount,'EUR')} ${exponent('XXX')} ${slice('abc',5,1)}
${text(card.number)} ${int(card.expiry.MM)} ${unix(run.now)} ${network_token.number} -1 0 1e5 \\
""".split()
)
CHARACTERS = st.text(st.characters(codec="utf-8"), min_size=1, max_size=3)


def delete(lines: list[str], at: int, other: int, piece: str) -> None:
    del lines[at]


def repeat(lines: list[str], at: int, other: int, piece: str) -> None:
    lines.insert(other, lines[at])


def swap_values(lines: list[str], at: int, other: int, piece: str) -> None:
    first, second = lines[at].partition(": "), lines[other].partition(": ")
    lines[at] = first[0] + first[1] + second[2]
    lines[other] = second[0] + second[1] + first[2]


def replace_value(lines: list[str], at: int, other: int, piece: str) -> None:
    key, colon, _ = lines[at].partition(":")
    lines[at] = f"{key}{colon} {piece}"


def replace_key(lines: list[str], at: int, other: int, piece: str) -> None:
    indent = lines[at][: len(lines[at]) - len(lines[at].lstrip())]
    lines[at] = f"{indent}{piece}:{lines[at].partition(':')[2]}"


def insert(lines: list[str], at: int, other: int, piece: str) -> None:
    column = other % (len(lines[at]) + 1)
    lines[at] = lines[at][:column] + piece + lines[at][column:]


def indent(lines: list[str], at: int, other: int, piece: str) -> None:
    lines[at] = " " * (other % 5) + lines[at]


Change = Callable[[list[str], int, int, str], None]
CHANGES: st.SearchStrategy[Change] = st.sampled_from(
    [delete, repeat, swap_values, replace_value, replace_key, insert, indent]
)


def path_of(name: str) -> str:
    return f"{name}.yaml" if name == PROJECT else f"destinations/{name}.yaml"


@cache
def real(name: str) -> str:
    return (ROOT / path_of(name)).read_text(encoding="utf-8")


@st.composite
def mutated(draw: st.DrawFn, names: tuple[str, ...]) -> tuple[str, str]:
    name = draw(st.sampled_from(names))
    lines = real(name).splitlines()
    for _ in range(draw(st.integers(1, 4))):
        if not lines:
            break
        places = st.integers(0, len(lines) - 1)
        change, at, other = draw(CHANGES), draw(places), draw(places)
        change(lines, at, other, draw(st.one_of(PIECES, CHARACTERS)))
    return name, "\n".join(lines) + "\n"


def shown(found: list[Diagnostic], root: Path) -> list[str]:
    return [render(found, form, ExcerptLines(root)) for form in DiagnosticFormat]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project, whose files are written for each example."""
    root = tmp_path_factory.mktemp("project")
    (root / "destinations").mkdir()
    return root


@pytest.mark.fuzz
@given(mutated(REAL))
def test_a_changed_destination_gives_diagnostics_only(folder: Path, case: tuple[str, str]) -> None:
    name, text = case
    note(text)
    path = path_of(name)
    (folder / path).write_text(text, encoding="utf-8", newline="")
    sink = Sink()
    compile_loaded(load_files(folder, [path], sink), sink)
    found = sink.sorted()
    assert {one.code for one in found} <= CODES.keys()
    assert all(text for text in shown(found, folder)) or not found


@pytest.mark.fuzz
@given(mutated((*REAL, PROJECT)))
def test_a_changed_file_in_its_project(folder: Path, case: tuple[str, str]) -> None:
    name, text = case
    note(text)
    for other in (*REAL, PROJECT):
        content = text if other == name else real(other)
        (folder / path_of(other)).write_text(content, encoding="utf-8", newline="")
    sink = Sink()
    compiled = compile_project(folder, sink)
    if not sink.has_errors:
        assert dict(compiled.outputs())
