"""What a run is done with: its plan, its secrets, a connection, and the journal that records it.

Shared by the commands that send something for a run: `run`, `run --resume`, `reconcile`.
"""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

import click

from forwardc.core.dataclass import dataclass

if TYPE_CHECKING:
    from forwardc.core.diagnostics.sink import Sink
    from forwardc.plan.lock import Lock
    from forwardc.plan.model import Plan
    from forwardc.runtime.history.store import Store
    from forwardc.runtime.run.context import RunDependencies
    from forwardc.runtime.run.journal import Journal
    from forwardc.runtime.run.request import ClockAndIds
    from forwardc.runtime.run.store_journal import StoreJournal
    from forwardc.runtime.secret_providers.plan_secrets import SecretResolver


T = TypeVar("T")
# What nobody waits for keeps the command, whose result is shown, so long at most.
_CARD_S: Final = 5.0


@dataclass(frozen=True, slots=True)
class RunTarget:
    """The folder of plans, the sandbox or the file of secrets, and the history, if any."""

    build: Path
    sandbox: str | None = None
    secrets: Path | None = None
    history: str | None = None

    @contextmanager
    def recording(self, sink: "Sink", *, begin: bool) -> "Iterator[Store | None]":
        """The open history; None without one, or with the reason in the sink.

        Where there is none yet, it is made only to `begin` something. What the history refuses
        inside ends the block, with the reason in the sink.
        """
        from forwardc.cli.history.opening import begin_history, find_history
        from forwardc.runtime.history.errors import HistoryError
        from forwardc.runtime.run.journal import JournalError

        opened = begin_history if begin else find_history
        store = opened(self.history, sink) if self.history is not None else None
        try:
            yield store
        except HistoryError as problem:
            sink.add(problem.diagnostic())
        except JournalError as problem:
            sink.error(problem.code, str(problem), hint=problem.hint)
        finally:
            if store is not None:
                store.close()


def reach_sandbox(work: Callable[[], T]) -> T:
    """What `work` gives; a sandbox that is not there is a mistake of the command line.

    Raises: `click.UsageError`.
    """
    from forwardc.cli.sandbox.link import SandboxUnreachableError

    try:
        return work()
    except SandboxUnreachableError as problem:
        raise click.UsageError(f"--sandbox: {problem}") from None


def load_approved_operation(
    run_target: RunTarget, vault: str, target: str, environment: str, sink: "Sink"
) -> "tuple[Plan, str, ClockAndIds] | None":
    """The plan, the operation and what is approved; None where it must not run."""
    from forwardc.plan.approvals import refuse_unapproved
    from forwardc.plan.build_folder import read_plan
    from forwardc.runtime.run.prepare import find_operation
    from forwardc.runtime.run.request import ClockAndIds

    destination, _, name = target.partition(".")
    plan = read_plan(run_target.build, vault, destination, environment, sink)
    operation = find_operation(plan, name or None, sink) if plan else None
    if plan is None or operation is None:
        return None
    lock = lock_for(plan, run_target, sink)
    if lock is None:
        return None
    ambient = ClockAndIds(lock=lock, emulated=run_target.sandbox is not None)
    today = ambient.now().date()
    if refuse_unapproved(plan, operation, lock, today, sink, emulated=ambient.emulated):
        return None
    return plan, operation, ambient


def journal_for(
    plan: "Plan", run_target: RunTarget, store: "Store", *, emulated: bool
) -> "StoreJournal":
    """The journal of one run of a plan, with the hooks of the integration that the plan names."""
    from forwardc.integrations.registry import open_run_hooks
    from forwardc.runtime.run.store_journal import StoreJournal

    hooks = open_run_hooks([plan], run_target.build)
    return StoreJournal(store, emulated, alone=True, hooks=hooks)


def lock_for(plan: "Plan", run_target: RunTarget, sink: "Sink") -> "Lock | None":
    """The lock that counts for a plan; None with the reason in the sink.

    One that cannot be read approves nothing, and keeps nothing from running that needs no approval.
    """
    from forwardc.core.diagnostics.sink import Sink
    from forwardc.plan.formats import lock_of_build
    from forwardc.plan.lock import Lock, read_lock
    from forwardc.plan.separation import needs_approval

    played = run_target.sandbox is not None and plan.environment_class != "production"
    if needs_approval(plan) and not played:
        return read_lock(lock_of_build(run_target.build), sink)
    return read_lock(lock_of_build(run_target.build), Sink()) or Lock()


def look_up_for(
    plan: "Plan", build: Path, sandbox: str | None, file: Path | None, sink: "Sink"
) -> "SecretResolver":
    """Where the values of credentials and secrets come from. `build` tells misnamed ones theirs."""
    import os

    from forwardc.plan.secret_names import identities_in
    from forwardc.runtime.secret_providers.plan_secrets import sandbox_resolver
    from forwardc.runtime.secret_providers.resolver import open_resolver
    from forwardc.runtime.secret_providers.variable_names import check_variable_names

    identities = identities_in(build, plan.place)
    if sandbox is not None:
        check_variable_names(os.environ, identities, sink, refused=False)
        return sandbox_resolver(plan, os.environ)
    return open_resolver(os.environ, file, sink, identities)


@asynccontextmanager
async def run_dependencies(
    plan: "Plan", operation: str, sandbox: str | None, ambient: "ClockAndIds", journal: "Journal"
) -> AsyncIterator["RunDependencies"]:
    """A connection to the vaults, or to a sandbox with the secrets that the operation expects.

    Raises `SandboxUnreachableError`.
    """
    from forwardc.cli.sandbox.link import store_secrets, transport_to
    from forwardc.runtime.http.jwk_sets import VaultKeys
    from forwardc.runtime.http.send import Sender
    from forwardc.runtime.run.card_metadata import CardQuestions
    from forwardc.runtime.run.context import RunDependencies
    from forwardc.runtime.run.retries import RetryPolicy

    async with Sender(transport_to(sandbox, [plan], ambient) if sandbox else None) as sender:
        if sandbox:
            await store_secrets(plan, operation, sender)
        cards = CardQuestions()
        yield RunDependencies(
            sender, VaultKeys(sender), ambient, journal, RetryPolicy(), cards=cards
        )
        await cards.end(_CARD_S)
