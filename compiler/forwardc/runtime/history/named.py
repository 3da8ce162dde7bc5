"""Says which history it is, for people: a path, or a server and a database. No credential."""

import os
import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import parse_qsl, unquote

from forwardc.runtime.history.place import sqlite_path

_LOCAL: Final = "this machine"
_REST: Final = re.compile(r"([^/?]*)(?:/([^?]*))?(?:\?(.*))?\Z", re.DOTALL)


def display_name(url: str, environ: Mapping[str, str] = os.environ) -> str:
    """`/srv/forwardc/history.db`, or `postgresql runs at db.example:5432`."""
    path = sqlite_path(url)
    return str(path.absolute()) if path else _of_server(url.partition("://")[2], environ)


def _of_server(rest: str, environ: Mapping[str, str]) -> str:
    """By libpq's rules: what the URL leaves out stands in the environment."""
    # As libpq reads it: a password ends at the first @, whatever signs of a URL are in it.
    user, at, others = rest.partition("@")
    found = _REST.match(others if at and "/" not in user else rest)
    if found is None or "@" in found[0].partition("?")[0]:
        return "postgresql"
    hosts, given = unquote(found[1]), dict(parse_qsl(found[3] or ""))
    host = hosts or given.get("host") or environ.get("PGHOST", "")
    port = "" if hosts else given.get("port") or environ.get("PGPORT", "")
    database = unquote(found[2] or "") or given.get("dbname", "")
    service = given.get("service") or environ.get("PGSERVICE")
    if not database and service:
        return f"postgresql, service {service}"
    where = host if host and not host.startswith("/") else _LOCAL
    name = database or environ.get("PGDATABASE", "")
    return " ".join(filter(None, ("postgresql", name, "at", where + (port and f":{port}"))))
