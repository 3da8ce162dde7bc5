"""Finds and reads the files of a project. Reports what cannot be read, and goes on.

A destination that does not fit its schema is read as far as it goes, for further mistakes: those
that merely follow from its form are left out.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from forwardc.compile.language import access, yaml_reader
from forwardc.compile.language.destination import Destination
from forwardc.compile.language.nodes import Node
from forwardc.compile.language.project import Project
from forwardc.compile.language.read_destination import read_destination
from forwardc.compile.language.read_project import read_project
from forwardc.compile.language.schema import validate
from forwardc.core.diagnostics.diagnostic import Diagnostic
from forwardc.core.diagnostics.sink import Sink
from forwardc.core.diagnostics.span import Span
from forwardc.core.diagnostics.text_file import unreadable
from forwardc.core.files.checkout import CheckoutPath, below, spanned_path
from forwardc.core.files.kinds import ATTESTATION, DESTINATION, LOCK, PROJECT, FileKind
from forwardc.plan.formats import lock_of_build

# Files

PROJECT_FILE = "forwardc.yaml"


@dataclass(frozen=True, slots=True)
class MisshapenDestination:
    """A destination that does not fit its schema, as far as it can be read, and why."""

    destination: Destination
    form: tuple[Diagnostic, ...]


@dataclass(frozen=True, slots=True)
class LoadedProject:
    """What was read. `files` holds the bytes of every input by its path below `root`."""

    root: CheckoutPath
    project: Project | None
    destinations: tuple[Destination, ...]
    files: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    misshapen: tuple[MisshapenDestination, ...] = ()
    """Checked for further mistakes, and never compiled."""
    listed: bool = True
    """Whether the folder of destinations could be listed: else nobody knows which are missing."""

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
    def lock(self) -> bytes | None:
        """The lock file; None where there is none, or no project."""
        return self.files.get(lock_name(self.project)) if self.project else None

    @property
    def by_name(self) -> dict[str, Destination]:
        """The destinations by name."""
        return {destination.name: destination for destination in self.destinations}

    @property
    def unread(self) -> frozenset[str]:
        """Names of files that gave no destination, so that nobody takes them for missing."""
        read = {destination.span.path for destination in self.destinations}
        paths = (Path(path) for path in self.files if path not in {*read, PROJECT_FILE})
        return frozenset(path.stem for path in paths if path.suffix == ".yaml")


def load(root: Path, sink: Sink) -> LoadedProject:
    """Read `forwardc.yaml` and every destination of the folder it names."""
    files: dict[str, bytes] = {}
    at = below(root)
    project = _project(at, files, sink)
    folder = project.destinations if project else "destinations"
    names = _names(at, folder, sink)
    if names == []:
        sink.error("FC0101", f"there is no destination in {folder}/", hint="see CONTRIBUTING.md")
    loaded = _destinations(at, [f"{folder}/{name}" for name in names or ()], sink)
    for destination in loaded.destinations:
        _check_file_name(destination, sink)
    evidence = _attestations(at, loaded.destinations, sink)
    lock = _lock(at, project, sink)
    read = {**files, **loaded.files, **evidence, **lock}
    return replace(loaded, project=project, files=read, listed=names is not None)


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


def _lock(root: CheckoutPath, project: Project | None, sink: Sink) -> dict[str, bytes]:
    """The approvals, which the pages of `build/` show. Whether they are sound is read later."""
    if project is None:
        return {}
    name = lock_name(project)
    try:
        return {name: (root / name).read(LOCK)}
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except OSError as problem:
        unreadable(problem, name, "FC0705", sink)
        return {}


def load_project(root: Path, sink: Sink) -> Project | None:
    """Read `forwardc.yaml` alone."""
    return _project(below(root), {}, sink)


def load_files(root: Path, paths: Sequence[str], sink: Sink) -> LoadedProject:
    """Read single destinations, without a project around them."""
    return _destinations(below(root), paths, sink)


def _project(root: CheckoutPath, files: dict[str, bytes], sink: Sink) -> Project | None:
    node = _read(root, PROJECT_FILE, PROJECT, files, sink)
    if node is None or not validate("project", node, sink):
        return None
    return read_project(node, sink)


def _check_file_name(destination: Destination, sink: Sink) -> None:
    """FC0205: plans are files of the destination's name, so two cannot have the same one."""
    stem = Path(destination.span.path).stem
    if destination.name != stem:
        message = "the name is not that of the file"
        hint = f"write name: {stem}, or rename the file"
        sink.error("FC0205", message, destination.span, pointer="/name", hint=hint)


