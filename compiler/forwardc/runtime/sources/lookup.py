"""Looks values up by variable: in a secrets file, at the source it names, in the environment.

What a source gave is kept in this process for a while, and nowhere else.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import Final

from forwardc.diagnostics.sink import Sink
from forwardc.plan.values import Secret
from forwardc.runtime.sources.bindings import Bindings, read_bindings
from forwardc.runtime.sources.protocol import Reference, SecretSource, SourceFailed, ask
from forwardc.runtime.sources.registry import source_of

FILE_VARIABLE: Final = "FORWARDC_SECRETS"


@dataclass(frozen=True, slots=True)
class _Kept:
    value: Secret
    until: float


@dataclass(frozen=True, slots=True)
class SourceLookup:
    """From the name of a variable to its value; None where nobody has one.

    `clock` gives seconds that never go back: a wall clock that is set changes no lifetime.
    """

    environ: Mapping[str, str] = field(repr=False)
    bindings: Bindings = field(default_factory=Bindings, repr=False)
    clock: Callable[[], float] = field(default=monotonic, repr=False)
    source: Callable[[str, Mapping[str, str], Path], SecretSource] = field(
        default=source_of, repr=False
    )
    _kept: dict[Reference, _Kept] = field(default_factory=dict, repr=False)

    def __call__(self, variable: str) -> str | None:
        """The value. Raises `SourceFailed`, naming the kind of the source."""
        if held := self.bindings.values.get(variable):
            return str(held.reveal())
        reference = self.bindings.references.get(variable)
        # An empty variable is a missing one.
        return self._fetched(reference) if reference else self.environ.get(variable) or None

    def _fetched(self, reference: Reference) -> str:
        kept = self._kept.get(reference)
        if kept is None or kept.until <= self.clock():
            value = Secret(self._ask(reference))
            kept = _Kept(value, self.clock() + self.bindings.lifetime_s)
            self._kept[reference] = kept
        return str(kept.value.reveal())

    def _ask(self, reference: Reference) -> str:
        source = self.source(reference.kind, self.environ, self.bindings.base)
        try:
            return ask(source, reference.place)
        except SourceFailed as problem:
            reason = f"the source {reference.kind} {problem}"
        raise SourceFailed(reason)


def open_lookup(environ: Mapping[str, str], file: Path | None, sink: Sink) -> SourceLookup:
    """The look-up of a command: `file`, or the one that FORWARDC_SECRETS names, or neither.

    What is wrong with the file goes to the sink, as FC0806.
    """
    named = environ.get(FILE_VARIABLE)
    path = file or (Path(named) if named else None)
    return SourceLookup(environ, read_bindings(path, sink) if path else Bindings())
