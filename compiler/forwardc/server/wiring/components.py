"""Opens all that a server needs, by its settings, and closes it in order.

What is wrong with the settings is reported all at once, before anything is opened; what cannot be
opened leaves nothing open behind it.
"""

import logging
import os
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Final

import httpx
from starlette.routing import Route

from forwardc.core.dataclass import dataclass, replace
from forwardc.core.diagnostics.diagnostic import Severity
from forwardc.core.diagnostics.sink import Sink
from forwardc.integrations.registry import open_run_hooks
from forwardc.plan.approvals import takes_any_shape
from forwardc.plan.formats import lock_of_build
from forwardc.plan.lock import Lock, read_lock
from forwardc.plan.model import Plan
from forwardc.plan.secret_names import identities_in
from forwardc.runtime.history.errors import HistoryError
from forwardc.runtime.history.group_commit import GroupCommit
from forwardc.runtime.history.store import Store, open_store
from forwardc.runtime.http.connection_pool import LoopbackTransport, NotLoopbackError
from forwardc.runtime.http.jwk_sets import VaultKeys
from forwardc.runtime.http.send import Sender
from forwardc.runtime.run.card_metadata import CardQuestions
from forwardc.runtime.run.client_identity import check_client_certificates
from forwardc.runtime.run.context import RunDependencies
from forwardc.runtime.run.request import ClockAndIds
from forwardc.runtime.run.retries import RetryPolicy
from forwardc.runtime.run.store_journal import StoreJournal, abandon_all
from forwardc.runtime.secret_providers import plan_secrets
from forwardc.runtime.secret_providers.resolver import open_resolver as open_secrets
from forwardc.runtime.secret_providers.variable_names import warn_unused_variables
from forwardc.server.directory.factory import check_directory, open_directory
from forwardc.server.directory.payment_directory import DirectoryError, PaymentDirectory
from forwardc.server.http.middleware import ConcurrencyLimit
from forwardc.server.http.rate_limits import RateLimits
from forwardc.server.oauth.bearer_tokens import TokenGate
from forwardc.server.oauth.client_authenticator import ClientAuthenticator
from forwardc.server.oauth.client_permissions import ClientPolicy, ClientStatusCache
from forwardc.server.oauth.clients import SCOPES
from forwardc.server.oauth.remote_keys import RemoteKeys, open_remote_keys
from forwardc.server.oauth.server_keys import ServerKeys, ServerKeysError, load_keys
from forwardc.server.oauth.token_endpoint import (
    EmbeddedIssuer,
    TokenEndpoint,
    expected_of,
    issuer_url,
    routes,
)
from forwardc.server.payment_sharing.answer import ReplayCipher
from forwardc.server.payment_sharing.claim_tables import ClaimingProcess
from forwardc.server.payment_sharing.claims import LEASE_S, ClaimStore
from forwardc.server.payment_sharing.forwarder import (
    Forwarder,
    ServedPlans,
    is_production,
    read_served_plans,
)
from forwardc.server.payment_sharing.payment_forward import PaymentForwarding
from forwardc.server.payment_sharing.request import REFERENCE
from forwardc.server.settings import ServerSettings
from forwardc.server.telemetry.metrics import InstrumentedDirectory, Metrics, instrumented
from forwardc.server.telemetry.telemetry import Telemetry
from forwardc.server.telemetry.traces import OpenTelemetryMissingError, open_traces
from forwardc.server.wiring import approved_plans as approved
from forwardc.server.wiring.approved_plans import ApprovalsInForce


@dataclass(frozen=True, slots=True)
class Authentication:
    """The gate, what clients may ask for, and the routes of the issuer, if it is this server's."""

    gate: TokenGate
    policy: ClientPolicy
    routes: tuple[Route, ...]
    _remote: RemoteKeys | None = None
    _authenticator: ClientAuthenticator | None = None

    async def ready(self) -> None:
        """Ask for the keys of another issuer. Raises `KeysUnavailableError`."""
        if self._remote is not None:
            await self._remote.candidates(None)

    async def close(self) -> None:
        """Give threads and connections back."""
        if self._remote is not None:
            await self._remote.close()
        if self._authenticator is not None:
            self._authenticator.close()


def open_authentication(
    settings: ServerSettings, keys: ServerKeys, commits: GroupCommit, rates: RateLimits
) -> Authentication:
    """The gate of a server. Raises `ValueError` for settings of the issuer that cannot work."""
    expected, scope = expected_of(settings), settings.issuer.scope
    if settings.issuer.jwks is not None:
        remote = open_remote_keys(settings.issuer.jwks, settings.issuer.algorithms)
        return Authentication(
            TokenGate(expected, remote, scope), ClientPolicy(settings), (), remote
        )
    if scope not in SCOPES:
        raise ValueError(f"issuer.scope: without issuer.url it is one of {', '.join(SCOPES)}")
    life = settings.issuer.longest_life
    issuer = EmbeddedIssuer(issuer_url(settings), settings.issuer.audience, life, keys)
    authenticator = ClientAuthenticator(commits)
    clients = ClientStatusCache(commits)
    gate, policy = TokenGate(expected, keys, scope, clients), ClientPolicy(settings, clients)
    return Authentication(
        gate,
        policy,
        tuple(routes(TokenEndpoint(issuer, authenticator, rates))),
        _authenticator=authenticator,
    )


