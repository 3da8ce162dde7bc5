"""Which line of YAML made a place in `build/`, and which places a line made.

Knows documents before they are written; reads no file.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from forwardc.compile.vaults.encode import encode, places
from forwardc.core.diagnostics.span import Span


def origin(documents: Mapping[str, Any], path: str, pointer: str) -> Span | None:
    """The place that made `pointer` in a file, or what is around it, or the first thing in it.

    Raises `KeyError` where there is no such file or no such pointer in it.
    """
    document = documents[path]
    if not _exists(encode(document), pointer):
        raise KeyError(pointer)
    spans = dict(places(document))
    tokens = pointer.split("/")
    for length in range(len(tokens), 0, -1):
        span = spans.get("/".join(tokens[:length]))
        if span is not None:
            return span
    return next((span for at, span in spans.items() if at.startswith(f"{pointer}/")), None)


def made_by(documents: Mapping[str, Any], source: str, line: int) -> Iterator[tuple[str, str]]:
    """Path and pointer of every generated place whose text starts on a line of a source."""
    for path, document in documents.items():
        for pointer, span in places(document):
            if span.path == source and span.start.line == line:
                yield path, pointer


def _exists(document: Any, pointer: str) -> bool:
    for token in pointer.split("/")[1:]:
        key = token.replace("~1", "/").replace("~0", "~")
        if isinstance(document, dict) and key in document:
            document = document[key]
        elif isinstance(document, list) and key.isdigit() and int(key) < len(document):
            document = document[int(key)]
        else:
            return False
    return True
