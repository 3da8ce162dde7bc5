"""`forwardc check` and `forwardc build`, answered before anything is imported that could compile.

That is where nothing changed since the store was written: the same forwardc, the same day, every
input and every file of `build/` as it was, and nothing to report. Whatever is otherwise, or asked
with an option, is click's and the compiler's, whose words these are.
"""

import os
import sys
import time

from forwardc.compile.store.output_index import BuiltFiles
from forwardc.compile.store.store import CompileStore, open_store
from forwardc.compile.store.tool import tool_identity
from forwardc.compile.store.verdict import CheckVerdict

COMMANDS = ("check", "build")
VARIABLES = ("FORWARDC_TODAY", "FORWARDC_FORMAT")
"""What stands for an option of these commands: where one is set, click reads it."""
_PROJECT_FILE = "forwardc.yaml"


def checked(destinations: int) -> str:
    """What a check without findings says."""
    return f"{destinations} destination{'s' if destinations != 1 else ''} checked, no mistakes"


def built(files: int, written: int = 0, removed: int = 0) -> str:
    """What a build says."""
    return f"{files} files compiled, {written} written, {removed} removed"


def unchanged(arguments: list[str], environment: dict[str, str]) -> str | None:
    """What such a command says, where nothing has to be compiled for it; else None."""
    if len(arguments) != 1 or arguments[0] not in COMMANDS or sys.stderr is None:
        return None
    if any(name in environment for name in VARIABLES):
        return None
    try:
        root = os.getcwd()
        # One further up is searched for with care for whose it is.
        os.lstat(f"{root}/{_PROJECT_FILE}")
    except OSError:
        return None
    store, _ = open_store(root, environment, make=False)
    return _said(store, arguments[0]) if store is not None else None


def _said(store: CompileStore, command: str) -> str | None:
    verdict = store.last_verdict()
    if verdict is None or verdict.findings:
        # Not held against the inputs before that: they would be read twice.
        return None
    tool, day = tool_identity(), time.strftime("%Y-%m-%d", time.gmtime())
    if not tool or not verdict.holds(store.root, tool, day):
        return None
    if command == "check":
        return checked(len(verdict.destinations))
    files = unchanged_files(store, tool, verdict)
    return None if files is None else built(files)


def unchanged_files(store: CompileStore, tool: bytes, verdict: CheckVerdict) -> int | None:
    """How many files `build/` has, where all are as they were built of these inputs."""
    index = store.outputs(tool, verdict.inputs)
    if index is None or index.is_broken_off(store.root):
        return None
    if not index.is_as_built(store.root):
        index, other = BuiltFiles(store.root, index.build, index).index(index.known_digests())
        if other:
            return None
        store.keep_outputs(tool, verdict.inputs, index)
    return len(index.paths)
