"""`dataclass` as the standard library's, whose classes are made in an eighth of the time.

The library compiles six methods for a frozen class while its module is imported: 0.35 ms a class,
a third of the start of every command. Here `__init__`, `__eq__` and `__hash__`, which must be
compiled to be fast, are so when somebody first asks for them; `__repr__` and the refusal to be
changed are closures over the names of the fields. docs/decisions/0020 has the figures, `make bench
NAMES=dataclasses` takes them again.

Invariants, held by `tests/core/test_dataclass.py` against the library's own: equal objects, equal
text, the same refusals, the same state for `copy` and `pickle`. What the library reads of a class
(`fields`, `replace`, `asdict`, `__match_args__`) is its own work still: only public names of it are
used. For a type checker this *is* the library's decorator.

One class, followed: `@dataclass(frozen=True, slots=True) class Span: start: int; end: int`. The
library makes the slots and `__match_args__`; `_complete` adds the closures, and a
`_CompiledWhenAsked` for each other method. `Span(1, 2)` asks for `__init__`: `_init_of` writes
`def __init__(self, start, end): _set_start(self, start); _set_end(self, end)`, which is compiled
and put in the place of what stood for it. `_set_start` is the slot itself: it takes half the time
of `object.__setattr__`, which looks the slot up by its name each time. The next `Span(...)` runs
that and nothing else. Two threads that ask at once compile the same.

`replace` is the library's as well, in half the time: what a class needs for it is compiled by the
first call.
"""

import dataclasses
from collections.abc import Callable
from reprlib import recursive_repr
from types import MemberDescriptorType
from typing import TYPE_CHECKING, Any, Final, TypeAlias, TypeVar

Source: TypeAlias = Callable[[type[Any]], tuple[str, dict[str, Any]]]
"""What writes a method of a class, from its parameters on, and the names that the text needs."""

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
    methods: dict[str, Any] = {"__init__": _CompiledWhenAsked(cls, "__init__", _init_of(frozen))}
    methods["__repr__"] = _repr_of(cls)
    if eq:
        methods["__eq__"] = _CompiledWhenAsked(cls, "__eq__", _eq_of)
        methods["__hash__"] = _CompiledWhenAsked(cls, "__hash__", _hash_of)
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
            setattr(cls, name, method)


class _CompiledWhenAsked:
    """Stands for a method until somebody asks for it, then compiles it into its own place."""

    __slots__ = ("_cls", "_name", "_source")

    def __init__(self, cls: type[Any], name: str, source: Source) -> None:
        self._cls, self._name, self._source = cls, name, source

    def __get__(self, instance: object, owner: type[Any]) -> Any:
        text, scope = self._source(self._cls)
        # The names in it are those of fields, which Python has read as names already.
        exec(f"def {self._name}{text}", scope)  # noqa: S102 - text of ours alone
        method = scope[self._name]
        method.__qualname__ = f"{self._cls.__qualname__}.{self._name}"
        method.__module__ = self._cls.__module__
        setattr(self._cls, self._name, method)
        return method.__get__(instance, owner)


def _init_of(frozen: bool) -> Source:
    return lambda cls: (_init_text(cls, frozen), _defaults_of(cls))


def _defaults_of(cls: type[Any]) -> dict[str, Any]:
    """What the text of `__init__` names: how to set, and each default or what makes it."""
    scope: dict[str, Any] = {"_set": object.__setattr__, "_MISSING": dataclasses.MISSING}
    for field in dataclasses.fields(cls):
        made = field.default_factory
        scope[f"_default_{field.name}"] = field.default if made is dataclasses.MISSING else made
        scope[f"_type_{field.name}"] = field.type
        if (slot := _slot_of(cls, field.name)) is not None:
            scope[f"_set_{field.name}"] = slot.__set__
    return scope


def _slot_of(cls: type[Any], name: str) -> MemberDescriptorType | None:
    """The slot that holds a field of this class; None where its instances have a `__dict__`."""
    slot = getattr(cls, name, None)
    return slot if isinstance(slot, MemberDescriptorType) else None


