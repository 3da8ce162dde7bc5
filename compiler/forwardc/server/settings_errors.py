"""Reads the settings of a server, and reports every mistake in them at once, with its line.

The line of a key is found in the file's own text, by TOML's tables. TLS files are tried as OpenSSL
will, and addresses that trust too much are warned of. A message holds no value.
"""

import os
import re
import ssl
import stat
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, TypeAlias

from pydantic import ValidationError
from pydantic_settings import SettingsError

from forwardc.core.diagnostics.sink import Sink
from forwardc.core.diagnostics.span import Position, Span
from forwardc.core.diagnostics.suggest import did_you_mean
from forwardc.core.diagnostics.text_file import NotTextError, decoded, parse_error_place
from forwardc.core.files.kinds import SETTINGS, TLS
from forwardc.core.files.operator_file import check_plain, read
from forwardc.core.json_pointer import pointer_token
from forwardc.server.http.admission import LOOPBACK, Network
from forwardc.server.settings import ListenSettings, ServerSettings, settings_from

CODE: Final = "FC0832"
_PREFIX: Final = "FORWARDC_SERVER__"
_TAGS: Final = frozenset({"csv", "sql", "http"})
_AT: Final = re.compile(r"\(at line (\d+), column (\d+)\)$")
_HEADER: Final = re.compile(r"[ \t]*\[(?!\[)(.+)\][ \t]*(?:#.*)?")
_KEY: Final = re.compile(r"""[ \t]*((?:[A-Za-z0-9_.-]|"[^"\n]*"|'[^'\n]*')+)[ \t]*=""")
_FIELD: Final = re.compile(r'field "([a-z_]+)"')
_NO_BLOCK: Final = "this is no block of addresses, such as 192.0.2.0/24 or 2001:db8::/32"
_SAID: Final = {
    "ip_v4_network": _NO_BLOCK,
    "ip_v6_network": _NO_BLOCK,
    "extra_forbidden": "there is no such setting",
    "missing": "this setting is required",
    # The one choice by a tag; pydantic's own words repeat what was given.
    "union_tag_invalid": "kind is one of csv, sql and http",
    "union_tag_not_found": "kind is required: csv, sql or http",
}
Place: TypeAlias = tuple[str, ...]


def read_settings(file: Path | None, sink: Sink) -> ServerSettings | None:
    """The settings of a file and the environment; None, with FC0832 in the sink."""
    text, tables = "", None
    if file is not None:
        try:
            text = decoded(read(file, SETTINGS))
            tables = tomllib.loads(text)
        except OSError as problem:
            why = problem.strerror or "unknown reason"
            sink.error(CODE, f"{file}: the file of settings cannot be read: {why}")
            return None
        except NotTextError as problem:
            sink.error(CODE, f"{file}: the file of settings is {problem.reason}")
            return None
        except (tomllib.TOMLDecodeError, RecursionError) as problem:
            _not_toml(str(file), text, problem, sink)
            return None
    mistyped = _mistyped(sink)
    try:
        settings = settings_from(tables)
        return None if mistyped else settings
    except SettingsError as problem:
        # Its text names a section; its cause has the variable's value.
        section = _FIELD.search(str(problem))
        variable = _PREFIX + (section[1].upper() if section else "")
        said = "a list or a table in a variable is JSON"
        sink.error(CODE, f"{variable}...: {said}", hint='such as ["192.0.2.0/24"]')
        return None
    except ValidationError as problem:
        places = _places(text)
        for mistake in problem.errors(include_url=False, include_context=False):
            _report(mistake, file, places, sink)
        return None


def _mistyped(sink: Sink) -> bool:
    """Report variables of no section, which would change nothing, also where they were to guard."""
    sections = list(ServerSettings.model_fields)
    variables = [name for name in sorted(os.environ) if name.upper().startswith(_PREFIX)]
    wrong = {name: name[len(_PREFIX) :].split("__")[0].lower() for name in variables}
    wrong = {name: section for name, section in wrong.items() if section not in sections}
    for name, section in wrong.items():
        near = did_you_mean(section, sections)
        hint = f"did you mean {_PREFIX}{near.upper()}?" if near else None
        sink.error(CODE, f"{name}: there is no such setting", hint=hint)
    return bool(wrong)


def _not_toml(file: str, text: str, problem: Exception, sink: Sink) -> None:
    reason = str(problem)
    place_match = _AT.search(reason)
    span = _span(file, int(place_match[1]), int(place_match[2])) if place_match else None
    message = f"the file of settings is not TOML: {_AT.sub('', reason).strip()}"
    odd = (
        parse_error_place(text, problem).partition(": ")[2]
        if isinstance(problem, ValueError)
        else ""
    )
    hint = f"{odd} stands here: write a plain space" if odd else None
    sink.error(CODE, message, span, hint=hint)


