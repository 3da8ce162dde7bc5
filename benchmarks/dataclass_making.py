"""Our `dataclass` against the library's, on the classes that `forwardc check` loads.

Each class is made anew from its own fields by both; the objects are spans of a file.
"""

import dataclasses
import sys
from collections.abc import Callable, Iterator
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

from benchmarks.rows import Effort, Row
from benchmarks.timing import paired

Tell = Callable[[str], object]
Decorator = Callable[..., Any]
_LIBRARY = "dataclasses.dataclass"
# Enough of one cheap call that the clock of the processor, of some 10 ms, says something.
_CALLS = 20_000


def dataclass_making(effort: Effort, _folder: Path, _tell: Tell) -> Iterator[Row]:
    """What a start saves, and what each use of an object costs then."""
    from forwardc.core.dataclass import dataclass as ours

    classes = _frozen_classes()
    plain = "making the dataclasses of `check`"
    for what, ask in ((plain, False), (f"{plain}, and each `__init__`", True)):
        pair = paired(
            partial(_make, ours, classes, ask),
            partial(_make, dataclasses.dataclass, classes, ask),
            effort.pairs,
        )
        yield Row(what, _LIBRARY, pair.ours, pair.theirs, pair.ratio)
    for what, use in _USES.items():
        pair = paired(_used(ours, use), _used(dataclasses.dataclass, use), effort.pairs)
        thousand = (pair.ours * 1000 / _CALLS, pair.theirs * 1000 / _CALLS)
        yield Row(
            f"a dataclass of three fields, 1000 times: {what}", _LIBRARY, *thousand, pair.ratio
        )


def _frozen_classes() -> list[type]:
    import_module("forwardc.cli.check")
    import_module("forwardc.compile.pipeline")
    loaded = [module for name, module in sys.modules.items() if name.startswith("forwardc.")]
    classes = {
        value
        for module in loaded
        for value in vars(module).values()
        if isinstance(value, type) and dataclasses.is_dataclass(value)
    }
    return sorted(classes, key=lambda cls: (cls.__module__, cls.__qualname__))


def _make(decorator: Decorator, classes: list[type], ask: bool) -> None:
    for cls in classes:
        made = decorator(frozen=True, slots=True)(_plain(cls))
        if ask:
            made.__init__  # noqa: B018 - asking for it is the work


def _plain(cls: type) -> type:
    """The class as its author wrote its fields, without methods and bases."""
    fields = dataclasses.fields(cls)
    options = ("default", "default_factory", "init", "repr", "hash", "compare", "kw_only")
    members: dict[str, Any] = {
        each.name: dataclasses.field(**{name: getattr(each, name) for name in options})
        for each in fields
    }
    members["__annotations__"] = {each.name: each.type for each in fields}
    return type(cls.__name__, (), {**members, "__doc__": "Has one.", "__module__": cls.__module__})


def _used(decorator: Decorator, use: Callable[[Any, Any, Any], object]) -> Callable[[], None]:
    from forwardc.core.diagnostics.span import Span

    cls = decorator(frozen=True, slots=True)(_plain(Span))
    left, right = cls("a.yaml", (1, 2), (1, 5)), cls("a.yaml", (1, 2), (1, 5))

    def run() -> None:
        for _ in range(_CALLS):
            use(cls, left, right)

    return run


_USES: dict[str, Callable[[Any, Any, Any], object]] = {
    "made": lambda cls, _left, _right: cls("a.yaml", (1, 2), (1, 5)),
    "`==`": lambda _cls, left, right: left == right,
    "`hash`": lambda _cls, left, _right: hash(left),
    "`replace`": lambda _cls, left, _right: dataclasses.replace(left, path="b.yaml"),
}