CODE: Final = "FC0833"
_LOG: Final = logging.getLogger("forwardc.server")
_STOPPED: Final = "the server stopped before the answer came"


def today() -> date:
    """The day by UTC."""
    return datetime.now(UTC).date()


@dataclass(frozen=True, slots=True)
class ServerInputs:
    """What the settings lead to before anything is opened."""

    settings: ServerSettings
    plans: ServedPlans
    lock: Lock
    resolver: plan_secrets.SecretResolver = field(repr=False)


def read_inputs(settings: ServerSettings, sink: Sink) -> ServerInputs | None:
    """Read plans, approvals, secrets and the lookup's own mistakes; None with them in the sink."""
    run = settings.run
    identities = identities_in(settings.plans_at, run.place)
    resolver = open_secrets(
        os.environ, run.secrets, sink, identities, played=run.sandbox is not None
    )
    if run.sandbox is None:
        warn_unused_variables(resolver.names(), settings.plans_at, run.place, sink)
    plans = read_served_plans(
        settings.plans_at,
        run.place,
        settings.destinations,
        _secrets_of(settings, resolver),
        sink,
    )
    emulated = run.sandbox is not None
    lock: Lock | None = Lock()
    if not emulated or is_production(plans):
        lock = read_lock(lock_of_build(settings.plans_at), sink)
    if lock is not None:
        plans = approved.approved_plans(plans, lock, today(), sink, emulated=emulated)
    check_directory(settings.lookup, Path(), sink, {vault for _, vault in plans} or None)
    _check_sandbox(settings, plans, sink)
    _check_references(settings, plans, sink)
    if lock is not None:
        _check_secrets(plans, lock, sink, emulated=emulated)
    if sink.has_errors or lock is None:
        return None
    return ServerInputs(settings, plans, lock, resolver)


def _check_sandbox(settings: ServerSettings, plans: ServedPlans, sink: Sink) -> None:
    if settings.run.sandbox is None:
        return
    if is_production(plans):
        sink.error(CODE, "run.sandbox: nothing of production is played by a sandbox")
        return
    try:
        LoopbackTransport(settings.run.sandbox)
    except NotLoopbackError as problem:
        sink.error(CODE, f"run.sandbox: {problem}")


def _check_references(settings: ServerSettings, plans: ServedPlans, sink: Sink) -> None:
    """Warn of references that are let in and that the destination's param refuses."""
    if REFERENCE not in settings.lookup.not_card:
        return
    for served in plans.values():
        name = served.reference_param
        if name is not None and not served.plan.params[name].not_card:
            sink.warning(
                "FC0832",
                f"lookup.not_card: params.{name} of {served.plan.destination} refuses a reference "
                "that looks like a card number",
                hint=f"declare `not_card: true` at params.{name}, build, and have it approved",
            )


def _check_secrets(plans: ServedPlans, lock: Lock, sink: Sink, *, emulated: bool) -> None:
    """Warn of ways without their secrets, or whose certificate has ended: not all need be used."""
    for served in plans.values():
        plan, problems = served.plan, Sink()
        any_shape = emulated or takes_any_shape(plan, served.operation, lock, today())
        operation = plan.operations[served.operation]
        secrets = plan_secrets.collect_secrets(
            plan, operation, served.resolver, problems, any_shape=any_shape
        )
        check_client_certificates(plan, operation, secrets, datetime.now(UTC), problems)
        for problem in problems.sorted():
            sink.add(replace(problem, severity=Severity.WARNING))


def _secrets_of(
    settings: ServerSettings, resolver: plan_secrets.SecretResolver
) -> Callable[[Plan], plan_secrets.SecretResolver]:
    """A sandbox has values of its own, and never gets those of a vault."""
    if settings.run.sandbox is None:
        return lambda _: resolver
    return lambda plan: plan_secrets.sandbox_resolver(plan, os.environ)


@dataclass(frozen=True, slots=True)
class ServerComponents:
    """A server's parts, open. `desk` is the history once more, for whoever looks at it."""

    inputs: ServerInputs
    telemetry: Telemetry
    calls: ConcurrencyLimit
    store: Store
    keys: ServerKeys
    auth: Authentication
    rates: RateLimits
    lookup: PaymentDirectory
    sender: Sender
    owner: str
    forwarding: PaymentForwarding
    approvals: ApprovalsInForce
    read_store: Store | None = None

    @property
    def settings(self) -> ServerSettings:
        """How it is served."""
        return self.inputs.settings

    async def begin(self) -> None:
        """Agree with the other processes of this history. Raises `ServerKeysError`."""
        await self.keys.remember(self.store.commits)

    async def close(self) -> None:
        """End in order. What is still under way is given up: not sent, or unknown."""
        await self.forwarding.drain(0)
        # Else the next process finds these runs by their owner, who is dead then.
        with suppress(HistoryError):
            abandon_all(self.store, self.owner, _STOPPED)
        cards = self.forwarding.forwarder.means.cards
        if cards is not None:
            await cards.end(0)
        await self.lookup.close()
        await self.auth.close()
        await self.sender.__aexit__()
        if self.read_store is not None:
            self.read_store.close()
        self.store.close()
        self.telemetry.close()


