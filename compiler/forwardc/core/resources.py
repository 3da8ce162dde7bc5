"""Finds the data that belongs to forwardc: what lies in the package, schemas and destinations.

A wheel carries a copy of the last two in `_data`; a checkout has the folders at its root. By paths,
since `importlib.resources` loads what unpacks archives, a tenth of the start of a command: a wheel
is unpacked by whoever installs it.
"""

from pathlib import Path

_PACKAGE = Path(__file__).parents[1]
_CHECKOUT = _PACKAGE.parents[1]


def package_file(*parts: str) -> Path:
    """A file or folder of the package, as `package_file("core", "data", "iso4217.json")`."""
    return _PACKAGE.joinpath(*parts)


def data_dir(name: str) -> Path:
    """The folder (or file) of that name: the wheel's copy, else the one at the checkout's root.

    Raises FileNotFoundError when the installation has neither, which is a mistake of ours.
    """
    for place in (package_file("_data", name), _CHECKOUT / name):
        if place.exists():
            return place
    raise FileNotFoundError(f"this installation of forwardc lacks its data: {name}")
