"""Names of XML and its namespaces: what is one, what is reserved, which addresses are well known.

Sources: XML 1.0, section 2.3; Namespaces in XML 1.0, sections 2 to 6.
"""

import re
from typing import Final, NamedTuple
from xml.parsers import expat

RESERVED: Final = {
    "xml": "http://www.w3.org/XML/1998/namespace",
    "xmlns": "http://www.w3.org/2000/xmlns/",
}
"""Bound everywhere, and to nothing else (section 3)."""
SCHEMA_INSTANCE: Final = "http://www.w3.org/2001/XMLSchema-instance"
"""The namespace of `xsi:type`, whose value is a name with a prefix."""
_SOAP: Final = "http://schemas.xmlsoap.org/soap/envelope/"
_WSS: Final = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity"
WELL_KNOWN: Final = {
    **dict.fromkeys(("soap", "soapenv", "soap-env", "SOAP-ENV"), _SOAP),
    "soap12": "http://www.w3.org/2003/05/soap-envelope",
    "wsse": f"{_WSS}-secext-1.0.xsd",
    "wsu": f"{_WSS}-utility-1.0.xsd",
    "wsa": "http://www.w3.org/2005/08/addressing",
    "ds": "http://www.w3.org/2000/09/xmldsig#",
    "xsi": SCHEMA_INSTANCE,
    "xsd": "http://www.w3.org/2001/XMLSchema",
}
"""What a prefix usually means: an author who forgot to declare it gets the address."""

_ASCII_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9._-]*")
# What of ASCII is in no name. `re` walks every character of a class when it compiles it: these few,
# and not the 65,000 that are allowed.
_NOT_IN_NAME: Final = re.compile(r"[\x00-,/:-@\[-^`{-\x7f]")
_LAST: Final = "\uffff"
_ADDRESS: Final = re.compile(r"[^\s<>\"{}]+")


class QualifiedName(NamedTuple):
    """A name in two parts; the prefix is `""` where there is none."""

    prefix: str
    local: str


def is_name(text: str) -> bool:
    """Whether a text is a name without a colon, to every reader of XML 1.0.

    Beyond ASCII a parser is asked: the editions of XML differ, and this one has the strictest.
    """
    if _ASCII_NAME.fullmatch(text):
        return True
    if text.isascii() or max(text) > _LAST or _NOT_IN_NAME.search(text):
        return False
    try:
        expat.ParserCreate("utf-8", " ").Parse(f"<{text}/>".encode(), True)
    except (expat.ExpatError, UnicodeEncodeError):
        return False
    return True


def is_address(text: str) -> bool:
    """Whether a text can be the address of a namespace."""
    return _ADDRESS.fullmatch(text) is not None


def split(text: str) -> QualifiedName | None:
    """The parts of a name of an element or attribute, or None where it is none."""
    prefix, colon, local = text.rpartition(":")
    if not is_name(local) or (colon and not is_name(prefix)):
        return None
    return QualifiedName(prefix, local)
