"""Reads `client_certificate:`: which secrets hold the certificate and its private key."""

from forwardc.compile.ir.client_certificate import ClientCertificate
from forwardc.compile.language import access
from forwardc.compile.language.nodes import Node
from forwardc.compile.language.read_signature import read_secret
from forwardc.compile.language.read_values import ValueReader


def read_client_certificate(node: Node | None, values: ValueReader) -> ClientCertificate | None:
    """The two secrets; None where there are none, or one of them has a mistake."""
    certificate = _secret(access.get(node, "certificate"), values)
    key = _secret(access.get(node, "key"), values)
    if node is None or certificate is None or key is None:
        return None
    return ClientCertificate(certificate, key, node.span)


def _secret(place: Node | None, values: ValueReader) -> str | None:
    ref = None if place is None else read_secret(place, values, "a client certificate")
    return None if ref is None else ref.name.removeprefix("secrets.")
