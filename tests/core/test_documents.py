"""Documents against pydantic's models of the same classes: the same verdicts and places."""

import copy
import datetime
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from forwardc.core.documents.part import (
    AtLeast,
    Checked,
    DocumentPart,
    ReadBy,
    TaggedBy,
    least,
    member,
)
from forwardc.core.documents.reading import (
    DamagedDocumentError,
    parsed_json,
    pointer_of,
    read_part,
    reader_of,
)
from forwardc.core.documents.writing import as_json
from forwardc.plan.lock import Lock
from forwardc.plan.model import Plan

ROOT = Path(__file__).resolve().parents[2]
PLANS = [json.loads(path.read_bytes()) for path in sorted(ROOT.glob("build/*/*/*.plan.json"))]
DIGEST = f"sha256:{'0' * 64}"
RECORD = {
    "digest": DIGEST,
    "date": "2026-11-30",
    "by": "Ada Moreau",
    "expires": None,
    "revoked": {"by": "Ada Moreau", "date": "2026-12-01", "reason": "moved"},
}
LOCK = {
    "forwardc": 2,
    "own": {
        "stripe/shop/pay/production": {
            **RECORD,
            "behaviour": DIGEST,
            "covers": {"leaves": {}, "behaviour": {"steps": [1.5, None]}},
        }
    },
    "psp": {"stripe/shop/pay/production": {**RECORD, "ticket": "T-1", "covers": []}},
    "accepted": [{"change": "a", "reason": "b", "by": "c", "date": "2026-01-01"}],
}
# What somebody may write in the place of anything.
OTHERS: tuple[Any, ...] = (
    *(None, True, False, 0, 1, -1, 2.5, 10**30),
    *("", "x", "sandbox", "vault", "always", "2026-01-01", "2026-1-1", "20260101", "two\nlines"),
    *([], {}, [1], ["a"], [["a", "b"]], [["a"], 1], {"a": 1}, {"at": "/x"}, {"direct": True}),
    *({"$": "params.x"}, {"$nope": 1}, {"$": {}}, {"by": "echo", "at": []}, {"by": "zz"}),
    *({"scheme": "dlocal"}, {"scheme": 1}, {"input": "cvv"}),
)
NAMES = ("zz", "at", "$x", "or", "class", "by", "A b", "a/b")


@pytest.fixture(scope="module")
def model_of() -> Iterator[Callable[[Any], Any]]:
    """What makes pydantic's model of a class."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(ROOT))
        from benchmarks.pydantic_twins import model_of

        yield model_of


def places_of(cls: type[DocumentPart], data: Any) -> list[str]:
    """What our reader says; nothing for what it reads."""
    try:
        read_part(cls, data)
    except DamagedDocumentError as problem:
        return sorted(set(map(pointer_of, problem.places)))
    return []


def places_by(model: Any, data: Any) -> list[str]:
    """What pydantic says."""
    try:
        model.model_validate_json(json.dumps(data))
    except ValidationError as problem:
        return sorted({pointer_of(one["loc"]) for one in problem.errors(include_input=False)})
    return []


def spots(data: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of everything that stands in something."""
    entries = data.items() if isinstance(data, dict) else enumerate(data)
    for key, item in entries:
        yield (*path, key)
        if isinstance(item, dict | list):
            yield from spots(item, (*path, key))


class Edit(NamedTuple):
    """One change of a document: where, counted from its start, and what stands there then."""

    spot: int
    how: Literal["other", "gone", "more", "text"]
    other: Any
    name: str


EDITS = st.lists(
    st.builds(
        Edit,
        st.integers(0, 10_000),
        st.sampled_from(["other", "gone", "more", "text"]),
        st.sampled_from(OTHERS),
        st.sampled_from(NAMES),
    ),
    min_size=1,
    max_size=3,
)


def damaged(document: Any, edits: list[Edit]) -> Any:
    """A document in which something is another, is gone, or is too much."""
    document = copy.deepcopy(document)
    for edit in edits:
        places = list(spots(document)) or [("forwardc",)]
        *above, key = places[edit.spot % len(places)]
        holder, other = document, copy.deepcopy(edit.other)
        for step in above:
            holder = holder[step]
        match edit.how:
            case "gone":
                holder.pop(key, None) if isinstance(holder, dict) else holder.pop(key)
            case "more" if isinstance(holder, dict):
                holder[edit.name] = other
            case "more":
                holder.append(other)
            case "text":
                holder[key] = str(holder.get(key) if isinstance(holder, dict) else holder[key])
            case _:
                holder[key] = other
    return document


@settings(max_examples=150)
@given(number=st.integers(0, len(PLANS) - 1), edits=EDITS)
def test_of_a_damaged_plan_both_say_the_same(
    model_of: Callable[[Any], Any], number: int, edits: list[Edit]
) -> None:
    data = damaged(PLANS[number], edits)
    assert places_of(Plan, data) == places_by(model_of(Plan), data)


@settings(max_examples=150)
@given(edits=EDITS)
def test_of_a_damaged_lock_both_say_the_same(
    model_of: Callable[[Any], Any], edits: list[Edit]
) -> None:
    data = damaged(LOCK, edits)
    assert places_of(Lock, data) == places_by(model_of(Lock), data)


