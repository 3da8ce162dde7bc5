"""`dataclass` as the standard library's, made in a third of the time.

The library compiles six methods for a frozen class while its module is imported: 0.35 ms a class,
a third of the start of every command. Here `__eq__`, `__hash__`, `__repr__` and the refusal to be
changed are closures over the names of the fields, and `__init__`, which must be compiled to be
fast, is compiled when it is first asked for. Of 170 classes that `check` imports,
it makes objects of half.

Invariants, held by `tests/core/test_dataclass.py` against the library's own: equal objects, equal
text, the same refusals, the same state for `copy` and `pickle`. What the library reads of a class
(`fields`, `replace`, `asdict`, `__match_args__`) is its own work still: only public names of it are
used. For a type checker this *is* the library's decorator.

One class, followed: `@dataclass(frozen=True, slots=True) class Span: start: int; end: int`. The
library makes the slots and `__match_args__`; `_complete` adds the closures and an `_InitWhenAsked`.
`Span(1, 2)` asks for `__init__`, which compiles
`def __init__(self, start, end): _set(self, "start", start); _set(self, "end", end)` and puts it in
its own place: the next `Span(...)` runs the compiled method and nothing else.
"""

import dataclasses
from collections.abc import Callable
from operator import attrgetter
from reprlib import recursive_repr
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dataclasses import dataclass as dataclass
else:

    def dataclass(cls=None, /, *, eq=True, frozen=False, order=False, **options):
        """Make a class a dataclass: arguments and errors are those of `dataclasses.dataclass`.

        A class with an order is the library's own: they are too few to gain anything. That a frozen
        class has a base that is not, or the other way round, is not asked.
        """

        def made(plain):
            if order:
                return dataclasses.dataclass(eq=eq, frozen=frozen, order=order, **options)(plain)
            whole = dataclasses.dataclass(init=False, repr=False, eq=False, **options)(plain)
            _complete(whole, set(vars(plain)), eq=eq, frozen=frozen)
            return whole

        return made if cls is None else made(cls)


def _complete(cls: type[Any], written: set[str], *, eq: bool, frozen: bool) -> None:
    """Add every method that the author has not `written` and that the library was told to omit."""
    methods: dict[str, Any] = {"__repr__": _repr_of(cls)}
    if eq:
        methods |= _comparison(cls)
        # Python itself writes `__hash__ = None` beside an `__eq__`, which is no word of the author.
        if "__eq__" in written and vars(cls).get("__hash__") is None:
            written = written - {"__hash__"}
        if not frozen:
            methods["__hash__"] = None
    if frozen:
        if written & {"__setattr__", "__delattr__"}:
            raise TypeError(f"{cls.__name__} is frozen, and says itself how it is changed")
        methods |= _refusals(cls) | (_state(cls) if "__slots__" in vars(cls) else {})
    for name, method in methods.items():
        if name not in written:
            if method is not None:
                method.__name__, method.__qualname__ = name, f"{cls.__qualname__}.{name}"
            setattr(cls, name, method)
    if "__init__" not in written:
        cls.__init__ = _InitWhenAsked(cls, frozen)


class _InitWhenAsked:
    """Stands for `__init__` until somebody asks for it, then compiles it into its own place."""

    __slots__ = ("_cls", "_frozen")

    def __init__(self, cls: type[Any], frozen: bool) -> None:
        self._cls, self._frozen = cls, frozen

    def __get__(self, instance: object, owner: type[Any]) -> Any:
        compiled: Any = _compiled_init(self._cls, self._frozen)
        self._cls.__init__ = compiled
        return compiled.__get__(instance, owner)


def _compiled_init(cls: type[Any], frozen: bool) -> Callable[..., None]:
    positional, by_name, body = ["self"], ["*"], []
    scope: dict[str, Any] = {"_set": object.__setattr__, "_MISSING": dataclasses.MISSING}
    for field in dataclasses.fields(cls):
        name = value = field.name
        default, factory = f"_default_{name}", field.default_factory
        parameter = name
        if factory is not dataclasses.MISSING:
            scope[default], parameter = factory, f"{name}=_MISSING"
            value = (
                f"{default}() if {name} is _MISSING else {name}" if field.init else f"{default}()"
            )
        elif field.default is not dataclasses.MISSING:
            scope[default], parameter = field.default, f"{name}={default}"
            value = name if field.init else default
        elif not field.init:
            continue
        if field.init:
            (by_name if field.kw_only else positional).append(parameter)
        body.append(f"_set(self, {name!r}, {value})" if frozen else f"self.{name} = {value}")
    if hasattr(cls, "__post_init__"):
        body.append("self.__post_init__()")
    parameters = ", ".join(positional + (by_name if len(by_name) > 1 else []))
    # The names are those of fields, which Python has read as names already.
    exec(f"def __init__({parameters}):\n " + "\n ".join(body or ["pass"]), scope)  # noqa: S102 - text of ours alone
    init: Callable[..., None] = scope["__init__"]
    init.__annotations__ = {
        field.name: field.type for field in dataclasses.fields(cls) if field.init
    }
    init.__qualname__, init.__module__ = f"{cls.__qualname__}.__init__", cls.__module__
    return init


def _repr_of(cls: type[Any]) -> Callable[[Any], str]:
    names = [field.name for field in dataclasses.fields(cls) if field.repr]

    @recursive_repr()
    def text(self: Any) -> str:
        shown = ", ".join([f"{name}={getattr(self, name)!r}" for name in names])
        return f"{type(self).__qualname__}({shown})"

    return text


def _comparison(cls: type[Any]) -> dict[str, Any]:
    fields = dataclasses.fields(cls)
    compared = _values_of([field.name for field in fields if field.compare])
    hashed = _values_of(
        [field.name for field in fields if (field.compare if field.hash is None else field.hash)]
    )

    def equal(self: Any, other: object) -> Any:
        if other.__class__ is self.__class__:
            return compared(self) == compared(other)
        return NotImplemented

    def digest(self: Any) -> int:
        return hash(hashed(self))

    return {"__eq__": equal, "__hash__": digest}


def _values_of(names: list[str]) -> Callable[[Any], tuple[Any, ...]]:
    """What reads these attributes as a tuple, also where there is one or none."""
    if len(names) > 1:
        return attrgetter(*names)
    return lambda self: tuple([getattr(self, name) for name in names])


def _refusals(cls: type[Any]) -> dict[str, Any]:
    names = {field.name for field in dataclasses.fields(cls)}

    def assign(self: Any, name: str, value: object) -> None:
        if type(self) is cls or name in names:
            raise dataclasses.FrozenInstanceError(f"cannot assign to field {name!r}")
        super(cls, self).__setattr__(name, value)

    def delete(self: Any, name: str) -> None:
        if type(self) is cls or name in names:
            raise dataclasses.FrozenInstanceError(f"cannot delete field {name!r}")
        super(cls, self).__delattr__(name)

    return {"__setattr__": assign, "__delattr__": delete}


def _state(cls: type[Any]) -> dict[str, Any]:
    """How `copy` and `pickle` read and write slots that refuse to be changed."""
    names = [field.name for field in dataclasses.fields(cls)]

    def state(self: Any) -> list[Any]:
        return [getattr(self, name) for name in names]

    def restore(self: Any, values: list[Any]) -> None:
        for name, value in zip(names, values, strict=True):
            object.__setattr__(self, name, value)

    return {"__getstate__": state, "__setstate__": restore}