def _report(
    mistake: Mapping[str, Any], file: Path | None, places: dict[Place, int], sink: Sink
) -> None:
    # Of a choice between types, pydantic names each one, in brackets.
    parts = (str(part) for part in mistake["loc"])
    place = tuple(part for part in parts if part not in _TAGS and "[" not in part)
    variable = _PREFIX + "__".join(place).upper()
    said = _SAID.get(mistake["type"], mistake["msg"].removeprefix("Value error, "))
    name = ".".join(place) or "the settings"
    variables = {key.upper() for key in os.environ}
    if variable in variables:
        sink.error(CODE, f"{variable}: {said}", pointer=_pointer(place))
        return
    span = None
    if file is not None:
        line = next((places[place[:n]] for n in range(len(place), 0, -1) if place[:n] in places), 1)
        span = _span(str(file), line, 1)
    sink.error(CODE, f"{name}: {said}", span, pointer=_pointer(place), hint=_hint(mistake, place))


def _hint(mistake: Mapping[str, Any], place: Place) -> str | None:
    if mistake["type"] == "missing":
        variable = _PREFIX + "__".join(place).upper()
        return f"set it in the file, or as {variable}"
    if mistake["type"] == "extra_forbidden":
        near = did_you_mean(place[-1], _names_of(place[:-1]))
        return f"did you mean {near}?" if near else None
    return None


def _names_of(section: Place) -> Sequence[str]:
    """The names of a section, for suggestions."""
    model: Any = ServerSettings
    for name in section:
        field = getattr(model, "model_fields", {}).get(name)
        model = field.annotation if field else None
    return list(getattr(model, "model_fields", {}))


def _pointer(place: Place) -> str:
    return "".join(f"/{pointer_token(part)}" for part in place)


def _span(file: str, line: int, column: int) -> Span:
    return Span(file, Position(line, column), Position(line, column + 1))


def _places(text: str) -> dict[Place, int]:
    """The line of each table and key, where one begins a line."""
    lines: dict[Place, int] = {}
    table: Place = ()
    for number, line in enumerate(text.splitlines(), 1):
        if header := _HEADER.fullmatch(line):
            table = _path(f"[{header[1]}]\n") or table
            lines.setdefault(table, number)
        elif key := _KEY.match(line):
            lines.setdefault((*table, *_path(f"{key[1]} = 0\n")), number)
    return lines


def _path(toml: str) -> Place:
    """The names of one header or key, in TOML's own reading."""
    try:
        at: Any = tomllib.loads(toml)
    except tomllib.TOMLDecodeError:
        return ()
    names: list[str] = []
    while isinstance(at, dict) and at:
        (name,) = at
        names.append(name)
        at = at[name]
    return tuple(names)


# Where it is served: TLS files, and addresses that let too many in.

_CODE = "FC0832"
LOCAL = frozenset({"127.0.0.1", "::1", "localhost"})


def check_serving(settings: ServerSettings, sink: Sink) -> None:
    """Report TLS files that cannot be used, and warn of what lets too many in."""
    serving, admit = settings.server, settings.admit
    if serving.tls_certificate is not None and serving.tls_key is not None:
        _check_files(serving.tls_certificate, serving.tls_key, sink)
    elif serving.host not in LOCAL and not admit.trusted_proxies:
        sink.warning(
            _CODE,
            "server.host: other machines reach this server without TLS",
            hint="set tls_certificate and tls_key, or name the proxy that adds TLS in"
            " admit.trusted_proxies",
        )
    if serving.host not in LOCAL and not serving.names:
        sink.warning(
            _CODE,
            "server.names: the server answers to no name that other machines call it by",
            hint='name it as callers do: names = ["pay.shop.example"]',
        )
    for name in ("allow", "callbacks", "staff"):
        networks: tuple[Network, ...] = getattr(admit, name)
        if _overlap(networks or LOOPBACK, admit.trusted_proxies):
            sink.warning(
                _CODE,
                f"admit.{name}: it lets in an address of admit.trusted_proxies",
                hint="a proxy that does not tell whom it speaks for would let everybody in",
            )


def _overlap(left: tuple[Network, ...], right: tuple[Network, ...]) -> bool:
    return any(
        block.version == proxy.version and block.overlaps(proxy)
        for block in left
        for proxy in right
    )


def _check_files(certificate: Path, key: Path, sink: Sink) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    for name, path in (("tls_certificate", certificate), ("tls_key", key)):
        try:
            check_plain(path, TLS)
        except FileNotFoundError:
            sink.error(_CODE, f"server.{name}: there is no such file")
            return
        except OSError as problem:
            sink.error(_CODE, f"server.{name}: the file cannot be read: {problem.strerror}")
            return
    try:
        # Without a password, OpenSSL would ask the terminal for one.
        context.load_cert_chain(certificate, key, password=lambda: b"")
    except OSError:
        sink.error(
            _CODE,
            "server.tls_certificate: the certificate and the key cannot be used together",
            hint="both are PEM; the key belongs to the first certificate, and has no password",
        )
        return
    if os.name == "posix" and key.stat().st_mode & stat.S_IRWXO:
        sink.warning(
            _CODE,
            "server.tls_key: everybody on this machine may read or change the key",
            hint="chmod 600 lets only its owner; then have a new one, for this one was open",
        )


def is_tls(serving: ListenSettings) -> bool:
    """Whether the server itself speaks TLS."""
    return serving.tls_certificate is not None
