"""What `forwardc serve` does before it serves: read, check, bind, agree, say where.

Each mistake is a diagnostic. Nothing is served before everything is in order.
"""

import asyncio
import os
import shutil
import socket
import tempfile
from contextlib import closing, suppress
from dataclasses import field
from pathlib import Path
from typing import Any

from forwardc.cli.findings import show
from forwardc.cli.output import say, say_document
from forwardc.cli.sandbox.link import SandboxUnreachableError, store_secrets, transport_to
from forwardc.core.dataclass import dataclass
from forwardc.core.diagnostics.sink import Sink
from forwardc.dashboard.login import Role, SharedLogins
from forwardc.runtime.history.errors import HistoryError, HistoryNotFoundError, HistoryTooOldError
from forwardc.runtime.history.store import open_existing
from forwardc.runtime.http.send import Sender
from forwardc.server.directory.payment_directory import DirectoryColumns, DirectoryError
from forwardc.server.http.uvicorn_compatibility import check_uvicorn
from forwardc.server.http.workers import Workers
from forwardc.server.oauth.client_permissions import bind_clients, report_unbound_clients
from forwardc.server.oauth.clients import Clients
from forwardc.server.oauth.server_keys import ServerKeysError
from forwardc.server.settings import ServerSettings
from forwardc.server.settings_errors import check_serving, is_tls, read_settings
from forwardc.server.telemetry import logs
from forwardc.server.telemetry.metrics import FOLDER
from forwardc.server.wiring import approved_plans as approved
from forwardc.server.wiring.components import (
    CODE,
    ServerComponents,
    ServerInputs,
    open_components,
    open_payment_directory,
    read_inputs,
)
from forwardc.server.wiring.directory_supply import (
    missing_optional_columns,
    report_missing_columns,
    report_unused_columns,
)


@dataclass(frozen=True, slots=True)
class Starting:
    """One start, or one check of it. `format_` is how findings are shown, but for JSON."""

    file: Path | None
    format_: str
    as_json: bool = False
    sink: Sink = field(default_factory=Sink)

    def check(self) -> int:
        """Say what would be served, or what is wrong; 0 or 1."""
        settings = read_settings(self.file, self.sink)
        inputs = self._read_inputs(settings)
        supply = self._ask(inputs) if inputs is not None else None
        if inputs is not None:
            report_missing_columns(inputs.plans, supply, self.sink.error)
            report_unused_columns(inputs.plans, supply, self.sink.error)
        well = inputs is not None and not self.sink.has_errors
        if self.as_json:
            say_document(served_json(inputs, supply) if inputs and well else None, self.sink)
            return int(not well)
        self._show()
        for line in served(inputs, supply) if inputs and well else ():
            say(line)
        return int(not well)

    def serve(self, role: str) -> int:
        """Serve until a signal comes; 1 where it cannot begin."""
        settings = read_settings(self.file, self.sink)
        listener = self._listen(settings) if settings and not self.sink.has_errors else None
        if settings is None or listener is None:
            self._show()
            return 1
        with closing(listener):
            inputs = self._read_inputs(_at(settings, listener))
            components = self._agreed(inputs) if inputs is not None else None
            self._show()
            if components is None:
                return 1
            return _serve(components, listener, role)

    def _read_inputs(self, settings: ServerSettings | None) -> ServerInputs | None:
        if settings is None:
            return None
        check_uvicorn(self.sink)
        check_serving(settings, self.sink)
        inputs = read_inputs(settings, self.sink)
        return None if self.sink.has_errors else inputs

    def _agreed(self, inputs: ServerInputs) -> ServerComponents | None:
        """The open parts of a server that may begin; None, with the reason in the sink."""
        components = open_components(inputs, self.sink)
        if components is None:
            return None
        try:
            asyncio.run(_begin(components, self.sink))
            return components
        except ServerKeysError as problem:
            self.sink.error(CODE, problem.message, hint=problem.hint)
        except HistoryError as problem:
            self.sink.add(problem.diagnostic())
        except SandboxUnreachableError as problem:
            self.sink.error(CODE, f"run.sandbox: {problem}", hint="is `forwardc sandbox` running?")
        asyncio.run(components.close())
        return None

    def _ask(self, inputs: ServerInputs) -> DirectoryColumns | None:
        """Ask what a server asks at its start; a history or keys that a start would make, not.

        What the lookup can tell; None where nobody knows.
        """
        run = inputs.settings.run
        try:
            if not (self._has_history(run.history) and run.keys.exists()):
                return asyncio.run(_asked(inputs))
            components = open_components(inputs, self.sink)
            return asyncio.run(_ask(components, self.sink)) if components is not None else None
        except DirectoryError as problem:
            self.sink.error("FC0830", f"the lookup does not answer: {problem}")
        except HistoryError as problem:
            self.sink.add(problem.diagnostic())
        return None

    def _has_history(self, url: str) -> bool:
        """Whether a history is there as a start would find it. Nothing is made or upgraded."""
        try:
            open_existing(url).close()
        except HistoryNotFoundError:
            return False
        except HistoryTooOldError as problem:
            self.sink.warning(problem.code, problem.message, hint="a start brings it up to date")
            return False
        return True

    def _listen(self, settings: ServerSettings) -> socket.socket | None:
        host, port = settings.server.host, settings.server.port
        try:
            family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
            return socket.create_server(address[:2], family=family, backlog=2_048)
        except OSError as error:
            number = error.errno or 0
            why = os.strerror(number) if number > 0 else error.strerror
            hint = "server.host is an address of this machine; server.port = 0 takes a free port"
            self.sink.error(CODE, f"cannot serve on {_written(host)}:{port}: {why}", hint=hint)
            return None

    def _show(self) -> None:
        show(self.sink, self.format_, None, err=True)


