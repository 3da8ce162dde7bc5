"""Finds and reads the files of a project. Reports what cannot be read, and goes on.

Knows files and the two readers; nothing of what a destination means.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from forwardc.diagnostics.sink import Sink
from forwardc.language import yaml_reader
from forwardc.language.destination import Destination
from forwardc.language.nodes import Node
from forwardc.language.project import Project
from forwardc.language.read_destination import read_destination
from forwardc.language.read_project import read_project
from forwardc.language.schema import Kind, validate

PROJECT_FILE = "forwardc.yaml"


@dataclass(frozen=True, slots=True)
class Loaded:
    """What was read. `files` holds the bytes of every input by its path below `root`."""

    root: Path
    project: Project | None
    destinations: tuple[Destination, ...]
    files: Mapping[str, bytes] = field(default_factory=dict, repr=False)

    @property
    def by_name(self) -> dict[str, Destination]:
        """The destinations by name."""
        return {destination.name: destination for destination in self.destinations}


def load(root: Path, sink: Sink) -> Loaded:
    """Read `forwardc.yaml` and every destination of the folder it names."""
    files: dict[str, bytes] = {}
    node = _read(root, PROJECT_FILE, "project", files, sink)
    project = read_project(node, sink) if node else None
    folder = project.destinations if project else "destinations"
    names = sorted(path.name for path in (root / folder).glob("*.yaml"))
    if not names:
        sink.error("FC0101", f"there is no destination in {folder}/", hint="see CONTRIBUTING.md")
    destinations = _destinations(root, [f"{folder}/{name}" for name in names], files, sink)
    for destination in destinations:
        _check_file_name(destination, sink)
    return Loaded(root, project, destinations, files)


def load_files(root: Path, paths: Sequence[str], sink: Sink) -> Loaded:
    """Read single destinations, without a project around them."""
    files: dict[str, bytes] = {}
    destinations = _destinations(root, paths, files, sink)
    return Loaded(root, None, destinations, files)


def _check_file_name(destination: Destination, sink: Sink) -> None:
    """FC0205: plans are files of the destination's name, so two cannot have the same one."""
    stem = Path(destination.span.path).stem
    if destination.name != stem:
        message = "the name is not that of the file"
        hint = f"write name: {stem}, or rename the file"
        sink.error("FC0205", message, destination.span, pointer="/name", hint=hint)


def _destinations(
    root: Path, paths: Sequence[str], files: dict[str, bytes], sink: Sink
) -> tuple[Destination, ...]:
    found: list[Destination] = []
    for path in paths:
        node = _read(root, path, "destination", files, sink)
        destination = read_destination(node, sink) if node else None
        if destination:
            found.append(destination)
    return tuple(found)


def _read(root: Path, path: str, kind: Kind, files: dict[str, bytes], sink: Sink) -> Node | None:
    """The tree of a file that fits its schema, else None with the reasons in the sink."""
    try:
        with (root / path).open("rb") as file:
            data = file.read(yaml_reader.MAX_BYTES + 1)
    except OSError as problem:
        sink.error("FC0101", f"{path} cannot be read: {problem.strerror}")
        return None
    files[path] = data
    node = yaml_reader.read(path, data, sink)
    if node is None or not validate(kind, node, sink):
        return None
    return node
