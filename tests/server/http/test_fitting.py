"""A server on parts that no document promises says so before it serves."""

from collections.abc import Callable
from functools import wraps
from typing import Any

import pytest
import uvicorn
from uvicorn.protocols.http import httptools_impl

from forwardc.core.diagnostics.sink import Sink
from forwardc.server.http import uvicorn_compatibility as fitting
from forwardc.server.http.uvicorn_compatibility import TESTED, check_uvicorn
from serving import Shop

Patch = pytest.MonkeyPatch
BASE, CYCLE = httptools_impl.HttpToolsProtocol, httptools_impl.RequestResponseCycle


def found() -> list[tuple[str, str, str]]:
    sink = Sink()
    check_uvicorn(sink)
    return [(one.severity, one.code, one.message) for one in sink.sorted()]


def test_what_is_installed_was_tested() -> None:
    assert found() == []


def _without(owner: Any, name: str) -> Callable[[Patch], None]:
    return lambda patch: patch.delattr(owner, name)


def _with(owner: Any, name: str, value: Any) -> Callable[[Patch], None]:
    return lambda patch: patch.setattr(owner, name, value)


class _Bare(BASE):
    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        del self.flow


def _renamed(patch: Patch) -> None:
    made = CYCLE.__init__

    @wraps(made)
    def init(self: Any, **named: Any) -> None:
        made(self, **named)
        self.finished = self.__dict__.pop("response_complete")

    patch.setattr(CYCLE, "__init__", init)


def _one(self: object, first: object) -> bool:
    return self is first


def _alone(self: object) -> None:
    assert self


@pytest.mark.parametrize(
    ("change", "part"),
    [
        (_without(BASE, "send_400_response"), "HttpToolsProtocol.send_400_response"),
        (_without(BASE, "on_headers_complete"), "HttpToolsProtocol.on_headers_complete"),
        (_with(BASE, "on_header", _one), "HttpToolsProtocol.on_header"),
        (_without(httptools_impl, "HttpToolsProtocol"), "HttpToolsProtocol"),
        (_without(httptools_impl, "RequestResponseCycle"), "RequestResponseCycle"),
        (_with(httptools_impl, "HttpToolsProtocol", _Bare), "HttpToolsProtocol.flow"),
        (_renamed, "RequestResponseCycle.response_complete"),
        (_with(BASE, "__init__", _one), "HttpToolsProtocol that can be made"),
        (_without(uvicorn.Server, "on_tick"), "Server.on_tick"),
        (_with(uvicorn.Server, "on_tick", _one), "as a coroutine"),
        (_with(uvicorn.Server, "handle_exit", _alone), "Server.handle_exit"),
    ],
)
def test_a_part_that_is_not_there_is_an_error(
    change: Callable[[Patch], None], part: str, monkeypatch: Patch
) -> None:
    with monkeypatch.context() as patch:
        change(patch)
        ((severity, code, message),) = found()
    assert (severity, code) == ("error", "FC0844")
    assert part in message
    assert f"uvicorn {uvicorn.__version__}" in message


@pytest.mark.parametrize("name", TESTED)
@pytest.mark.parametrize("version", ["0.1", "0.99.1", "2.0.0", "unreadable"])
def test_another_version_is_a_warning(name: str, version: str, monkeypatch: Patch) -> None:
    known = fitting.version
    monkeypatch.setattr(fitting, "version", lambda one: version if one == name else known(one))
    ((severity, code, message),) = found()
    assert (severity, code) == ("warning", "FC0844")
    assert f"{name} {version}" in message


def test_without_its_parser_a_server_warns(monkeypatch: Patch) -> None:
    monkeypatch.setattr(fitting, "has_parser", lambda: False)
    assert [one[:2] for one in found()] == [("warning", "FC0844")]


def test_nothing_is_served_on_parts_that_do_not_fit(shop: Shop) -> None:
    """`sitecustomize` is what Python imports first: here it takes a method away."""
    shop.write()
    taking = "from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol as one\n"
    (shop.folder / "sitecustomize.py").write_text(f"{taking}del one.on_message_begin\n")
    path = f"{shop.folder}:{shop.environment()['PYTHONPATH']}"
    refused = shop.run_anew("serve", PYTHONPATH=path)
    assert refused.returncode == 1
    assert "error FC0844" in refused.stderr
    assert "HttpToolsProtocol.on_message_begin" in refused.stderr
    assert "Traceback" not in refused.stderr
    assert "serving on" not in refused.stdout
