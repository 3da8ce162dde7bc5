"""Whether the installed uvicorn and httptools have what this server rests on, undocumented.

`protocol` and `process` are built on classes of theirs, whose methods and attributes no version
promises. One that is called no more would be a limit that does not hold, and nothing would say so.
"""

import asyncio
import re
from collections.abc import Callable, Iterator
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from inspect import Parameter, iscoroutinefunction, signature
from types import SimpleNamespace
from typing import Any, Final

from forwardc.core.diagnostics.sink import Sink

CODE: Final = "FC0844"
TESTED: Final = {"uvicorn": ((0, 34), (0, 54)), "httptools": ((0, 6), (0, 9))}
"""The first and the last minor version that the tests of limits have passed with; so pyproject."""

_PROTOCOL: Final = {
    "connection_made": 1,
    "connection_lost": 1,
    "data_received": 1,
    "on_message_begin": 0,
    "on_header": 2,
    "on_headers_complete": 0,
    "on_message_complete": 0,
    "pause_writing": 0,
    "resume_writing": 0,
    "send_400_response": 1,
}
_CONNECTION: Final = ("transport", "cycle", "flow", "parser", "loop")
_CYCLE: Final = (
    *("keep_alive", "more_body", "response_started", "response_complete"),
    *("disconnected", "message_event"),
)
_PARSER: Final = {"feed_data": 1, "should_upgrade": 0, "get_http_version": 0}
_SERVER: Final = {"handle_exit": 2, "on_tick": 1, "run": 0}


def check_uvicorn(sink: Sink) -> None:
    """Report FC0844: an error where a part is missing, a warning where a version was not tested."""
    missing = sorted(_missing())
    if missing:
        sink.error(
            CODE,
            f"the installed {_installed()} lack {', '.join(missing)}: limits of this server rest"
            " on that",
            hint=f"install versions that it was tested with: {_tested()}",
        )
        return
    if not has_parser():
        sink.warning(
            CODE,
            "httptools is not installed: nothing bounds how long a head may take to come",
            hint="pip install 'forwardc[server]'",
        )
    for name in TESTED:
        if not _is_tested(name):
            sink.warning(
                CODE,
                f"{_with_version(name)}: limits of this server were not tested with it",
                hint=f"tested are {_tested()}",
            )


def has_parser() -> bool:
    """Whether httptools is installed; without it, uvicorn's own parser bounds the head only."""
    return _version("httptools") is not None


def _missing() -> Iterator[str]:
    """The parts that are not there, by their names in uvicorn and httptools."""
    server = _part("uvicorn.server", "Server")
    yield from _lacking("Server", server, _SERVER)
    if server is not None and not iscoroutinefunction(getattr(server, "on_tick", None)):
        yield "Server.on_tick as a coroutine"
    if not has_parser():
        return
    base = _part("uvicorn.protocols.http.httptools_impl", "HttpToolsProtocol")
    yield from _lacking("HttpToolsProtocol", base, _PROTOCOL)
    cycle = _part("uvicorn.protocols.http.httptools_impl", "RequestResponseCycle")
    yield from _lacking("HttpRequestParser", _part("httptools", "HttpRequestParser"), _PARSER)
    if cycle is None:
        yield "RequestResponseCycle"
    elif base is not None:
        yield from _unset(base, cycle)


def _lacking(name: str, owner: Any, required: dict[str, int]) -> Iterator[str]:
    """The methods that a class lacks, or that take other arguments."""
    if owner is None:
        yield name
        return
    for method, count in required.items():
        if not _takes(getattr(owner, method, None), count):
            yield f"{name}.{method}"


def _takes(method: Callable[..., Any] | None, count: int) -> bool:
    """Whether a method can be called with so many arguments besides its own object."""
    if not callable(method):
        return False
    try:
        signature(method).bind(*[None] * (count + 1))
    except TypeError:
        return False
    except ValueError:
        # Methods of httptools are compiled, and some builds tell no signature.
        return True
    return True


def _unset(base: Any, cycle: Any) -> Iterator[str]:
    """The attributes that a connection, or a call on it, does not have when it is made."""
    loop = asyncio.new_event_loop()
    try:
        app = SimpleNamespace(default_headers=[], connections=set(), tasks=set(), total_requests=0)
        from uvicorn.config import Config

        config = Config(_answers, lifespan="off", log_config=None, ws="none")
        connection = base(config, app, {}, loop)
        names = signature(cycle.__init__).parameters.values()
        asked = [
            parameter.name for parameter in names if parameter.kind is not Parameter.VAR_KEYWORD
        ]
        call = cycle(**dict.fromkeys(asked[1:]))
    except Exception as problem:
        # Whatever it is: it is not made as the tested ones are.
        yield f"HttpToolsProtocol that can be made ({type(problem).__name__})"
        return
    finally:
        loop.close()
    yield from (
        f"HttpToolsProtocol.{name}" for name in _CONNECTION if not hasattr(connection, name)
    )
    yield from (f"RequestResponseCycle.{name}" for name in _CYCLE if not hasattr(call, name))


async def _answers(scope: object, receive: object, send: object) -> None:
    """An application that nobody calls."""


def _part(module: str, name: str) -> Any:
    try:
        return getattr(import_module(module), name, None)
    except ImportError:
        return None


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _is_tested(name: str) -> bool:
    installed = _version(name)
    if installed is None:
        return True
    numbers = re.match(r"(\d+)\.(\d+)", installed)
    first, last = TESTED[name]
    return numbers is not None and first <= (int(numbers[1]), int(numbers[2])) <= last


def _with_version(name: str) -> str:
    return f"{name} {_version(name)}"


def _installed() -> str:
    return " and ".join(_with_version(name) for name in TESTED if _version(name) is not None)


def _tested() -> str:
    return ", ".join(
        f"{name} {first[0]}.{first[1]} to {last[0]}.{last[1]}"
        for name, (first, last) in TESTED.items()
    )