async def _begin(components: ServerComponents, sink: Sink) -> None:
    """Agree with other processes, record approvals, and give a sandbox what it must hold."""
    await components.begin()
    with suppress(DirectoryError):
        # A database that is down may be up a minute later; `/ready` tells of both.
        supply = await components.lookup.supplies()
        report_missing_columns(components.inputs.plans, supply, sink.warning)
        report_unused_columns(components.inputs.plans, supply, sink.warning)
    bind_clients(components.settings, Clients(components.store), sink)
    inputs = components.inputs
    if inputs.settings.run.sandbox is None:
        approved.record_approvals(components.store, inputs.plans, inputs.lock)
    if inputs.settings.run.sandbox is not None:
        async with Sender(transport_to(inputs.settings.run.sandbox)) as sender:
            for way in inputs.plans.values():
                await store_secrets(way.plan, way.operation, sender)


async def _ask(components: ServerComponents, sink: Sink) -> DirectoryColumns | None:
    try:
        report_unbound_clients(components.settings, Clients(components.store), sink)
        await components.lookup.ready()
        return await components.lookup.supplies()
    finally:
        await components.close()


async def _asked(inputs: ServerInputs) -> DirectoryColumns | None:
    """What the lookup can tell, before there is a history. Raises `DirectoryError`."""
    lookup = open_payment_directory(inputs)
    try:
        await lookup.ready()
        return await lookup.supplies()
    finally:
        await lookup.close()


def _serve(components: ServerComponents, listener: socket.socket, role: str) -> int:
    # Built on classes of uvicorn that `check_uvicorn` has found by now.
    from forwardc.server.http.process import serve

    settings = components.settings
    logs.begin(settings.watch.logs)
    lines = [f"serving on {_address(settings)}", *_link(components, role)]

    def begins() -> None:
        for line in lines:
            say(line)

    if settings.server.workers == 1:
        serve(components, listener, begins=begins)
        return 0
    asyncio.run(components.close())
    # Figures are shared through files; whoever runs several servers may name the folder.
    folder = None if os.environ.get(FOLDER) else tempfile.mkdtemp(prefix="forwardc-figures-")
    if folder is not None:
        os.environ[FOLDER] = folder
    try:
        settings_data = settings.model_dump(mode="json")
        return Workers(settings.server.workers, settings_data, listener).run(begins)
    finally:
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)


def _link(components: ServerComponents, role: str) -> list[str]:
    """What signs in to the dashboard, where there is one."""
    if components.read_store is None:
        return []
    code = SharedLogins(components.read_store, components.keys.sealing).issue(Role(role))
    return [
        f"sign in to the dashboard once, within ten minutes, as {role}:",
        f"{_address(components.settings)}/login?code={code}",
    ]


def served(inputs: ServerInputs, supply: DirectoryColumns | None = None) -> list[str]:
    """What would be served, a line each, and what of it the lookup never tells."""
    settings = inputs.settings
    lines = [f"{_address(settings)} would serve, in {settings.run.place}:"]
    for (name, vault), way in sorted(inputs.plans.items()):
        lines.append(f"  {name}: {way.plan.destination}.{way.operation} through {vault}")
        if without := missing_optional_columns(way, supply):
            lines.append(f"    without {', '.join(without)}: the lookup has no such column")
    return lines


def served_json(inputs: ServerInputs, supply: DirectoryColumns | None) -> dict[str, Any]:
    """The same as data."""
    settings = inputs.settings
    serves = [
        {
            "name": name,
            "destination": way.plan.destination,
            "operation": way.operation,
            "vault": vault,
            "without": list(missing_optional_columns(way, supply)),
        }
        for (name, vault), way in sorted(inputs.plans.items())
    ]
    return {"address": _address(settings), "environment": settings.run.place, "serves": serves}


def _at(settings: ServerSettings, listener: socket.socket) -> ServerSettings:
    """The settings with the port that was taken, where any would do."""
    port = listener.getsockname()[1]
    return settings.model_copy(update={"server": settings.server.model_copy(update={"port": port})})


def _address(settings: ServerSettings) -> str:
    serving = settings.server
    return f"http{'s' if is_tls(serving) else ''}://{_written(serving.host)}:{serving.port}"


def _written(host: str) -> str:
    return f"[{host}]" if ":" in host else host
