"""Finds the data that belongs to forwardc: schemas and destinations, in a wheel or a checkout.

A wheel carries a copy in `_data`; a checkout has the folders at its root.
"""

from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

_CHECKOUT = Path(__file__).parents[3]


def data_dir(name: str) -> Traversable:
    """The folder (or file) of that name: the wheel's copy, else the one at the checkout's root.

    Raises FileNotFoundError when the installation has neither, which is a mistake of ours.
    """
    packaged = files("forwardc").joinpath("_data", name)
    if packaged.is_dir() or packaged.is_file():
        return packaged
    checkout = _CHECKOUT / name
    if checkout.exists():
        return checkout
    raise FileNotFoundError(f"this installation of forwardc lacks its data: {name}")
