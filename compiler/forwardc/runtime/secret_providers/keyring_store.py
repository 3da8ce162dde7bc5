"""`keyring:SERVICE/NAME`: the operating system's keyring, by the package of that name."""

from forwardc.core.dataclass import dataclass
from forwardc.runtime.secret_providers.provider import SecretProviderError


@dataclass(frozen=True, slots=True)
class KeyringProvider:
    """Asks the keyring that the package chose or that its configuration names."""

    kind: str = "keyring"

    def problem(self, place: str) -> str | None:
        """The last slash parts the service from the name."""
        service, _, name = place.rpartition("/")
        return None if service and name else "is not keyring:SERVICE/NAME"

    def fetch(self, place: str) -> str:
        """The password of the entry. Raises: `SecretProviderError`."""
        try:
            import keyring
        except ImportError:
            raise SecretProviderError("needs: pip install 'forwardc[keyring]'") from None
        service, _, name = place.rpartition("/")
        try:
            value = keyring.get_password(service, name)
            failed = None
        except Exception as problem:
            # A back end raises whatever it likes, with whatever text it likes.
            value, failed = None, type(problem).__name__
        if failed is not None:
            raise SecretProviderError(f"failed ({failed}): is it there, and unlocked?")
        if value is None:
            raise SecretProviderError("has no such entry")
        return value
