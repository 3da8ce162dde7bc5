"""Gives the lines of source files for excerpts, with credentials and card numbers masked.

Each file is read once; nobody gets an unmasked line from here.
"""

import os
from collections.abc import Mapping
from pathlib import Path

from forwardc.core.dataclass import replace
from forwardc.core.diagnostics.diagnostic import Diagnostic
from forwardc.core.diagnostics.span import Span
from forwardc.core.files.checkout import below, spanned_path
from forwardc.core.files.kinds import DESTINATION


class ExcerptLines:
    """The files that diagnostics point into, read at first use and only once.

    Relative paths start at `root`. Without one, nothing is read from the disk: a file that an
    operator named, such as a server's settings, is in no excerpt. `texts` holds what is not to be
    read from disk, by path. `here` is the absolute folder that a person sees the files from.
    """

    def __init__(
        self,
        root: Path | None = None,
        texts: Mapping[str, str] | None = None,
        here: Path | None = None,
    ) -> None:
        self.root = Path() if root is None else root
        self._here = here if root is not None else None
        self._named: dict[str, str] = {}
        self._reads = root is not None
        self._texts = dict(texts or {})
        self._lines: dict[str, list[str]] = {}

    def relocated(self, diagnostic: Diagnostic) -> Diagnostic:
        """The same, with its places as they are seen from here."""
        if self._here is None or self._here == self.root.absolute():
            return diagnostic
        related = tuple(
            replace(place, span=self._relocated_span(place.span)) for place in diagnostic.related
        )
        return replace(
            diagnostic,
            span=diagnostic.span and self._relocated_span(diagnostic.span),
            related=related,
        )

    def _relocated_span(self, span: Span) -> Span:
        named = Path(span.path)
        if self._here is None or named.is_absolute() or ".." in named.parts:
            return span
        try:
            path = Path(os.path.relpath(self.root / span.path, self._here)).as_posix()
        except ValueError:
            path = (self.root / span.path).as_posix()  # Another drive.
        self._named[path] = span.path
        return replace(span, path=path)

    def line(self, path: str, number: int) -> str | None:
        """Return a line, counted from 1, masked and without its break; None if there is none.

        Lines end at a line feed only, as spans count them.
        """
        path = self._named.get(path, path)
        if path not in self._lines:
            from forwardc.core.recognizer.secret_shapes import mask_excerpt

            # Masked as a whole, because a key can stand on more than one line.
            self._lines[path] = mask_excerpt(self._text(path)).split("\n")
        lines = self._lines[path]
        return lines[number - 1].rstrip("\r") if 1 <= number <= len(lines) else None

    def _text(self, path: str) -> str:
        if path in self._texts:
            return self._texts[path]
        if not self._reads:
            return ""
        try:
            data = spanned_path(below(self.root), path).read(DESTINATION)
        except (OSError, ValueError):
            return ""
        return data.decode("utf-8-sig", errors="replace")
