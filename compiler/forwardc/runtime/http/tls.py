"""TLS of the connections that this process opens: which authorities count, and who reads along.

Python's own default context, and httpx's over it, write the keys of every connection to the file
that the environment's SSLKEYLOGFILE names: whoever has it reads card references and credentials
out of recorded traffic. The contexts made here do not look there.
"""

import ssl
import sys

import certifi


def public_authorities() -> ssl.SSLContext:
    """Trusts certifi's authorities only, whatever SSL_CERT_FILE and SSL_CERT_DIR say."""
    context = _context()
    context.load_verify_locations(certifi.where())
    return context


def operators_authorities() -> ssl.SSLContext:
    """Trusts certifi's authorities, and those of the system, SSL_CERT_FILE and SSL_CERT_DIR."""
    context = public_authorities()
    context.load_default_certs()
    return context


def named_authorities(file: str | None) -> ssl.SSLContext:
    """Trusts the authorities of a file; without one those of the system. Raises `OSError`."""
    context = _context()
    if file is None:
        context.load_default_certs()
    else:
        context.load_verify_locations(file)
    return context


def _context() -> ssl.SSLContext:
    """As `ssl.create_default_context` makes it, but for the keys."""
    # With this protocol certificates and names of hosts are verified.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if sys.version_info >= (3, 13):
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN | ssl.VERIFY_X509_STRICT
    return context
