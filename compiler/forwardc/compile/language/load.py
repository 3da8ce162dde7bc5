"""Finds and reads the files of a project. Reports what cannot be read, and goes on.

One destination at a time; what stays of a file are its digest and its trees, never its bytes. One
that does not fit its schema is read as far as it goes, for further mistakes: those that merely
follow from its form are left out.
"""

from collections.abc import Mapping, Sequence
from dataclasses import field
from pathlib import Path
from types import MappingProxyType

from forwardc.compile.language import access, yaml_reader
from forwardc.compile.language.allow_comments import read_allow_comments
from forwardc.compile.language.destination import Destination
from forwardc.compile.language.echoes import (
    independent,
    names_unread,
    refused_values,
    without_type_echoes,
)
from forwardc.compile.language.nodes import Node
from forwardc.compile.language.project import Project
from forwardc.compile.language.read_destination import read_destination
from forwardc.compile.language.read_project import read_project
from forwardc.compile.language.schema import validate
from forwardc.core.dataclass import dataclass, replace
from forwardc.core.diagnostics.diagnostic import Diagnostic
from forwardc.core.diagnostics.levels import AllowComment, levelled
from forwardc.core.diagnostics.sink import Sink
from forwardc.core.diagnostics.text_file import unreadable
from forwardc.core.files.checkout import CheckoutPath, below, spanned_path
from forwardc.core.files.descriptors import BY_DESCRIPTOR, read_below
from forwardc.core.files.digest import file_digest
from forwardc.core.files.kinds import ATTESTATION, DESTINATION, LOCK, PROJECT
from forwardc.plan.formats import lock_of_build

# Files

PROJECT_FILE = "forwardc.yaml"
_NOTHING: Mapping[str, bytes] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class MisshapenDestination:
    """A destination that does not fit its schema, as far as it can be read, and why."""

    destination: Destination
    form: tuple[Diagnostic, ...]


@dataclass(frozen=True, slots=True)
class ReadDestination:
    """The trees of one file: of a destination, or of one that is checked for mistakes only."""

    path: str
    files: Mapping[str, str]
    """The digest of each file that was read: of its own and of its evidence."""
    destination: Destination | None = None
    misshapen: MisshapenDestination | None = None

    @property
    def allows(self) -> tuple[AllowComment, ...]:
        """What comments of the file allow, as far as it could be read."""
        misshapen = self.misshapen.destination if self.misshapen else None
        destination = self.destination or misshapen
        return destination.allows if destination else ()


@dataclass(frozen=True, slots=True)
class LoadedProject:
    """What a project is made of. `files` are the digests of inputs by their path below `root`."""

    root: CheckoutPath
    project: Project | None
    paths: tuple[str, ...]
    """The files of destinations, as findings name them."""
    files: Mapping[str, str] = field(default_factory=dict, repr=False)
    listed: bool = True
    """Whether the folder of destinations could be listed: else nobody knows which are missing."""
    lock: bytes | None = field(default=None, repr=False)
    """The lock file; None where there is none, or no project."""
    read: tuple[ReadDestination, ...] = field(default=(), repr=False)
    """The trees of all files, for whoever asked for them."""

    @property
    def build(self) -> CheckoutPath:
        """The build folder.

        Raises:
            ValueError: No project was read.
        """
        if self.project is None:
            raise ValueError("a project without mistakes was read")
        return self.root / self.project.build

    @property
    def destinations(self) -> tuple[Destination, ...]:
        """The destinations whose trees are there."""
        return tuple(read.destination for read in self.read if read.destination)


def open_project(root: Path, sink: Sink) -> LoadedProject:
    """Read `forwardc.yaml` and the lock, and list the destinations of the folder it names."""
    files: dict[str, str] = {}
    at = below(root)
    project = _project(at, files, sink)
    folder = project.destinations if project else "destinations"
    names = _names(at, folder, sink)
    if names == []:
        sink.error("FC0101", f"there is no destination in {folder}/", hint="see CONTRIBUTING.md")
    paths = tuple(f"{folder}/{name}" for name in names or ())
    lock = _lock(at, project, files, sink)
    return LoadedProject(at, project, paths, files, listed=names is not None, lock=lock)


def _names(root: CheckoutPath, folder: str, sink: Sink) -> list[str] | None:
    """The destinations in a folder; None, with the reason in the sink, where it is not listed."""
    try:
        return (root / folder).names(".yaml")
    except OSError as problem:
        unreadable(problem, f"{folder}/", "FC0101", sink)
        return None


def lock_name(project: Project) -> str:
    """The path of the lock file below the project."""
    return "/".join(lock_of_build(CheckoutPath(Path(), ()) / project.build).parts)


def _lock(
    root: CheckoutPath, project: Project | None, files: dict[str, str], sink: Sink
) -> bytes | None:
    """The approvals, which the pages of `build/` show. Whether they are sound is read later."""
    if project is None:
        return None
    name = lock_name(project)
    try:
        data = (root / name).read(LOCK)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as problem:
        unreadable(problem, name, "FC0705", sink)
        return None
    files[name] = file_digest(data)
    return data


def load_project(root: Path, sink: Sink) -> Project | None:
    """Read `forwardc.yaml` alone."""
    return _project(below(root), {}, sink)