def test_what_is_read_is_written_again() -> None:
    assert as_json(read_part(Lock, LOCK)) == LOCK
    for plan in PLANS:
        read = read_part(Plan, plan)
        for name, credential in read.credentials.items():
            assert as_json(credential, without_defaults=True) == plan["credentials"][name]


class Port(DocumentPart):
    number: Annotated[int, Checked(least(1))]
    protocol: Literal["tcp", "udp"] = "tcp"


class Socket(DocumentPart):
    path: str
    kind: Literal["socket"]


class Mail(DocumentPart):
    kind: Literal["mail", "news"]
    to: tuple[str, ...] = ()


class Service(DocumentPart):
    ports: Annotated[tuple[Port, ...], AtLeast(1)]
    instead: Annotated[Socket | Mail, TaggedBy("kind")] | None = member(default=None, key="or")
    span: tuple[int, str] = (0, "")
    any_of: int | str | None = None
    limits: dict[str, int] = member(default_factory=dict)
    since: datetime.date | None = None
    upper: Annotated[Any, ReadBy(lambda data: data.upper())] = None

    def __post_init__(self) -> None:
        if len(self.ports) > 2:
            raise ValueError("too many")


@pytest.mark.parametrize(
    ("data", "places"),
    [
        ({"ports": [{"number": 1}]}, []),
        ({"ports": [{"number": 1}], "or": {"kind": "news"}, "since": "2026-11-30"}, []),
        ({"ports": [{"number": 1}], "instead": None}, ["/instead"]),
        ({"ports": []}, ["/ports"]),
        (
            {"ports": [{"number": 0}, {"protocol": "ip", "x": 1}]},
            [
                *(
                    "/ports",
                    "/ports/0/number",
                    "/ports/1/number",
                    "/ports/1/protocol",
                    "/ports/1/x",
                ),
            ],
        ),
        ({"ports": [{"number": True}]}, ["/ports", "/ports/0/number"]),
        ({"ports": [{"number": 1.0}]}, ["/ports", "/ports/0/number"]),
        ({"ports": [{"number": number} for number in (1, 2, 3)]}, ["/"]),
        ({"ports": [{"number": 1}], "or": {"kind": "x"}}, ["/or"]),
        ({"ports": [{"number": 1}], "or": {"kind": "socket"}}, ["/or/socket/path"]),
        ({"ports": [{"number": 1}], "span": [1]}, ["/span/1"]),
        ({"ports": [{"number": 1}], "span": [1, "a", 2]}, ["/span"]),
        ({"ports": [{"number": 1}], "any_of": 1.5}, ["/any_of/int", "/any_of/str"]),
        ({"ports": [{"number": 1}], "limits": {"a": "1", "b": 2}}, ["/limits/a"]),
        ({"ports": [{"number": 1}], "since": "20261130"}, ["/since"]),
        ([], ["/"]),
    ],
)
def test_each_annotation(model_of: Callable[[Any], Any], data: Any, places: list[str]) -> None:
    assert places_of(Service, data) == places
    assert places_by(model_of(Service), data) == places


def test_a_part_is_a_frozen_dataclass_with_names_of_its_own() -> None:
    service = read_part(Service, {"ports": [{"number": 80}], "or": {"kind": "mail"}, "upper": "a"})
    assert service == Service(ports=(Port(number=80),), instead=Mail(kind="mail"), upper="A")
    assert as_json(service, without_defaults=True) == {
        "ports": [{"number": 80}],
        "or": {"kind": "mail"},
        "upper": "A",
    }
    assert list(as_json(service, exclude={"ports", "span"}))[:2] == ["or", "any_of"]
    with pytest.raises(AttributeError):
        service.ports = ()  # type: ignore[misc]
    assert "80" not in str(DamagedDocumentError([("ports", 0, "number")]))


def test_an_annotation_that_no_file_may_have_is_our_mistake() -> None:
    with pytest.raises(TypeError, match="no form in a file"):
        reader_of(set[str])


DEEP = 201


@pytest.mark.parametrize(
    "data",
    [
        *(b"", b"{", b"[1] x", b'{"a": "\x01"}', b"\xef\xbb\xbf{}", '{"a": 1}'.encode("utf-16")),
        *(b'{"a": "\xff"}', rb'{"a": "\ud800"}', rb'{"a": "\uDC00"}', b"9" * 5000),
        *(b"[" * 202 + b"]" * 202, b'{"a":' * 202 + b"1" + b"}" * 202, b"[" * 100_000),
    ],
    ids=lambda data: f"{len(data)}-{data[:12]!r}",
)
def test_what_is_not_read_as_json(data: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - a subclass of it, whatever it says
        parsed_json(data)


def test_what_is_read_as_json() -> None:
    assert parsed_json(b"[" * DEEP + b"]" * DEEP) is not None
    assert parsed_json(rb'{"a": "\ud83d\ude00"}') == {"a": "\U0001f600"}
    assert parsed_json('"text"') == "text"
    assert parsed_json(b"1") == 1
