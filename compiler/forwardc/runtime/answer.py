"""Reads a destination's answer, out of a vault's answer or straight.

Where it stands is data of the plan; no vault is known here.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final, TypeAlias
from urllib.parse import parse_qsl

from forwardc.plan.model import Failure, HeadersAt, ReadDirect, ReadVault, Step
from forwardc.plan.pointer import resolve
from forwardc.plan.program import Outcome
from forwardc.runtime.send import Answer, Lost, NotSent, Sent
from forwardc.runtime.shapes import Party
from forwardc.runtime.xml_tree import parse_xml


class Headers(dict[str, str]):
    """Header values by name in lower case; `get` ignores case, as HTTP does."""

    def get(self, key: str, default: Any = None) -> Any:
        """The value of a header, repeated ones joined by a comma."""
        return super().get(key.lower(), default)


@dataclass(frozen=True, slots=True)
class DestinationAnswer:
    """What the destination answered. `vault_status` is None where we called it ourselves."""

    status: int
    headers: Headers = field(repr=False)
    body: str = field(repr=False)
    request_id: str | None = None
    vault_status: int | None = None

    def values(self, others: Mapping[str, Any] | None = None) -> "Values":
        """The references of outcome rules: `response.*`, and those of a run."""
        return Values(self, others or {})


class Values(Mapping[str, Any]):
    """`response.*` of one answer beside other references; what does not parse is null.

    Parsed when it is asked for, and once: few rules read more than one of the forms.
    """

    def __init__(self, answer: DestinationAnswer, others: Mapping[str, Any]) -> None:
        self._body = answer.body
        self._known: dict[str, Any] = {
            **others,
            "response.status": answer.status,
            "response.headers": answer.headers,
            "response.text": answer.body,
        }

    def __getitem__(self, name: str) -> Any:
        if name not in self._known and name in _FORMS:
            self._known[name] = _FORMS[name](self._body)
        return self._known[name]

    def __iter__(self) -> Iterator[str]:
        return iter({**self._known, **_FORMS})

    def __len__(self) -> int:
        return len({**self._known, **_FORMS})

    def document(self) -> Any:
        """The body as data for outputs: JSON, else XML, else a form, else None."""
        return next((found for name in _FORMS if (found := self[name]) is not None), None)


@dataclass(frozen=True, slots=True)
class Ended:
    """There is no destination's answer, and this is what it means. `body` may hold anything.

    `sent` is whether the destination can have been reached, None where nobody knows.
    """

    outcome: Outcome
    rejected_by: Party | None
    reason: str
    vault_status: int | None = None
    request_id: str | None = None
    body: str | None = field(default=None, repr=False)
    sent: bool | None = False
    failure: Failure | None = None


Read: TypeAlias = DestinationAnswer | Ended


def read_answer(step: Step, sent: Sent) -> Read:
    """What an answer, or its absence, says about the destination."""
    match sent:
        case NotSent(reason=reason):
            # Nobody received anything, so nothing stands in the way of another run.
            return Ended(Outcome.REJECTED, Party.VAULT, reason)
        case Lost(reason=reason):
            return Ended(Outcome.UNKNOWN, None, reason, sent=None)
        case Answer():
            if isinstance(step.read, ReadDirect):
                return direct_answer(sent)
            return _out_of_vault(step.read, sent)


def direct_answer(answer: Answer) -> DestinationAnswer:
    """An answer that is nobody else's."""
    return DestinationAnswer(answer.status, _headers(answer.headers), _decoded(answer.body))


def _out_of_vault(read: ReadVault, answer: Answer) -> Read:
    document = parse_json(_decoded(answer.body))
    request_id = _text_or_none(resolve(document, read.request_id)) if read.request_id else None
    status = resolve(document, read.status)
    failure = next((known for known in read.failures if _matches(known, answer, document)), None)
    if failure is None and 200 <= answer.status <= 299 and _is_status(status):
        body = resolve(document, read.body)
        return DestinationAnswer(
            status=int(status),
            headers=_headers_at(read.headers, document) if read.headers else Headers(),
            body=body if isinstance(body, str) else "",
            request_id=request_id,
            vault_status=answer.status,
        )
    outcome, party, reason = _failed(failure, answer)
    return Ended(
        outcome,
        party,
        reason,
        answer.status,
        request_id,
        _decoded(answer.body),
        sent=None if outcome is Outcome.UNKNOWN else False,
        failure=failure,
    )


def _failed(failure: Failure | None, answer: Answer) -> tuple[Outcome, Party | None, str]:
    if failure is not None and failure.sent == "no":
        spent = "; the CVC is used up" if failure.consumes_cvc else ""
        reason = f"the vault answered {answer.status} and sent nothing to the destination{spent}"
        return Outcome.REJECTED, Party.VAULT, reason
    if failure is not None:
        reason = f"the vault answered {answer.status}; the destination may have been reached"
        return Outcome.UNKNOWN, None, reason
    if 400 <= answer.status <= 499:
        return Outcome.REJECTED, Party.VAULT, f"the vault answered {answer.status}"
    if 200 <= answer.status <= 299:
        return Outcome.UNKNOWN, None, "the vault tells no answer of the destination"
    return Outcome.UNKNOWN, None, f"the vault answered {answer.status}"


def _matches(failure: Failure, answer: Answer, document: Any) -> bool:
    if answer.status not in failure.status:
        return False
    code = failure.code
    if code is None:
        return True
    found = resolve(document, code.at)
    codes = found if isinstance(found, list) else [found]
    return any(isinstance(item, str) and item in code.among for item in codes)


def _is_status(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 100 <= value <= 599


def _headers_at(place: HeadersAt, document: Any) -> Headers:
    found = resolve(document, place.at)
    pairs: list[tuple[str, str]] = []
    if place.form == "arrays" and isinstance(found, dict):
        for name, values in found.items():
            listed = values if isinstance(values, list) else [values]
            pairs += [(name, value) for value in listed if isinstance(value, str)]
    elif place.form == "pairs" and isinstance(found, list):
        for item in found:
            name, value = resolve(item, "/name"), resolve(item, "/value")
            if isinstance(name, str) and isinstance(value, str):
                pairs.append((name, value))
    return _headers(tuple(pairs))


def _headers(pairs: tuple[tuple[str, str], ...]) -> Headers:
    found = Headers()
    for name, value in pairs:
        key = name.lower()
        found[key] = f"{found[key]}, {value}" if key in found else value
    return found


def _decoded(body: bytes) -> str:
    return body.decode("utf-8", "replace")


def _text_or_none(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def parse_json(text: str) -> Any:
    """JSON with decimals for fractions; None where it does not parse."""
    try:
        return _DECODER.decode(text)
    except (ValueError, RecursionError):
        return None


def _refuse(_name: str) -> Any:
    raise ValueError("not JSON")


_DECODER: Final = json.JSONDecoder(parse_float=Decimal, parse_constant=_refuse)


def _parse_form(text: str) -> dict[str, str] | None:
    try:
        pairs = parse_qsl(text, keep_blank_values=True, strict_parsing=True, max_num_fields=1000)
    except ValueError:
        return None
    return dict(pairs) or None


_FORMS: Final[Mapping[str, Callable[[str], Any]]] = {
    "response.json": parse_json,
    "response.xml": parse_xml,
    "response.form": _parse_form,
}