def _init_text(cls: type[Any], frozen: bool) -> str:
    positional, by_name, body = ["self"], ["*"], []
    for field in dataclasses.fields(cls):
        name = value = field.name
        parameter, default = f"{name}: _type_{name}", f"_default_{name}"
        if field.default_factory is not dataclasses.MISSING:
            parameter += " = _MISSING"
            value = (
                f"{default}() if {name} is _MISSING else {name}" if field.init else f"{default}()"
            )
        elif field.default is not dataclasses.MISSING:
            parameter += f" = {default}"
            value = name if field.init else default
        elif not field.init:
            continue
        if field.init:
            (by_name if field.kw_only else positional).append(parameter)
        body.append(_assignment(cls, name, value) if frozen else f"self.{name} = {value}")
    if hasattr(cls, "__post_init__"):
        body.append("self.__post_init__()")
    parameters = ", ".join(positional + (by_name if len(by_name) > 1 else []))
    return f"({parameters}):\n " + "\n ".join(body or ["pass"])


def _assignment(cls: type[Any], name: str, value: str) -> str:
    """How `__init__` sets a field of a class that refuses it to everybody else."""
    is_slot = _slot_of(cls, name) is not None
    return f"_set_{name}(self, {value})" if is_slot else f"_set(self, {name!r}, {value})"


Instance = TypeVar("Instance")
_COPIERS: Final[dict[type[Any], Callable[..., Any]]] = {}
_UNCHANGED: Final = object()


def replace(instance: Instance, /, **changes: Any) -> Instance:
    """A copy with other values in some fields: arguments and result are `dataclasses.replace`'s.

    Raises: `TypeError` for a name that is none of a field, and for what is no dataclass.
    """
    cls = type(instance)
    copier = _COPIERS.get(cls)
    if copier is None:
        copier = _COPIERS[cls] = _copier_of(cls)
    copy: Instance = copier(instance, **changes)
    return copy


def _copier_of(cls: type[Any]) -> Callable[..., Any]:
    """What copies instances of a class, where no field of it asks for the library's own way."""
    fields = dataclasses.fields(cls)
    if not all(field.init for field in fields):
        return dataclasses.replace
    parameters = "".join(f", {field.name}=_same" for field in fields)
    values = ", ".join(
        f"{field.name}=_old.{field.name} if {field.name} is _same else {field.name}"
        for field in fields
    )
    scope: dict[str, Any] = {"_same": _UNCHANGED, "_cls": cls}
    exec(f"def copied(_old, /{parameters}):\n return _cls({values})", scope)  # noqa: S102 - ours
    copied: Callable[..., Any] = scope["copied"]
    return copied


def _eq_of(cls: type[Any]) -> tuple[str, dict[str, Any]]:
    names = [field.name for field in dataclasses.fields(cls) if field.compare]
    same = f"{_tuple_of('self', names)} == {_tuple_of('other', names)}"
    text = f"(self, other):\n if other.__class__ is self.__class__:\n  return {same}\n"
    return f"{text} return NotImplemented", {}


def _hash_of(cls: type[Any]) -> tuple[str, dict[str, Any]]:
    fields = dataclasses.fields(cls)
    hashed = [each.name for each in fields if (each.compare if each.hash is None else each.hash)]
    return f"(self):\n return hash({_tuple_of('self', hashed)})", {}


def _tuple_of(whose: str, names: list[str]) -> str:
    return "(" + "".join(f"{whose}.{name}, " for name in names) + ")"


def _repr_of(cls: type[Any]) -> Callable[[Any], str]:
    names = [field.name for field in dataclasses.fields(cls) if field.repr]

    @recursive_repr()
    def text(self: Any) -> str:
        shown = ", ".join([f"{name}={getattr(self, name)!r}" for name in names])
        return f"{type(self).__qualname__}({shown})"

    return text


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