def _project(root: CheckoutPath, files: dict[str, str], sink: Sink) -> Project | None:
    try:
        data = (root / PROJECT_FILE).read(PROJECT)
    except OSError as problem:
        unreadable(problem, PROJECT_FILE, "FC0101", sink)
        return None
    files[PROJECT_FILE] = file_digest(data)
    node = yaml_reader.read(PROJECT_FILE, data, sink)
    if node is None:
        return None
    allows = read_allow_comments(node, sink)
    if not validate("project", node, sink):
        return None
    project = read_project(node, sink)
    return replace(project, allows=allows) if project and allows else project


def load_files(
    root: Path, paths: Sequence[str], sink: Sink, piped: Mapping[str, bytes] = _NOTHING
) -> LoadedProject:
    """Read single destinations and keep their trees, without a project around them.

    `piped` has the bytes of those that no file holds, by the name that findings give them.
    """
    at = below(root)
    read = tuple(_levelled(at, path, sink, piped) for path in paths)
    files = {path: digest for each in read for path, digest in each.files.items()}
    return LoadedProject(at, None, tuple(paths), files, read=read)


def _levelled(
    root: CheckoutPath, path: str, sink: Sink, piped: Mapping[str, bytes]
) -> ReadDestination:
    """One destination, with its findings in the sink but for those that its comments allow."""
    findings = Sink()
    read = read_alone(root, path, findings, piped)
    sink.add_levelled(levelled(findings.sorted(), (), read.allows))
    return read


def read_alone(
    root: CheckoutPath, path: str, sink: Sink, piped: Mapping[str, bytes]
) -> ReadDestination:
    """Read one destination without a project: a file, or what is in `piped`."""
    if path in piped:
        return parse_file(root, path, piped[path], sink, in_project=False)
    return read_file(root, path, sink, in_project=False)


def read_file(root: CheckoutPath, path: str, sink: Sink, *, in_project: bool) -> ReadDestination:
    """Read one destination. `in_project`: it has its file's name, and its evidence is there."""
    data = file_bytes(root, path, sink)
    if data is None:
        return ReadDestination(path, {})
    return parse_file(root, path, data, sink, in_project=in_project)


def file_bytes(root: CheckoutPath, path: str, sink: Sink) -> bytes | None:
    """The bytes of a destination's file; None with FC0101 where it cannot be read."""
    try:
        return spanned_path(root, path).read(DESTINATION)
    except OSError as problem:
        unreadable(problem, path, "FC0101", sink)
        return None


def listed_bytes(root: CheckoutPath, path: str, sink: Sink) -> bytes | None:
    """The same of a file that was listed below the root: a store asks for a thousand of them.

    By descriptor alone it takes a quarter of the time; what that refuses is read again, for a word.
    """
    if BY_DESCRIPTOR and not root.parts and not root.mounted and ".." not in path.split("/"):
        try:
            return read_below(str(root.root), path, DESTINATION.most or 0)
        except OSError:
            pass
    return file_bytes(root, path, sink)


def parse_file(
    root: CheckoutPath, path: str, data: bytes, sink: Sink, *, in_project: bool
) -> ReadDestination:
    """The same of bytes that were read."""
    files = {path: file_digest(data)}
    of_yaml, form = Sink(), Sink()
    node = yaml_reader.read(path, data, of_yaml)
    for finding in of_yaml.sorted():
        sink.add(finding)
    if node is None:
        return ReadDestination(path, files)
    allows = read_allow_comments(node, sink)
    # The schema takes some words that YAML refuses, such as the name `yes`.
    is_refused = of_yaml.has_errors and bool(refused_values(node))
    if not validate("destination", node, form) or is_refused:
        misshapen = _misshapen(node, without_type_echoes(form.sorted(), node), sink, allows)
        return ReadDestination(path, files, misshapen=misshapen)
    destination = read_destination(node, sink)
    if destination is not None and allows:
        destination = replace(destination, allows=allows)
    if destination is not None and in_project:
        _check_file_name(destination, sink)
        files |= _attestation(root, destination, sink)
    return ReadDestination(path, files, destination)


def _check_file_name(destination: Destination, sink: Sink) -> None:
    """FC0205: plans are files of the destination's name, so two cannot have the same one."""
    stem = Path(destination.span.path).stem
    if destination.name != stem:
        message = "the name is not that of the file"
        hint = f"write name: {stem}, or rename the file"
        sink.error("FC0205", message, destination.span, pointer="/name", hint=hint)


def _attestation(root: CheckoutPath, destination: Destination, sink: Sink) -> dict[str, str]:
    """FC0709: evidence that is named must be there; it is an input like the file that names it."""
    node = access.get(destination.root.get("pci"), "attestation")
    if node is None or destination.pci is None:
        return {}
    path = destination.pci.attestation
    try:
        return {path: file_digest((root / path).read(ATTESTATION))}
    except OSError as problem:
        unreadable(problem, path, "FC0709", sink, node.span, pointer=node.pointer)
        return {}


def _misshapen(
    node: Node, form: list[Diagnostic], sink: Sink, allows: tuple[AllowComment, ...]
) -> MisshapenDestination | None:
    """Report the mistakes of form, and those that a reader finds besides them."""
    inside = Sink()
    destination = read_destination(node, inside, unread=names_unread(node, form))
    for finding in (*form, *independent(inside.sorted(), form, node)):
        sink.add(finding)
    if destination is None:
        return None
    return MisshapenDestination(replace(destination, allows=allows), tuple(form))
