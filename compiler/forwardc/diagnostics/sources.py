"""Gives the lines of source files for excerpts, with credentials and card numbers masked.

Knows no file format. Nobody gets an unmasked line from here.
"""

from collections.abc import Mapping
from pathlib import Path

from forwardc.files.checkout import below, source
from forwardc.files.kinds import DESTINATION


class Sources:
    """The files that diagnostics point into, read at first use and only once.

    Relative paths start at `root`. Without one, nothing is read from the disk: a file that an
    operator named, such as a server's settings, is in no excerpt. `texts` holds what is not to be
    read from disk, by path.
    """

    def __init__(self, root: Path | None = None, texts: Mapping[str, str] | None = None) -> None:
        self.root = Path() if root is None else root
        self._reads = root is not None
        self._texts = dict(texts or {})
        self._lines: dict[str, list[str]] = {}

    def line(self, path: str, number: int) -> str | None:
        """Return a line, counted from 1, masked and without its break; None if there is none.

        Lines end at a line feed only, as spans count them.
        """
        if path not in self._lines:
            from forwardc.diagnostics.secret_shapes import mask_excerpt

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
            data = source(below(self.root), path).read(DESTINATION)
        except (OSError, ValueError):
            return ""
        return data.decode("utf-8-sig", errors="replace")
