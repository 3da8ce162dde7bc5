"""Reads the explanation of a code, as `forwardc explain` prints it. Holds no texts itself."""

from importlib.resources import files

from forwardc.core.diagnostics.codes import lookup


def page(code: str) -> str:
    """Return the Markdown page of a code, given by number or slug.

    Raises:
        KeyError: there is no such code.
    """
    known = lookup(code)
    if known is None:
        raise KeyError(code)
    folder = files("forwardc.core.diagnostics") / "pages"
    return (folder / f"{known.number}.md").read_text(encoding="utf-8")


def pages() -> list[str]:
    """Return the numbers that have a page, sorted."""
    folder = files("forwardc.core.diagnostics") / "pages"
    names = (entry.name for entry in folder.iterdir())
    return sorted(name.removesuffix(".md") for name in names if name.endswith(".md"))
