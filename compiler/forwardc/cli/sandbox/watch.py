"""Gives a sandbox the project of a build folder, and gives it anew when something was built.

A build that is being written, and one that cannot be read, changes nothing: what was read last
counts until the next one is whole. A lock that cannot be read approves nothing.
"""

from pathlib import Path
from typing import Any, TypeAlias

import click

from forwardc.cli.project_folder import find_project
from forwardc.cli.sandbox.project import project_data
from forwardc.core.diagnostics.sink import Sink
from forwardc.core.files.checkout import CheckoutPath, as_checkout
from forwardc.plan.build_folder import MANIFEST, plan_in, read_manifest
from forwardc.plan.formats import lock_of_build
from forwardc.plan.lock import Lock, read_lock
from forwardc.runtime.run.request import ClockAndIds

Identity: TypeAlias = tuple[tuple[int, ...] | None, ...]


class Watched:
    """The project of a build folder. Called, it gives the project's data where they are new."""

    def __init__(self, build: Path) -> None:
        self._build = as_checkout(build)
        self._seen: Identity | None = None

    def __call__(self) -> dict[str, Any] | None:
        """The data where manifest or lock are others than before and whole; None otherwise."""
        identity = tuple(map(_identity, (self._build / MANIFEST, lock_of_build(self._build))))
        if identity == self._seen:
            return None
        data = self.read(Sink())
        if data is not None:
            self._seen = identity
        return data

    def read(self, sink: Sink) -> dict[str, Any] | None:
        """The data as they are now; None where a plan is not whole. The sink has what is wrong.

        A lock that cannot be read approves nothing.
        """
        manifest = read_manifest(self._build, sink)
        if manifest is None:
            return None
        read = [plan_in(self._build, manifest, *which, sink) for which in manifest.plans()]
        plans = [plan for plan in read if plan is not None]
        if len(plans) < len(read):
            return None
        lock = read_lock(lock_of_build(self._build), sink) or Lock()
        return project_data(plans, lock, ClockAndIds().now().date())


def is_built(build: Path) -> bool:
    """Whether something lies where a manifest would."""
    try:
        (as_checkout(build) / MANIFEST).status()
    except FileNotFoundError:
        return False
    except OSError:
        return True
    return True


def build_folder(build: Path) -> Path | None:
    """The build folder of the project here, built or not yet; None where there is no project.

    What is not here is looked for where `forwardc.yaml` is, above the working directory.
    """
    if is_built(build):
        return build
    try:
        root = find_project(None)
    except click.UsageError:
        return None
    return root / build


def _identity(file: CheckoutPath) -> tuple[int, ...] | None:
    try:
        status = file.status()
    except OSError:
        return None
    return (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)
