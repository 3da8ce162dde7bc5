"""What the raw value of a secret must be for its use: said, and checked by nobody."""

from typing import Literal

from pydantic import Field

from forwardc.plan.parts import Part


class SecretForm(Part):
    """What a secret's raw value must be for its use, so that one can be made up.

    A JWK, octets in base64url, a text of so many bytes, `user:password` or its base64.
    """

    kind: Literal["rsa_jwk", "oct_jwk", "base64url", "text", "basic", "login"]
    octets: int | None = Field(default=None, alias="bytes", gt=0, le=64)
