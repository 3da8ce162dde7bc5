"""`forwardc check --fix`: writes into destination files what a warning asks for.

Decides nothing: what goes where is told by `language.fix`. A file that would not be read as before
is left alone.
"""

from typing import TYPE_CHECKING

from forwardc.cli.output import note
from forwardc.cli.standing import seen_from_here

if TYPE_CHECKING:
    from forwardc.compile.language.destination import Destination
    from forwardc.compile.language.load import LoadedProject
    from forwardc.compile.language.nodes import Node
    from forwardc.core.diagnostics.sink import Sink

_MARK = "\ufeff"
_CODE = "FC0326"


def write_outcomes(loaded: "LoadedProject", sink: "Sink") -> bool:
    """Write `outcome: by_status` where it is missing. Whether any file changed."""
    if not any(one.code == _CODE for one in sink.sorted()):
        return False
    written = [_write(destination, loaded) for destination in loaded.destinations]
    return any(written)


def _write(destination: "Destination", loaded: "LoadedProject") -> bool:
    from forwardc.core.files.checkout import source

    path = destination.span.path
    shown = seen_from_here(loaded.root.path, path)
    before = loaded.files[path].decode("utf-8")
    mark = _MARK if before.startswith(_MARK) else ""
    text = destination.root.source.text
    if before != mark + text:
        return False
    after, times = _with_outcomes(path, text, destination.root)
    if after is None:
        note(f"{shown} is left as it is: write its outcomes by hand")
    if not after or not times:
        return False
    try:
        source(loaded.root, path).replace((mark + after).encode())
    except OSError as problem:
        note(f"{shown} cannot be written: {problem.strerror}")
        return False
    note(f"{shown}: `outcome: by_status` written {_times(times)}")
    return True


def _with_outcomes(path: str, text: str, root: "Node") -> tuple[str | None, int]:
    """The text with every outcome that is missing; None where one cannot be written safely.

    One at a time: what a merge key or an alias brings to another step is then seen there.
    """
    from forwardc.compile.language.fix import applied, outcomes

    times = 0
    while missing := outcomes(root):
        text = applied(text, missing[:1])
        after = _read(path, text, root)
        if after is None:
            return None, 0
        root, times = after, times + 1
    return text, times


def _read(path: str, text: str, before: "Node") -> "Node | None":
    """The tree, if it says what it said, and outcomes, without a mistake of form."""
    from forwardc.compile.language import yaml_reader
    from forwardc.compile.language.fix import adds_outcomes_only
    from forwardc.compile.language.schema import validate
    from forwardc.core.diagnostics.sink import Sink

    sink = Sink()
    node = yaml_reader.read(path, text.encode(), sink)
    if node is None or not validate("destination", node, sink) or sink.has_errors:
        return None
    return node if adds_outcomes_only(before, node) else None


def _times(number: int) -> str:
    return "once" if number == 1 else f"{number} times"
