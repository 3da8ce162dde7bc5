"""What an author says of the certificate by which a destination knows its callers (mutual TLS)."""

from forwardc.core.dataclass import dataclass
from forwardc.core.diagnostics.span import Span


@dataclass(frozen=True, slots=True)
class ClientCertificate:
    """The names of two secrets: a certificate with its chain, and its private key, both as PEM.

    One secret may hold both.
    """

    certificate: str
    key: str
    span: Span | None = None
