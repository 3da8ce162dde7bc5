"""`forwardc watch`: builds whenever a source changes, and says what changed for whom.

    begun       the folders of all inputs are watched (`watched_inputs`), then built once
    waiting     the system tells of a change; those that come together count as one
    building    what changes meanwhile waits: the next round sees it
    ended       by Ctrl-C, with exit code 0; a build that was under way leaves the old one

Traced: `X-Version: 2` becomes 3 in `shop.yaml`. Before the new plans are renamed into place each is
compared with the old one, as `diff` does: `own: shop.payment at stripe (sandbox): leaves: ...`.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from forwardc.cli.build import build_into, nobody, with_failures
from forwardc.cli.compiled_plans import collector_patient
from forwardc.cli.findings import show
from forwardc.cli.options import day_of, today_option
from forwardc.cli.output import note, say
from forwardc.cli.project_folder import find_project, project_option, seen_from_here
from forwardc.cli.stored import StoreSession, findings_of, no_store_option
from forwardc.cli.unchanged import built
from forwardc.cli.watched_inputs import InputEvents, WatchedInputs

if TYPE_CHECKING:
    from forwardc.compile.compiled import Compiled
    from forwardc.compile.review.comparison import BuildChanges
    from forwardc.compile.review.diff.difference import Difference
    from forwardc.core.diagnostics.sink import Sink
    from forwardc.core.files.checkout import CheckoutPath

_MOST_SHOWN: Final = 20
"""Lines of one kind after a change: a screen has twice as many."""


@click.command(short_help="Build whenever a source changes.")
@no_store_option
@today_option
@project_option
def command(project: Path | None, today: datetime | None, no_store: bool) -> int:
    """Build now and after every change of a source, until Ctrl-C.

    Says what each change means for whom: which plans send something else, who must look at them,
    and what is wrong. A mistake ends nothing: the next change is waited for.
    """
    _need_library()
    watching = _Watching(find_project(project), today, no_store=no_store)
    try:
        watching.events.begin()
        watching.build(is_asked=True)
        note("watching the sources; Ctrl-C ends")
        while True:
            changed = watching.events.wait()
            _say_some("changed", [watching.typed(path) for path in sorted(changed)])
            watching.build(is_asked=bool(changed))
    except KeyboardInterrupt:
        return 0


def _need_library() -> None:
    from importlib.util import find_spec

    if find_spec("watchfiles") is None:
        raise click.ClickException(
            "Watching needs a library. Install it with: pip install 'forwardc[watch]'"
        )


class _Watching:
    """The rounds of one command: what is built in each, and which inputs wake the next."""

    def __init__(self, root: Path, today: datetime | None, *, no_store: bool) -> None:
        self._root, self._today, self._no_store = root, today, no_store
        self.events = InputEvents(WatchedInputs.of(root, "destinations", ()))

    def typed(self, path: str) -> str:
        """An absolute path of the project as it is typed here."""
        return seen_from_here(self._root, Path(path).relative_to(self._root).as_posix())

    @collector_patient()
    def build(self, *, is_asked: bool) -> None:
        """Build, and say what came of it.

        `is_asked`: also where nothing changed, as after a mistake that was taken back.
        """
        day = day_of(self._today)
        run = StoreSession(self._root, day, no_store=self._no_store)
        verdict = run.verdict()
        files = run.unchanged_files(verdict) if verdict else None
        if verdict is None or files is None:
            self._compile(run, day)
            return
        inputs = verdict.inputs
        self._heed(inputs.folder, (*inputs.others, *inputs.absent))
        if is_asked:
            show(findings_of(verdict), "text", self._root)
            say(built(files))

    def _compile(self, run: StoreSession, day: date) -> None:
        from forwardc.compile.language.load import open_project
        from forwardc.compile.pipeline import build_project
        from forwardc.core.diagnostics.sink import Sink

        sink = Sink()
        loaded = open_project(self._root, sink)
        if loaded.project is None:
            build_project(loaded, sink, nobody, day)
            self._say_result(sink, None, ())
            return
        plans, made = _NewPlans(loaded.build), None
        try:
            made = with_failures(loaded, sink, lambda: build_into(loaded, sink, day, run, plans))
        except click.ClickException as problem:
            problem.show()
        if made is not None:
            self._heed(loaded.project.destinations, _others(made[0]))
        self._say_result(sink, made and made[1], plans.differences)

    def _heed(self, destinations: str, others: Sequence[str]) -> None:
        self.events.inputs = WatchedInputs.of(self._root, destinations, others)

    def _say_result(
        self,
        sink: "Sink",
        changes: "BuildChanges | None",
        differences: "Sequence[Difference]",
    ) -> None:
        show(sink, "text", self._root)
        if changes is None:
            say("nothing is written: the build of before stays")
            return
        for difference in differences:
            say(f"{difference.class_}: {difference.subject}: {difference.text}")
        _say_some("written", changes.written)
        _say_some("removed", changes.removed)
        say(built(changes.files, len(changes.written), len(changes.removed)))


def _others(compiled: "Compiled") -> list[str]:
    """The inputs beside destinations: also those that are not there yet."""
    from forwardc.compile.language.load import lock_name

    project = compiled.loaded.project
    lock = [lock_name(project)] if project is not None else []
    return [*lock, *(each.pci.attestation for each in compiled.summaries if each.pci)]


def _say_some(what: str, paths: Sequence[str]) -> None:
    for path in paths[:_MOST_SHOWN]:
        say(f"{what}: {path}")
    if len(paths) > _MOST_SHOWN:
        say(f"{what}: {len(paths) - _MOST_SHOWN} more")


class _NewPlans:
    """The plans of a build that is being made, beside those that are still in its folder."""

    def __init__(self, folder: "CheckoutPath") -> None:
        self._folder = folder
        self._files: dict[str, bytes] = {}
        """The manifest, and the plans that differ from those in the folder."""
        self.differences: Sequence[Difference] = ()

    def take(self, path: str, data: bytes) -> None:
        """Note a plan that changed."""
        from forwardc.compile.review.comparison import MANIFEST

        is_plan = path.endswith(".plan.json")
        if path == MANIFEST or (is_plan and self._old([path]).get(path) != data):
            self._files[path] = data

    def before_renames(self) -> None:
        """Compare them with the old ones, which nobody has after this."""
        from forwardc.compile.review.diff.builds import FolderBuild, NoBuildError
        from forwardc.compile.review.diff.compare import compare

        try:
            self.differences = compare(FolderBuild(self._folder), self)
        except NoBuildError:
            self.differences = ()  # The first build, or one that somebody edited.

    def read(self, paths: list[str]) -> Mapping[str, bytes]:
        """The bytes of these files of the new build. Raises `NoBuildError`."""
        return {path: self._files[path] for path in paths if path in self._files} | self._old(
            [path for path in paths if path not in self._files]
        )

    def _old(self, paths: list[str]) -> dict[str, bytes]:
        from forwardc.core.files.kinds import BUILT

        files = {}
        for path in paths:
            try:
                files[path] = (self._folder / path).read(BUILT)
            except OSError:
                continue  # It is new, or `compare` says that it is missing.
        return files
