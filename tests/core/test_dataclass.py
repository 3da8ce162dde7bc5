"""Our `dataclass` against the library's: the same objects, texts, refusals and states."""

import copy
import dataclasses
import inspect
import pickle
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forwardc.core import dataclass as ours
from syntax import files

KINDS: dict[str, dict[str, bool]] = {
    "frozen with slots": {"frozen": True, "slots": True},
    "frozen": {"frozen": True},
    "frozen by identity": {"frozen": True, "slots": True, "eq": False},
    "open with slots": {"slots": True},
    "open": {},
    "ordered": {"frozen": True, "slots": True, "order": True},
    "weakly referred to": {"frozen": True, "slots": True, "weakref_slot": True},
}


def made(decorator: Callable[..., Any], options: dict[str, bool]) -> tuple[type, type]:
    """A class with every kind of field, and one below it."""

    @decorator(**options)
    class Base:
        first: int
        second: Any = "two"
        hidden: int = dataclasses.field(default=3, repr=False)
        aside: int = dataclasses.field(default=4, compare=False)
        unhashed: int = dataclasses.field(default=5, hash=False)
        many: tuple[int, ...] = dataclasses.field(default_factory=tuple)
        named: int = dataclasses.field(default=6, kw_only=True)
        fixed: int = dataclasses.field(init=False, default=7)
        computed: tuple[int, ...] = dataclasses.field(init=False, default_factory=tuple)

        def __post_init__(self) -> None:
            if self.first < 0:
                raise ValueError("negative")

    @decorator(**options)
    class Below(Base):
        third: int = 8

    return Base, Below


LIBRARY = {name: made(dataclasses.dataclass, options) for name, options in KINDS.items()}
OURS = {name: made(ours.dataclass, options) for name, options in KINDS.items()}
SMALL = st.integers(-1, 2)
CALLS = st.tuples(
    st.lists(SMALL, max_size=8),
    st.dictionaries(
        st.sampled_from(["first", "second", "hidden", "aside", "many", "named", "third", "other"]),
        SMALL,
        max_size=3,
    ),
)


def outcome(act: Callable[[], Any]) -> Any:
    """What came of it: the value, or the error as whoever debugs reads it."""
    try:
        return act()
    except (TypeError, ValueError, AttributeError) as error:
        return type(error), str(error)


def of(cls: type, call: Any) -> Any:
    values, named = call
    return cls(*values, **named)


@pytest.mark.parametrize("below", [0, 1])
@pytest.mark.parametrize("kind", KINDS)
@given(left=CALLS, right=CALLS, name=st.sampled_from(["first", "named"]))
def test_objects_are_those_of_the_library(
    kind: str, below: int, left: Any, right: Any, name: str
) -> None:
    def seen(cls: type) -> list[Any]:
        one, other = (outcome(lambda call=call: of(cls, call)) for call in (left, right))
        if not (isinstance(one, cls) and isinstance(other, cls)):
            return [one if isinstance(one, tuple) else repr(one), repr(other)]
        again = copy.copy(one)
        return [
            *(repr(one), dataclasses.asdict(one), repr(dataclasses.replace(one, second="new"))),
            *(one == other, one != other, one == object(), again == one, repr(again)),
            outcome(lambda: hash(one) == hash(other)),
            outcome(lambda: hash(one) == hash(again)) if KINDS[kind].get("eq", True) else None,
            outcome(lambda: one < other),
            *(outcome(lambda: setattr(again, name, 1)), outcome(lambda: delattr(again, name))),
            outcome(lambda: repr(again)),
        ]

    assert seen(OURS[kind][below]) == seen(LIBRARY[kind][below])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("changes", [{}, {"first": 3}, {"named": 2, "many": (1,)}, {"first": -1}])
def test_a_copy_with_changes_is_that_of_the_library(kind: str, changes: dict[str, Any]) -> None:
    def seen(cls: type, change: Callable[..., Any]) -> Any:
        return outcome(lambda: repr(change(cls(1, named=5), **changes)))

    assert seen(OURS[kind][1], ours.replace) == seen(LIBRARY[kind][1], dataclasses.replace)


@ours.dataclass(frozen=True, slots=True)
class Part:
    """Every field of it is given, so that its copies are made by compiled text."""

    name: str
    number: int = 0
    many: tuple[int, ...] = dataclasses.field(default=(), kw_only=True)

    def __post_init__(self) -> None:
        if self.number < 0:
            raise ValueError("negative")


