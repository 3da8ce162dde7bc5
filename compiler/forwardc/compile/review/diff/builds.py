"""Two sides of a diff: a build folder of the work tree, and one committed at a git reference.

Files are read below the folder, or by one git process; a build gives bytes by their names.
"""

import os
import subprocess
from collections.abc import Mapping
from dataclasses import field
from pathlib import Path
from typing import Protocol

from forwardc.core.dataclass import dataclass
from forwardc.core.diagnostics.errors import ForwardcError
from forwardc.core.files.checkout import CheckoutPath
from forwardc.core.files.kinds import BUILT
from forwardc.plan.secret_names import without_secrets

MANIFEST = "manifest.json"


class NoBuildError(ForwardcError, ValueError):
    """There is no build where it was looked for. The message says what was looked for."""


class Build(Protocol):
    """The files of one build, by path below `build/`. Called by the command's own thread."""

    def read(self, paths: list[str]) -> Mapping[str, bytes]:
        """The bytes of these files, all at once; whoever repeats it reads again.

        Args:
            paths: Below the build folder, as the manifest has them, with `/` between parts.

        Raises:
            NoBuildError: One is missing or cannot be read.
        """


@dataclass(frozen=True, slots=True)
class CompiledBuild:
    """A build that was just compiled."""

    files: Mapping[str, bytes] = field(repr=False)

    def read(self, paths: list[str]) -> Mapping[str, bytes]:
        """The bytes of these files."""
        return {path: self.files[path] for path in paths}


@dataclass(frozen=True, slots=True)
class FolderBuild:
    """A build folder on disk."""

    path: CheckoutPath

    def read(self, paths: list[str]) -> Mapping[str, bytes]:
        """The bytes of these files.

        Raises:
            NoBuildError: One cannot be read.
        """
        try:
            return {path: (self.path / path).read(BUILT) for path in paths}
        except OSError as problem:
            raise NoBuildError(f"build/ cannot be read: {problem.strerror}") from problem


@dataclass(frozen=True, slots=True)
class CommittedBuild:
    """The build folder as it was committed, read by one git process."""

    root: Path
    commit: str
    prefix: str

    def read(self, paths: list[str]) -> Mapping[str, bytes]:
        """The bytes of these files.

        Raises:
            NoBuildError: One is not committed, or git cannot read them.
        """
        names = [f"{self.commit}:{self.prefix}/{path}" for path in paths]
        listing = "".join(f"{name}\n" for name in names).encode()
        output = _git(self.root, "cat-file", "--batch", stdin=listing)
        return dict(zip(paths, _objects(output, paths), strict=True))


def committed(root: Path, reference: str, folder: str) -> CommittedBuild:
    """The build at a branch, tag or commit.

    Raises:
        NoBuildError: Git knows none.
    """
    revision = f"{reference}^{{commit}}"
    try:
        commit = _git(root, "rev-parse", "--verify", "--quiet", "--end-of-options", revision)
        prefix = _git(root, "rev-parse", "--show-prefix").decode().strip()
    except NoBuildError:
        raise NoBuildError("git knows no such reference") from None
    return CommittedBuild(root, commit.decode().strip(), f"{prefix}{folder}")


def _objects(output: bytes, paths: list[str]) -> list[bytes]:
    """The contents in `git cat-file --batch` output, in the order they were asked for."""
    contents: list[bytes] = []
    at = 0
    for path in paths:
        end = output.index(b"\n", at)
        head = output[at:end].split(b" ")
        if head[-1] == b"missing" or len(head) < 3:
            raise NoBuildError(f"{path} is not committed there")
        size = int(head[-1])
        contents.append(output[end + 1 : end + 1 + size])
        at = end + 1 + size + 1
    return contents


def _git(root: Path, *arguments: str, stdin: bytes = b"") -> bytes:
    command = ["git", "-C", str(root), *arguments]
    try:
        done = subprocess.run(  # noqa: S603 - git
            command,
            input=stdin,
            capture_output=True,
            check=True,
            env=without_secrets(os.environ),
        )
    except FileNotFoundError as problem:
        raise NoBuildError("git is not installed") from problem
    except subprocess.CalledProcessError as problem:
        raise NoBuildError("git cannot read the repository") from problem
    return done.stdout
