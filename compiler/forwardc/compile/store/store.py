"""The store of a project: answers of earlier runs, in the user's cache folder.

TODO chapter
"""

from forwardc.compile.store.fields import packed, unpacked
from forwardc.compile.store.inputs import Inputs, digest
from forwardc.compile.store.output_index import OutputIndex
from forwardc.compile.store.place import NAME, cache_folder, checkout_of, lies_in, store_name
from forwardc.compile.store.sealed_files import SealedFiles
from forwardc.compile.store.verdict import CheckVerdict
from forwardc.core.files.descriptors import BY_DESCRIPTOR
from forwardc.core.files.private_folder import NOT_PRIVATE, PrivateFolder

_VERDICT = "verdict"
_OUTPUTS = "outputs"
NO_STORE_IN = "CI"
"""The variable that every service of continuous integration sets: what is built there is built."""


class CompileStore:
    """The store of one project, whose folder is `root`, absolute and without links."""

    __slots__ = ("files", "root")

    def __init__(self, root: str, files: SealedFiles) -> None:
        self.root = root
        self.files = files

    def last_verdict(self) -> CheckVerdict | None:
        """What the last check said of the project as it was then, if there is such a one."""
        data = self.files.read(_VERDICT)
        try:
            return CheckVerdict.from_bytes(data) if data else None
        except ValueError:
            return None

    def verdict(self, tool: bytes, day: str) -> CheckVerdict | None:
        """What a check said of the project as it is; None where nobody knows."""
        verdict = self.last_verdict()
        return verdict if verdict and verdict.holds(self.root, tool, day) else None

    def keep_verdict(self, verdict: CheckVerdict) -> None:
        """Know this from now on, if it can be written."""
        self.keep(_VERDICT, verdict.to_bytes())

    def outputs(self, tool: bytes, inputs: Inputs) -> OutputIndex | None:
        """The files of the last build, where it was by this tool and of these inputs."""
        return self._outputs((tool, digest(inputs.to_bytes())))

    def last_outputs(self) -> OutputIndex | None:
        """The files of the last build, whatever it was of: their looks hold all the same."""
        return self._outputs(None)

    def _outputs(self, of: tuple[bytes, bytes] | None) -> OutputIndex | None:
        data = self.files.read(_OUTPUTS)
        try:
            tool, inputs, index = unpacked(data, 3) if data else (b"", b"", b"")
            same = data and of in (None, (tool, inputs))
            return OutputIndex.from_bytes(index) if same else None
        except ValueError:
            return None

    def keep_outputs(self, tool: bytes, inputs: Inputs, index: OutputIndex) -> None:
        """Know this from now on, if it can be written."""
        of = digest(inputs.to_bytes())
        self.keep(_OUTPUTS, packed((tool, of, index.to_bytes())))

    def keep(self, name: str, content: bytes) -> None:
        """Put something into the store, if it can be written."""
        try:
            self.files.write(name, content)
        except OSError:
            pass  # A full disk, a folder that was removed: the next run compiles, as without.

    def bound(self) -> None:
        """Let this store, and all stores together, grow no larger than they may."""
        from forwardc.compile.store.bounds import bound_all, bound_project

        path, _, own = self.files.folder.path.rpartition("/")
        try:
            bound_project(self.files.folder)
            with PrivateFolder(path) as folder:
                bound_all(folder, own)
        except OSError:
            pass  # It is not ours any more.


def open_store(
    root: str, environment: dict[str, str], *, make: bool
) -> tuple[CompileStore | None, str]:
    """The store of a project, and why there is none where a person should know; else empty.

    `make` makes it where there is none yet.
    """
    if not BY_DESCRIPTOR or environment.get(NO_STORE_IN):
        return None, ""
    cache = cache_folder(environment)
    if cache is None:
        return None, ""
    if lies_in(cache, checkout_of(root)):
        return None, f"{cache} lies in the checkout"
    path = f"{cache}/{NAME}"
    try:
        with PrivateFolder(path, make=make):
            path = f"{path}/{store_name(root)}"
            folder = PrivateFolder(path, make=make)
    except OSError as problem:
        reason = problem.strerror if problem.strerror in NOT_PRIVATE else ""
        return None, reason and f"{path}: {reason}"
    try:
        return CompileStore(root, SealedFiles.made(folder) if make else SealedFiles(folder)), ""
    except OSError:
        folder.close()
        return None, ""