@pytest.mark.parametrize(
    "changes", [{}, {"name": "b"}, {"number": 2, "many": (1,)}, {"number": -1}, {"other": 1}]
)
def test_a_compiled_copy_with_changes_is_that_of_the_library(changes: dict[str, Any]) -> None:
    def seen(change: Callable[..., Any]) -> Any:
        result = outcome(lambda: change(Part("a", 1, many=(2,)), **changes))
        return result if isinstance(result, Part) else result[0]

    assert seen(ours.replace) == seen(dataclasses.replace)
    with pytest.raises(TypeError):
        ours.replace(object())


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_read_of_a_class_is_that_of_the_library(kind: str) -> None:
    for own, theirs in zip(OURS[kind], LIBRARY[kind], strict=True):
        assert [(f.name, f.repr, f.compare) for f in dataclasses.fields(own)] == [
            (f.name, f.repr, f.compare) for f in dataclasses.fields(theirs)
        ]
        for name in ("__match_args__", "__slots__", "__qualname__"):
            assert getattr(own, name, None) == getattr(theirs, name, None)
        mine, parameters = (inspect.signature(cls).parameters for cls in (own, theirs))
        assert list(mine) == list(parameters)
        for name, parameter in parameters.items():
            assert (mine[name].kind, mine[name].annotation) == (
                parameter.kind,
                parameter.annotation,
            )


@ours.dataclass(frozen=True, slots=True)
class Alone:
    """At the top of its module, so that `pickle` finds it."""

    values: Any


@ours.dataclass(frozen=True, slots=True)
class Nothing:
    """No field at all."""


@ours.dataclass(frozen=True, slots=True)
class Masked:
    """What it writes itself stays."""

    value: str

    def __repr__(self) -> str:
        return "Masked"

    def __hash__(self) -> int:
        return 1

    def __eq__(self, other: object) -> bool:
        return True


def test_pickle_and_deep_copies_keep_the_state() -> None:
    whole = Alone([Alone("a"), Nothing()])
    assert pickle.loads(pickle.dumps(whole)) == whole  # noqa: S301 - bytes of its own
    assert copy.deepcopy(whole) == whole
    assert copy.deepcopy(whole).values is not whole.values


def test_fewer_than_two_fields_are_compared_as_tuples_too() -> None:
    nan = float("nan")
    assert Alone(nan) == Alone(nan)
    assert hash(Alone("a")) == hash(("a",))
    assert Nothing() == Nothing()
    assert len({Nothing(), Nothing()}) == 1


def test_what_a_class_says_itself_stays() -> None:
    assert (repr(Masked("a")), hash(Masked("a"))) == ("Masked", 1)
    assert Masked("a") == "anything"


def test_an_object_within_itself_has_a_text() -> None:
    around: list[Any] = []
    whole = Alone(around)
    around.append(whole)
    assert repr(whole) == "Alone(values=[...])"


def test_a_frozen_class_does_not_say_how_it_is_changed() -> None:
    class Plain:
        value: int

        def __setattr__(self, name: str, value: object) -> None:
            raise NotImplementedError

    with pytest.raises(TypeError):
        ours.dataclass(frozen=True)(Plain)


def test_only_the_sandbox_takes_the_librarys_own() -> None:
    """It shares nothing with the compiler; every other module starts a command sooner by ours."""
    takes = re.compile(r"(?m)^ *from dataclasses import .*\bdataclass\b|^ *@dataclasses\.dataclass")
    slow = {path.as_posix() for path in files() if takes.search(path.read_text(encoding="utf-8"))}
    assert [path for path in slow if "/sandbox/" not in path] == [Path(ours.__file__).as_posix()]


def test_a_name_that_is_no_field_is_refused_too() -> None:
    """The library's own refusal of it fails where a class has slots, with a word about `super`."""
    with pytest.raises(dataclasses.FrozenInstanceError, match="cannot assign to field 'other'"):
        Alone(1).other = 2  # type: ignore[attr-defined]
    with pytest.raises(dataclasses.FrozenInstanceError, match="cannot delete field 'other'"):
        del Alone(1).other  # type: ignore[attr-defined]
