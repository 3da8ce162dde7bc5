"""Resolves secrets by variable: in a secrets file, at the provider it names, in the environment.

What a provider gave is cached in this process for a while, and nowhere else.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import field
from pathlib import Path
from threading import Thread
from time import monotonic
from typing import Final

from forwardc.core.dataclass import dataclass
from forwardc.core.diagnostics.sink import Sink
from forwardc.core.terms.values import Secret
from forwardc.plan.secret_names import SecretId
from forwardc.runtime.secret_providers.provider import (
    SecretProvider,
    SecretProviderError,
    SecretReference,
    fetch_in_time,
)
from forwardc.runtime.secret_providers.registry import provider_of
from forwardc.runtime.secret_providers.secrets_file import SecretBindings, read_secrets_file
from forwardc.runtime.secret_providers.variable_names import check_variable_names

SECRETS_FILE_VARIABLE: Final = "FORWARDC_SECRETS"


@dataclass(frozen=True, slots=True)
class _CachedSecret:
    value: Secret
    until: float


@dataclass(frozen=True, slots=True)
class ProviderResolver:
    """A `SecretResolver` over a secrets file and the environment.

    It may be used from several threads: a dictionary is changed in one step, and two threads that
    miss the same secret ask for it twice, which changes nothing. `clock` gives seconds that never
    go back: a wall clock that is set changes no lifetime.
    """

    environ: Mapping[str, str] = field(repr=False)
    bindings: SecretBindings = field(default_factory=SecretBindings, repr=False)
    clock: Callable[[], float] = field(default=monotonic, repr=False)
    provider: Callable[[str, Mapping[str, str], Path], SecretProvider] = field(
        default=provider_of, repr=False
    )
    _cached: dict[SecretReference, _CachedSecret] = field(default_factory=dict, repr=False)
    _failed: dict[SecretReference, str] = field(default_factory=dict, repr=False)

    def __call__(self, variable: str) -> str | None:
        """The value; None where nobody has one.

        Raises: `SecretProviderError`, naming the kind of the provider.
        """
        if value := self.bindings.values.get(variable):
            return str(value.reveal())
        reference = self.bindings.reference(variable)
        # An empty variable is a missing one.
        if reference is None:
            return self.environ.get(variable) or None
        if failed := self._failed.pop(reference, None):
            raise SecretProviderError(failed)
        return self._fetch(reference)

    def names(self) -> list[str]:
        """Every variable that is set, in the environment or in the file."""
        set_here = [name for name, value in self.environ.items() if value]
        return [*set_here, *self.bindings.values, *self.bindings.references]

    def prefetch(self, variables: Iterable[str]) -> None:
        """Ask the providers of several variables at once, so that only the slowest is waited for.

        Why one failed is told by the next call for its variable, which asks no second time.
        """
        named = (self.bindings.reference(variable) for variable in variables)
        references = {
            reference for reference in named if reference and not self._is_cached(reference)
        }
        if len(references) > 1:
            threads = [
                Thread(target=self._try, args=(reference,), daemon=True) for reference in references
            ]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()

    def would_block(self, variables: Iterable[str]) -> bool:
        """Whether a provider must be asked for one of these, which takes as long as it takes."""
        bindings = self.bindings
        named = (
            bindings.reference(variable)
            for variable in variables
            if not bindings.values.get(variable)
        )
        return any(reference and not self._is_cached(reference) for reference in named)

    def _try(self, reference: SecretReference) -> None:
        try:
            self._fetch(reference)
        except SecretProviderError as problem:
            self._failed[reference] = str(problem)
        except Exception:
            # A mistake of ours: the next call asks again and raises it where it can be caught.
            return

    def _is_cached(self, reference: SecretReference) -> bool:
        cached = self._cached.get(reference)
        return cached is not None and self.clock() < cached.until

    def _fetch(self, reference: SecretReference) -> str:
        if not self._is_cached(reference):
            value = Secret(self._ask(reference))
            self._cached[reference] = _CachedSecret(value, self.clock() + self.bindings.lifetime_s)
        return str(self._cached[reference].value.reveal())

    def _ask(self, reference: SecretReference) -> str:
        provider = self.provider(reference.kind, self.environ, self.bindings.base)
        try:
            return fetch_in_time(provider, reference.place)
        except SecretProviderError as problem:
            reason = f"the source {reference.kind} {problem}"
        raise SecretProviderError(reason)


def open_resolver(
    environ: Mapping[str, str],
    file: Path | None,
    sink: Sink,
    expected: Iterable[SecretId] = (),
    *,
    played: bool = False,
) -> ProviderResolver:
    """The resolver of a command: over `file`, or the one that FORWARDC_SECRETS names, or neither.

    What is wrong with the file goes to the sink, as FC0806; names of the old form are FC0847, and
    names of no secret FC0848. `expected` is what may be asked for; where a sandbox is `played`,
    secrets are made up and an old name harms nobody.
    """
    named = environ.get(SECRETS_FILE_VARIABLE)
    path = file or (Path(named) if named else None)
    bindings = read_secrets_file(path, sink) if path else SecretBindings()
    check_variable_names(
        [*environ, *bindings.values, *bindings.references], expected, sink, refused=not played
    )
    return ProviderResolver(environ, bindings)
