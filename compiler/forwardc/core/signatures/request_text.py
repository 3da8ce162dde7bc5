"""What is signed: a request as texts, in the very form that it leaves in.

The compiler puts it together as a term (`compile/passes/signatures.py`), so that the stage of what
is signed is known, and a run evaluates that to the JSON which is read here. An example:
Mastercard's scheme over `POST /digitization?x=1` gets `{"method": "POST", "url":
"https://api.mastercard.com/mdes/digitization", "query": [{"name": "x", "value": "1"}], "body":
"{...}", "time": 1795176000, "nonce": "9f...", "options": {"consumer_key": "abc!123"}}` and gives
the text of `Authorization`.
"""

import json
from collections.abc import Mapping
from dataclasses import field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import SplitResult, urlsplit

from forwardc.core.dataclass import dataclass

Pairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class RequestText:
    """A request as it leaves. `url` is without the query, whose values are encoded already.

    `time` is in seconds since 1970. `fields` are members of a body, where a scheme signs those;
    `options` are what the author says of the scheme.
    """

    method: str
    url: str
    query: Pairs = ()
    headers: Pairs = field(default=(), repr=False)
    body: str | None = field(default=None, repr=False)
    fields: Mapping[str, str] = field(default_factory=dict, repr=False)
    time: int = 0
    nonce: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def parts(self) -> SplitResult:
        """The URL in its parts."""
        return urlsplit(self.url)

    @property
    def host(self) -> str:
        """Host and port as the header `Host` has them: in lower case, a usual port left out."""
        usual = ":443" if self.parts.scheme == "https" else ":80"
        return self.parts.netloc.lower().removesuffix(usual)

    @property
    def path(self) -> str:
        """The path as it is sent, never empty."""
        return self.parts.path or "/"

    @property
    def query_text(self) -> str:
        """The query as it is sent, without `?`."""
        return "&".join(f"{name}={value}" for name, value in self.query)

    @property
    def target(self) -> str:
        """Path and query, as the first line of the request has them."""
        return f"{self.path}?{self.query_text}" if self.query else self.path

    @property
    def body_bytes(self) -> bytes:
        """The body as it is sent; empty where there is none."""
        return (self.body or "").encode()

    @property
    def moment(self) -> datetime:
        """The time of signing, in UTC."""
        return datetime.fromtimestamp(self.time, UTC)

    @property
    def http_date(self) -> str:
        """The time of signing as a header says it (RFC 9110, section 5.6.7)."""
        days, months = "Mon Tue Wed Thu Fri Sat Sun".split(), _MONTHS.split()
        now = self.moment
        day, month = days[now.weekday()], months[now.month - 1]
        return f"{day}, {now:%d} {month} {now:%Y %H:%M:%S} GMT"

    def option(self, name: str) -> str:
        """What the author says of the scheme; empty where nothing."""
        return str(self.options.get(name, ""))

    def header(self, name: str) -> str | None:
        """A header's value, those of one name joined as HTTP does; None where there is none."""
        values = [value.strip() for at, value in self.headers if at.lower() == name.lower()]
        return ", ".join(values) if values else None


# Not strftime, whose names follow the process's locale.
_MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec"


def read_request(text: str) -> RequestText:
    """The request of the JSON that a run gives. Numbers in `fields` keep their digits."""
    data = json.loads(text, parse_float=str, parse_int=str)
    return RequestText(
        method=data["method"],
        url=data["url"],
        query=_pairs(data.get("query", [])),
        headers=_pairs(data.get("headers", [])),
        body=data.get("body"),
        fields={name: _field(value) for name, value in data.get("fields", {}).items()},
        time=int(data.get("time", 0)),
        nonce=data.get("nonce", ""),
        options=data.get("options", {}),
    )


def _pairs(items: list[dict[str, str]]) -> Pairs:
    return tuple((item["name"], item["value"]) for item in items)


def _field(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)
