"""AWS Signature Version 4, checked over what arrived.

Source: docs.aws.amazon.com, IAM, "Create a signed AWS API request".
"""

import hashlib
import hmac
import re
from urllib.parse import quote, unquote

from forwardc.sandbox.crypto.signatures.received import (
    ArrivedRequest,
    SignatureRefusedError,
    check_keyed,
    same,
)

_FORM = re.compile(
    r"AWS4-HMAC-SHA256 Credential=([^/]+)/([^,]+), SignedHeaders=([^,]+), Signature=(\S+)"
)


def check(arrived: ArrivedRequest) -> None:
    """Raises `SignatureRefusedError`."""
    read = _FORM.fullmatch(arrived.header("Authorization"))
    if read is None:
        raise SignatureRefusedError("the header Authorization has other parts")
    access, scope, names, given = read.groups()
    date = arrived.header("X-Amz-Date")
    arrived.check_date(date, "%Y%m%dT%H%M%SZ", "X-Amz-Date")
    options = arrived.options
    wanted = f"{date[:8]}/{options.get('region')}/{options.get('service')}/aws4_request"
    if access != options.get("access_key_id", access) or scope != wanted:
        raise SignatureRefusedError("the credential is for another key, day, region or service")
    if not {"host", "x-amz-date"} <= set(names.split(";")):
        raise SignatureRefusedError("the list of headers lacks one that must be signed")
    digest = hashlib.sha256(arrived.body).hexdigest()
    if not same(arrived.header("X-Amz-Content-Sha256"), digest):
        raise SignatureRefusedError("X-Amz-Content-Sha256 is of another body")
    canonical = hashlib.sha256(_canonical(arrived, names, digest).encode()).hexdigest()
    text = "\n".join(("AWS4-HMAC-SHA256", date, scope, canonical))
    if given != given.lower():
        raise SignatureRefusedError("the hexadecimal text must be in lower case")
    check_keyed(arrived, given, "text", lambda key: _signature(key, scope, text))


def _canonical(arrived: ArrivedRequest, names: str, digest: str) -> str:
    path = quote(unquote(arrived.path), safe="/~")
    path = path if arrived.options.get("service") == "s3" else quote(path, safe="/~")
    pairs = [item.partition("=") for item in arrived.query.split("&") if item]
    query = sorted((_enc(name), _enc(value)) for name, _, value in pairs)
    lines = [
        f"{name}:{arrived.host if name == 'host' else ' '.join(arrived.header(name).split())}"
        for name in names.split(";")
    ]
    joined = "&".join(f"{name}={value}" for name, value in query)
    return "\n".join([arrived.method, path, joined, *lines, "", names, digest])


def _enc(text: str) -> str:
    return quote(unquote(text), safe="~")


def _signature(secret: bytes, scope: str, text: str) -> str:
    key = b"AWS4" + secret
    for part in (*scope.split("/"), text):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return key.hex()
