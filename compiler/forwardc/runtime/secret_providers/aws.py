"""`aws:NAME` and `aws:NAME#KEY`: AWS Secrets Manager, by boto3 and its usual configuration.

Source: AWS API reference, GetSecretValue. A name may be an ARN, which has colons and no `#`.
"""

import logging
import re
from typing import Any, Final

from forwardc.core.dataclass import dataclass
from forwardc.runtime.secret_providers.provider import (
    PROVIDER_TIMEOUT_S,
    SecretProviderError,
    read_member,
    split_key,
)

_NAME: Final = re.compile(r"[A-Za-z0-9/_+=.@:!-]{1,2048}")
_CODE: Final = re.compile(r"[A-Za-z.]{1,60}")


@dataclass(frozen=True, slots=True)
class AwsProvider:
    """Asks for the current version of a secret; region and credentials are boto3's."""

    seconds: float = PROVIDER_TIMEOUT_S
    kind: str = "aws"

    def problem(self, place: str) -> str | None:
        """A name as AWS allows it, and perhaps a key."""
        name, key = split_key(place)
        fits = _NAME.fullmatch(name) and key != ""
        return None if fits else "is not aws:NAME or aws:NAME#KEY"

    def fetch(self, place: str) -> str:
        """The secret's text, or a member of it. Raises: `SecretProviderError`."""
        name, key = split_key(place)
        text = self._value(name).get("SecretString")
        if not isinstance(text, str):
            raise SecretProviderError("holds bytes, not text")
        return text if key is None else read_member(text, key)

    def _value(self, name: str) -> dict[str, Any]:
        try:
            import boto3
            from botocore.config import Config
            from botocore.exceptions import BotoCoreError, ClientError
        except ImportError:
            raise SecretProviderError("needs: pip install 'forwardc[aws]'") from None
        _silence()
        limits = Config(
            connect_timeout=self.seconds,
            read_timeout=self.seconds,
            retries={"total_max_attempts": 2, "mode": "standard"},
        )
        try:
            # The default session of the package must not be shared by threads.
            client = boto3.Session().client("secretsmanager", config=limits)
            held: dict[str, Any] = client.get_secret_value(SecretId=name)
        except ClientError as problem:
            code = str(problem.response.get("Error", {}).get("Code", ""))
            reason = code if _CODE.fullmatch(code) else "an error without a code"
        except BotoCoreError as problem:
            reason = type(problem).__name__
        else:
            return held
        raise SecretProviderError(f"refused or failed ({reason})")


def _silence() -> None:
    """Let no record of these loggers out: at level DEBUG they write whole answers."""
    for name in ("boto3", "botocore", "urllib3"):
        logger = logging.getLogger(name)
        logger.propagate = False
        logger.handlers = [logging.NullHandler()]