def open_components(inputs: ServerInputs, sink: Sink) -> ServerComponents | None:
    """Open everything; None, with the reasons in the sink, and nothing left open."""
    with ExitStack() as opened:
        try:
            components = _opened(inputs, opened)
        except HistoryError as problem:
            sink.add(problem.diagnostic())
        except ServerKeysError as problem:
            sink.error(CODE, problem.message, hint=problem.hint)
        except DirectoryError as problem:
            sink.error("FC0830", f"the lookup cannot be opened: {problem}")
        except (OpenTelemetryMissingError, ValueError) as problem:
            sink.error(CODE, str(problem))
        else:
            opened.pop_all()
            return components
    return None


def open_payment_directory(
    inputs: ServerInputs, left_out: Callable[[int], None] = lambda _: None
) -> PaymentDirectory:
    """The lookup alone. `left_out` is told of rows that are. Raises `DirectoryError`."""
    vaults = {vault for _, vault in inputs.plans}
    return open_directory(inputs.settings.lookup, Path(), inputs.resolver, vaults, left_out)


def _opened(inputs: ServerInputs, opened: ExitStack) -> ServerComponents:
    settings, run = inputs.settings, inputs.settings.run
    telemetry = _watch(settings)
    opened.callback(telemetry.close)
    store = open_store(run.history, answer_days=run.answer_days)
    opened.callback(store.close)
    metrics = telemetry.metrics
    if metrics is not None:
        store.database = instrumented(store.database, metrics.history_failures.inc)
    keys = load_keys(run.keys, inputs.resolver, history=run.history)
    rates = RateLimits(store.commits)
    auth = open_authentication(settings, keys, store.commits, rates)
    left_out = metrics.rows_left_out.set if metrics is not None else lambda _: None
    lookup = open_payment_directory(inputs, left_out)
    if metrics is not None:
        lookup = InstrumentedDirectory(lookup, metrics.lookup_failures.inc)
    transport: httpx.AsyncBaseTransport | None = None
    if run.sandbox is not None:
        transport = LoopbackTransport(run.sandbox)
    sender = Sender(transport)
    hooks = open_run_hooks((served.plan for served in inputs.plans.values()), settings.plans_at)
    journal = StoreJournal(store, emulated=run.sandbox is not None, hooks=hooks)
    ambient = ClockAndIds(lock=inputs.lock, emulated=journal.emulated)
    means = RunDependencies(
        *(sender, VaultKeys(sender), ambient, journal, RetryPolicy()), cards=CardQuestions()
    )
    approvals = ApprovalsInForce(
        settings.plans_at,
        inputs.plans,
        ambient,
        metrics.set_approved if metrics is not None else lambda _: None,
        lambda lock: _keep(store, inputs.plans, lock),
    )
    not_card = frozenset(settings.lookup.not_card)
    forwarding = PaymentForwarding(
        directory=lookup,
        forwarder=Forwarder(
            *(inputs.plans, means, approvals.now, REFERENCE in not_card),
            unreadable=lambda: approvals.unreadable,
        ),
        claims=ClaimStore(
            store, ClaimingProcess(journal.owner, run.place, journal.emulated, LEASE_S)
        ),
        cipher=ReplayCipher(keys.sealing),
        rates=rates,
        replay=settings.replay,
        limits=settings.limits,
        destinations=tuple(settings.destinations),
        observer=telemetry,
        not_card=not_card,
    )
    calls = ConcurrencyLimit(settings.limits.in_flight, telemetry.in_flight)
    # Whoever looks through a long history must not keep a payment waiting for its connection.
    read_store = open_store(run.history) if settings.server.dashboard else None
    return ServerComponents(
        *(inputs, telemetry, calls, store, keys, auth, rates, lookup, sender, journal.owner),
        *(forwarding, approvals, read_store),
    )


def _keep(store: Store, plans: ServedPlans, lock: Lock) -> None:
    """Record what of a lock is new to this history. What is sent waits for nothing of it."""
    try:
        store.commits.write_behind(approved.approval_recorder(store, plans, lock), _not_kept)
    except HistoryError as problem:
        _not_kept(problem)


def _not_kept(problem: Exception) -> None:
    _LOG.error("an approval's event was not recorded: %s", type(problem).__name__)


def _watch(settings: ServerSettings) -> Telemetry:
    watching = settings.watch
    traces = open_traces(watching.traces) if watching.traces is not None else None
    return Telemetry(Metrics() if watching.metrics else None, traces)
