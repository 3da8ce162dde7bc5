"""Finds the file that a mistyped path may have meant. Opens none."""

from pathlib import Path

from forwardc.core.diagnostics.suggest import did_you_mean
from forwardc.core.files.operator_file import names_in


def nearest_file(path: Path) -> Path | None:
    """The file that is there under a name like this, in this folder or one like it; else None."""
    missing: list[str] = [path.name]
    for folder in path.parents:
        if folder.is_dir():
            return _below(folder, missing)
        missing.insert(0, folder.name)
    return None


def _below(folder: Path, parts: list[str]) -> Path | None:
    """The file at `parts`, each of which may be misspelled."""
    first, *rest = parts
    there = names_in(folder)
    for name in (first, did_you_mean(first, [one for one in there if one != first])):
        if name not in there:
            continue
        if not rest and (folder / name).is_file():
            return folder / name
        if rest and (folder / name).is_dir():
            found = _below(folder / name, rest)
            if found is not None:
                return found
    return None
