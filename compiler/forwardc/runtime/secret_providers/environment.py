"""`env:NAME`: an environment variable of another name than the secret's."""

from collections.abc import Mapping
from dataclasses import field

from forwardc.core.dataclass import dataclass
from forwardc.runtime.secret_providers.provider import SecretProviderError


@dataclass(frozen=True, slots=True)
class EnvironmentProvider:
    """Reads the environment that it was given."""

    environ: Mapping[str, str] = field(repr=False)
    kind: str = "env"

    def problem(self, place: str) -> str | None:
        """A name is enough."""
        return None if place and "=" not in place else "names no environment variable"

    def fetch(self, place: str) -> str:
        """The variable's value. Raises: `SecretProviderError`."""
        value = self.environ.get(place)
        if value is None:
            raise SecretProviderError(f"has no variable {place}")
        return value
