"""What commands share that compile: a paused collector, and the plans that secrets are sent by.

A secret that is pushed or sealed has no run whose request somebody looked at, so that its plan is
compiled in memory and never read from `build/`: the hosts are those of the facts and of
`forwardc.yaml`, whatever `build/` says.
"""

import gc
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from forwardc.cli.project_folder import PROJECT_FILE

_OBJECTS: Final = 300_000
"""Objects that come before a collection: ten times those of a large destination."""

if TYPE_CHECKING:
    from forwardc.core.diagnostics.sink import Sink
    from forwardc.plan.lock import Lock
    from forwardc.plan.model import Plan


def compiled_plans(
    build: Path, vault: str, place: str, sink: "Sink"
) -> "tuple[dict[str, Plan], Lock]":
    """The plans of a vault and a place by destination, and the approvals.

    None of them with errors in the sink. Raises a usage error where `build` is in no project.
    """
    from forwardc.compile.pipeline import compile_project
    from forwardc.core.diagnostics.diagnostic import Severity
    from forwardc.core.diagnostics.sink import Sink
    from forwardc.plan.model import load_plan

    project_findings = Sink()
    compiled = compile_project(_project_of(build), project_findings)
    _refuse_link(build, sink)
    for finding in project_findings.sorted():
        # What is only a warning is `forwardc check`'s to tell.
        if finding.severity is Severity.ERROR:
            sink.add(finding)
    if sink.has_errors:
        return {}, compiled.lock
    start, end = f"{vault}/", f"/{place}.plan.json"
    plans = [
        load_plan(data)
        for path, data in compiled.plans()
        if path.startswith(start) and path.endswith(end)
    ]
    return {plan.destination: plan for plan in plans}, compiled.lock


def report_not_built(
    destination: str, plans: "Mapping[str, Plan]", where: str, sink: "Sink"
) -> None:
    """FC0704: a destination without a plan there, with the name that may have been meant."""
    from forwardc.core.diagnostics.suggest import did_you_mean

    near = did_you_mean(destination, plans)
    hint = f"did you mean {near}?" if near else "`forwardc coverage` tells why not"
    sink.error("FC0704", f"{destination} is not built for {where}", hint=hint)


def _project_of(build: Path) -> Path:
    from forwardc.core.files.above import search_upwards
    from forwardc.core.files.checkout import named_by_person

    # As it is named: a link there would lead to a project that says other hosts.
    root = search_upwards(named_by_person(build).path.parent, (PROJECT_FILE,)).folder
    if root is not None:
        return root
    raise click.UsageError(
        f"There is no forwardc.yaml above {build.as_posix()}/, which says where secrets may go."
    )


def _refuse_link(build: Path, sink: "Sink") -> None:
    """FC0118 for a build folder that is a link, or has one on its way, though nobody reads it."""
    from forwardc.core.diagnostics.text_file import BUILT, unreadable
    from forwardc.core.files.checkout import named_by_person
    from forwardc.core.files.kinds import FileRefusedError

    try:
        named_by_person(build).is_plain()
    except FileRefusedError as problem:
        unreadable(problem, f"{build.as_posix()}/", "FC0704", sink, hint=BUILT)


def refuse_unapproved_use(
    plans: "Sequence[tuple[Plan, Sequence[str]]]", subject: str, lock: "Lock", sink: "Sink"
) -> bool:
    """Whether nothing that uses a secret has its own approval where one is needed: FC0814.

    FC0859 where an id for trying out stands for the account: nobody could have looked at the rest.
    One approved operation is enough: it says that the secret may go to this vault for it.
    """
    from forwardc.plan.approvals import ApprovalState, refuse_demo_ids, states
    from forwardc.plan.separation import needs_approval

    refused = [refuse_demo_ids(plan, sink) for plan, names in plans if names]
    if any(refused):
        return True
    today = datetime.now(UTC).date()
    needing = [(plan, names) for plan, names in plans if needs_approval(plan) and names]
    if not needing or any(
        states(plan, name, lock, today).own is ApprovalState.APPROVED
        for plan, names in needing
        for name in names
    ):
        return False
    plan, names = needing[0]
    account = f" --account {plan.account}" if plan.account else ""
    sink.error(
        "FC0814",
        f"{subject} is sent to {plan.vault} after an own approval only, and no operation of"
        f" {plan.destination} that uses it has one in {plan.place}",
        hint=f"after a review: `forwardc approve {plan.vault} {plan.destination}.{names[0]}"
        f" --env {plan.environment}{account} --by NAME`",
    )
    return True


@contextmanager
def collector_paused() -> Iterator[None]:
    """No collection inside: trees of a compile hold no cycles, and walking them costs a sixth."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.unfreeze()
        if was_enabled:
            gc.enable()


@contextmanager
def collector_patient() -> Iterator[None]:
    """Few collections inside, for what lets each destination's trees go: they hold no cycles.

    Where some do, what they keep is bounded, which it is not while the collector is paused.
    """
    before = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(_OBJECTS)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()