def _attestations(
    root: CheckoutPath, destinations: Sequence[Destination], sink: Sink
) -> dict[str, bytes]:
    """FC0709: evidence that is named must be there; it is an input like the file that names it."""
    evidence: dict[str, bytes] = {}
    for destination in destinations:
        node = access.get(destination.root.get("pci"), "attestation")
        if node is None or destination.pci is None:
            continue
        path = destination.pci.attestation
        try:
            evidence[path] = (root / path).read(ATTESTATION)
        except OSError as problem:
            unreadable(problem, path, "FC0709", sink, node.span, pointer=node.pointer)
    return evidence


def _destinations(root: CheckoutPath, paths: Sequence[str], sink: Sink) -> LoadedProject:
    files: dict[str, bytes] = {}
    destinations: list[Destination] = []
    misshapen: list[MisshapenDestination] = []
    for path in paths:
        node = _read(root, path, DESTINATION, files, sink)
        if node is None:
            continue
        form = Sink()
        if validate("destination", node, form):
            destination = read_destination(node, sink)
            destinations += [destination] if destination else []
        else:
            misshapen += _misshapen(node, form.sorted(), sink)
    return LoadedProject(root, None, tuple(destinations), files, tuple(misshapen))


def _misshapen(node: Node, form: list[Diagnostic], sink: Sink) -> list[MisshapenDestination]:
    """Report the mistakes of form, and those that a reader finds besides them."""
    inside = Sink()
    destination = read_destination(node, inside)
    for finding in (*form, *independent(inside.sorted(), form)):
        sink.add(finding)
    return [MisshapenDestination(destination, tuple(form))] if destination else []


def _read(
    root: CheckoutPath, path: str, kind: FileKind, files: dict[str, bytes], sink: Sink
) -> Node | None:
    """The tree of a file, else None with the reasons in the sink."""
    try:
        data = spanned_path(root, path).read(kind)
    except OSError as problem:
        unreadable(problem, path, "FC0101", sink)
        return None
    files[path] = data
    return yaml_reader.read(path, data, sink)


# What stands on its own where a file does not have the form of its schema

_OF_DECLARATIONS = frozenset(
    ("FC0302", "FC0306", "FC0307", "FC0309", "FC0312", "FC0315", "FC0316", "FC0317", "FC0318")
)
_OF_TYPES = frozenset(("FC0301", "FC0303", "FC0315", "FC0316"))
_OF_USES = frozenset(("FC0308", "FC0310", "FC0311", "FC0321", "FC0326"))
_DECLARING = ("params", "settings", "secrets", "operations")
# Whatever else is wrong with a value, it must not stand there.
_ALWAYS = frozenset(("FC0504", "FC0505", "FC0509"))
_LINES = ("forwardc", "name", "title", "docs", "pci", "environments")


def independent(findings: Iterable[Diagnostic], form: Sequence[Diagnostic]) -> Iterator[Diagnostic]:
    """The findings that do not follow from those of form, in the same file."""
    hidden = _hidden(form)
    spans = [finding.span for finding in form if finding.span is not None]
    for finding in findings:
        if finding.code in _ALWAYS or (
            finding.code not in hidden and not _touches(finding.span, spans)
        ):
            yield finding


def _hidden(form: Sequence[Diagnostic]) -> frozenset[str]:
    hidden: frozenset[str] = frozenset()
    for finding in form:
        tokens = finding.pointer.split("/")[1:]
        top = tokens[0] if tokens else ""
        if not top or top in _LINES:
            continue
        if top not in _DECLARING or len(tokens) == 1:
            hidden |= _OF_DECLARATIONS | _OF_TYPES | _OF_USES
        elif top == "operations":
            hidden |= _OF_USES
            if _may_declare(finding.code, tokens):
                hidden |= _OF_DECLARATIONS | _OF_TYPES
        else:
            hidden |= _OF_TYPES
    return hidden


def _may_declare(code: str, tokens: Sequence[str]) -> bool:
    """Whether `let` names or outputs may be lost: a step's keys, and what is in those two."""
    is_step_or_key = tokens[2:3] == ["steps"] and len(tokens) <= 5
    in_names = tokens[4:5] == ["let"] or tokens[4:6] == ["response", "outputs"]
    return in_names or (is_step_or_key and code in ("FC0201", "FC0203"))


def _touches(span: Span | None, others: Sequence[Span]) -> bool:
    return span is not None and any(
        span == other
        or (span.path == other.path and span.start < other.end and other.start < span.end)
        for other in others
    )
