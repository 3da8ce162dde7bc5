"""One mistake of form is one finding: what only follows from it is not reported.

Each kind of key of the real destinations is renamed once, to a near word and to a far one; some are
left out, or hold a value of another type.
"""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

from forwardc.compile.language import yaml_reader
from forwardc.compile.language.load import load_files
from forwardc.compile.language.nodes import Entry, YamlMap, YamlScalar, walk
from forwardc.compile.pipeline import compile_loaded
from forwardc.core.diagnostics.diagnostic import Diagnostic
from forwardc.core.diagnostics.sink import Sink
from one_rule import one_rule

ROOT: Final = Path(__file__).resolve().parents[2] / "destinations"
NAMES: Final = ("adyen", "rocketpay", "rokt", "stripe", "token_vault", "visa")
# Names of the author's own stand at these places of a pointer: below them all keys are alike.
_OWN: Final = re.compile(
    r"(/(?:environments|settings|params|secrets|operations|steps|let|outputs|headers|query))/[^/]+"
)
_BODY: Final = re.compile(r"/request/(?:json|form|xml)/|/let/|/schema/|/pick/")


def found(folder: Path, text: str) -> list[Diagnostic]:
    (folder / "shop.yaml").write_text(text, encoding="utf-8")
    sink = Sink()
    compile_loaded(load_files(folder, ["shop.yaml"], sink), sink)
    return sink.sorted()


def entries(text: str) -> list[Entry]:
    root = yaml_reader.read("shop.yaml", text.encode(), Sink())
    assert root is not None
    return [
        entry for node in walk(root) if isinstance(node, YamlMap) for entry in node.by_key.values()
    ]


def kinds() -> list[tuple[str, str, int, int]]:
    """A name of a destination and the place of a key in it: one for each kind of key."""
    seen: dict[str, tuple[str, str, int, int]] = {}
    for name in NAMES:
        for entry in entries((ROOT / f"{name}.yaml").read_text(encoding="utf-8")):
            kind = re.sub(r"/[0-9]+", "/0", _OWN.sub(r"\1/*", entry.value.pointer))
            node = entry.key_node
            if not kind.endswith("/*") and not _BODY.search(kind):
                seen.setdefault(kind, (name, kind, node.start, node.end))
    return list(seen.values())


RENAMES: Final[dict[str, Callable[[str], str]]] = {
    "near": lambda key: f"{key}q",
    "far": lambda key: f"zz_{key[::-1]}",
}


@pytest.mark.costly
@one_rule("kind", kinds())
@pytest.mark.parametrize("renamed", list(RENAMES))
def test_a_renamed_key_is_one_finding(
    kind: tuple[str, str, int, int], renamed: str, tmp_path: Path
) -> None:
    name, pointer, start, end = kind
    text = (ROOT / f"{name}.yaml").read_text(encoding="utf-8")
    before = {one.message for one in found(tmp_path, text)}
    key = RENAMES[renamed](text[start:end])
    after = [
        one for one in found(tmp_path, text[:start] + key + text[end:]) if one.message not in before
    ]
    of_form = [one for one in after if one.code == "FC0201"]
    if of_form:
        # Else the key is the author's own, such as a name in a body.
        assert after == of_form[:1], pointer
        assert after[0].span is not None
        assert after[0].span.start.line == text.count("\n", 0, start) + 1


ONE_MISTAKE: Final = {
    "environments are a word": ("/environments", "zz"),
    "environments are a list": ("/environments", "[zz]"),
    "params are a word": ("/params", "zz"),
    "params are a list": ("/params", "[zz]"),
    "schemes are a map": ("/params/return_url/schemes", "{zz: 1}"),
    "a request is a word": ("/operations/card_cit/steps/pay/request", "zz"),
    "a request is a list": ("/operations/card_cit/steps/pay/request", "[zz]"),
    "an initiator is a map": ("/operations/card_cit/initiator", "{zz: 1}"),
    "a type is a list": ("/params/reference/type", "[1]"),
    "no environments": ("/environments", None),
    "no operations": ("/operations", None),
    "no title": ("/title", None),
}
"""Where, and what is written there instead; None leaves the key out with all below it."""


@pytest.mark.parametrize("mistake", list(ONE_MISTAKE))
def test_a_wrong_type_or_a_missing_key_is_one_finding(mistake: str, tmp_path: Path) -> None:
    pointer, written = ONE_MISTAKE[mistake]
    text = (ROOT / "adyen.yaml").read_text(encoding="utf-8")
    before = {one.message for one in found(tmp_path, text)}
    entry = next(one for one in entries(text) if one.value.pointer == pointer)
    start, end = entry.key_node.start, entry.value.end
    if written is not None:
        start, end = (
            entry.value.start,
            entry.value.start + len(text[entry.value.start : entry.value.end].rstrip()),
        )
        # What stands on lines of its own has its place behind the key.
        start = text.rindex(":", 0, start) + 1
    broken = f"{text[:start]} {written}{text[end:]}" if written else text[:start] + text[end:]
    (one,) = [one for one in found(tmp_path, broken) if one.message not in before]
    assert one.code in ("FC0202", "FC0203", "FC0204")


REFUSED: Final = {"empty": " ", "a switch": " yes"}


def values() -> list[tuple[str, str, int, int, int]]:
    """Each kind of key with a plain value, and where the value stands.

    A map that is gone has taken with it what it declares and uses, and an anchor its aliases: these
    are left out.
    """
    places = []
    texts = {name: (ROOT / f"{name}.yaml").read_text(encoding="utf-8") for name in NAMES}
    at = {name: {one.key_node.start: one.value for one in entries(texts[name])} for name in NAMES}
    for name, kind, start, end in kinds():
        value, text = at[name][start], texts[name]
        if isinstance(value, YamlScalar) and "&" not in text[end : value.start]:
            behind = value.start + len(text[value.start : value.end].rstrip())
            places.append((name, kind, start, text.rindex(":", 0, value.start) + 1, behind))
    return places


@pytest.mark.costly
@pytest.mark.parametrize("refused", list(REFUSED))
@one_rule("place", values())
def test_a_value_that_yaml_refuses_is_one_finding(
    place: tuple[str, str, int, int, int], refused: str, tmp_path: Path
) -> None:
    name, kind, start, colon, end = place
    text = (ROOT / f"{name}.yaml").read_text(encoding="utf-8")
    broken = found(tmp_path, f"{text[:colon]}{REFUSED[refused]}{text[end:]}")
    (one,) = [one for one in broken if one.severity == "error"]
    assert one.code in ("FC0110", "FC0114"), kind
    assert one.span is not None
    assert one.span.start.line >= text.count("\n", 0, start) + 1
