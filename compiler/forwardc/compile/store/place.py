"""Where the store of a project is: in the user's cache folder, and never in a checkout.

Whoever opens a pull request decides what lies in a checkout. So a cache folder that lies in one is
not used, whatever names it.
"""

import hashlib
import os
import sys

NAME = "forwardc"
"""Of our folder in the cache folder."""


def cache_folder(environment: dict[str, str]) -> str | None:
    """The user's cache folder, without links on its way; None where nobody says where it is."""
    named, home = environment.get("XDG_CACHE_HOME", ""), environment.get("HOME", "")
    if os.path.isabs(named):
        folder = named
    elif os.path.isabs(home):
        folder = f"{home}/Library/Caches" if sys.platform == "darwin" else f"{home}/.cache"
    else:
        return None
    return os.path.realpath(folder)


def store_name(root: str) -> str:
    """The name of a project's folder there, by the real path of the project."""
    return hashlib.sha256(os.fsencode(root)).hexdigest()[:32]


def checkout_of(root: str) -> str:
    """The folder of the repository around a project; the project's own where there is none."""
    folder = root
    while True:
        if os.path.lexists(f"{folder}/.git"):
            return folder
        above = os.path.dirname(folder)
        if above == folder:
            return root
        folder = above


def lies_in(path: str, folder: str) -> bool:
    """Whether a path is a folder, or anywhere below it; both without links."""
    return path == folder or path.startswith(f"{folder.rstrip('/')}/")
