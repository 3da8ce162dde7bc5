"""Reads a destination's answer, out of a vault's answer or straight.

Where it stands in a vault's answer is data of the plan, and so is which failures say that nothing
was sent. What is read is either a `DestinationAnswer`, or what its absence means.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import field
from typing import Any, Final, TypeAlias

from forwardc.core.dataclass import dataclass, replace
from forwardc.core.outcome import Outcome
from forwardc.core.recognizer.cards import find_cards
from forwardc.core.terms.escaping import NotExpressibleError
from forwardc.core.terms.values import CONTRADICTION, resolve
from forwardc.core.terms.writers import json_pieces, raw_text
from forwardc.plan.answers import Failure, HeadersAt, LogAt, MethodAt, Mode, ReadDirect, ReadVault
from forwardc.plan.environment import EnvironmentClass
from forwardc.plan.model import PlanStep
from forwardc.runtime.http.bodies.body import SYNTAXES, Body
from forwardc.runtime.http.bodies.decoding import decoded, without_mark
from forwardc.runtime.http.bodies.parsers import NOTHING, read_json
from forwardc.runtime.http.send import AnswerLost, HttpAnswer, NotSent, SendResult
from forwardc.runtime.run.result import Party

_NAMES: Final = {f"response.{syntax}": syntax for syntax in SYNTAXES}
_TYPE: Final = "content-type"


class Headers(dict[str, str]):
    """Header values by name in lower case; `get` ignores case, as HTTP does."""

    def get(self, key: str, default: Any = None) -> Any:
        """The value of a header, repeated ones joined by a comma."""
        return super().get(key.lower(), default)


@dataclass(frozen=True, slots=True)
class DestinationAnswer:
    """What the destination answered. `vault_status` is None where we called it ourselves.

    `given` is the body where the vault has parsed it already; `namespaces` are what prefixes mean.
    `around` is the vault's whole answer as data.
    """

    status: int
    headers: Headers = field(repr=False)
    body: str = field(repr=False)
    request_id: str | None = None
    vault_status: int | None = None
    namespaces: Mapping[str, str] = field(default_factory=dict, repr=False)
    document: Any = field(default=NOTHING, repr=False)
    vault_document: Any = field(default=None, repr=False)
    parsed: Body = field(init=False, repr=False, compare=False)
    """The body as whoever reads it shares it: each syntax is parsed once for an answer."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "parsed", Body(self.body, self.namespaces, self.document))

    def values(self, others: Mapping[str, Any] | None = None) -> "ResponseValues":
        """The references of outcome rules: `response.*`, and those of a run."""
        return ResponseValues(self, others or {})


class ResponseValues(Mapping[str, Any]):
    """`response.*` of one answer beside other references; what does not parse is null.

    Parsed when it is asked for, and once: few rules read more than one of the syntaxes.
    """

    def __init__(self, answer: DestinationAnswer, others: Mapping[str, Any]) -> None:
        self._body = answer.parsed
        self._known: dict[str, Any] = {
            **others,
            "response.status": answer.status,
            "response.headers": answer.headers,
            # What a vault has parsed has no text of its own any more. Line ends around a text are
            # no part of it: `OK` and `OK` with a line end say the same.
            "response.text": answer.body.strip("\r\n\ufeff")
            if answer.document is NOTHING
            else None,
        }

    def __getitem__(self, name: str) -> Any:
        syntax = _NAMES.get(name)
        if syntax is None:
            return self._known[name]
        parsed = self._body.read(syntax)
        return None if parsed is NOTHING else parsed

    def __iter__(self) -> Iterator[str]:
        return iter({**self._known, **_NAMES})

    def __len__(self) -> int:
        return len({**self._known, **_NAMES})

    def reads_as(self, kind: str) -> bool:
        """Whether the body parses as `json`, `xml` or `form`, or is `text`, `empty` or `any`."""
        return self._body.reads_as(kind)

    def document(self, kind: str = "any") -> Any:
        """The body as data for outputs, read as a kind of answer; None where it is none.

        Where the kind has no syntax, the body is JSON, else XML, else a form, else None.
        """
        names = [name for name, syntax in _NAMES.items() if syntax == kind] or _NAMES
        return next((parsed for name in names if (parsed := self[name]) is not None), None)


@dataclass(frozen=True, slots=True)
class NoDestinationAnswer:
    """There is no destination's answer, and this is what it means. `body` may hold anything.

    `sent` is whether the destination can have been reached, None where nobody knows. `around` is
    the vault's whole answer as data.
    """

    outcome: Outcome
    rejected_by: Party | None
    reason: str
    vault_status: int | None = None
    request_id: str | None = None
    body: str | None = field(default=None, repr=False)
    sent: bool | None = False
    failure: Failure | None = None
    vault_document: Any = field(default=None, repr=False)


StepAnswer: TypeAlias = DestinationAnswer | NoDestinationAnswer


def read_answer(step: PlanStep, sent: SendResult, *, asks_cvc: bool = False) -> StepAnswer:
    """What an answer, or its absence, says about the destination.

    `asks_cvc`: this run had the vault put the CVC in, so that a failure can have used it up.
    """
    match sent:
        case NotSent(reason=reason):
            # Nobody received anything, so nothing stands in the way of another run.
            return NoDestinationAnswer(Outcome.REJECTED, Party.VAULT, reason)
        case AnswerLost(reason=reason):
            return NoDestinationAnswer(Outcome.UNKNOWN, None, reason, sent=None)
        case HttpAnswer():
            if isinstance(step.read, ReadDirect):
                return replace(direct_answer(sent), namespaces=step.namespaces)
            return _out_of_vault(step, step.read, sent, asks_cvc=asks_cvc)


def direct_answer(answer: HttpAnswer) -> DestinationAnswer:
    """An answer that is nobody else's."""
    headers = _headers(answer.headers)
    return DestinationAnswer(answer.status, headers, text_of(answer))


def text_of(answer: HttpAnswer) -> str:
    """The body of an answer as text, whatever it declares about its bytes."""
    declared = next((value for name, value in answer.headers if name.lower() == _TYPE), None)
    return decoded(answer.body, declared)


def _out_of_vault(
    step: PlanStep, read: ReadVault, answer: HttpAnswer, *, asks_cvc: bool
) -> StepAnswer:
    text = text_of(answer)
    document = parse_json(text)
    failure = next(
        (candidate for candidate in read.failures if _matches(candidate, answer, document)), None
    )
    if failure is None and 200 <= answer.status <= 299:
        destination = destination_in(step, document, answer.status)
        if destination is not None:
            return destination
    outcome, party, reason = _failed(failure, answer, asks_cvc=asks_cvc)
    return NoDestinationAnswer(
        outcome,
        party,
        reason,
        answer.status,
        _request_id(read, document),
        text,
        sent=None if outcome is Outcome.UNKNOWN else False,
        failure=failure,
        vault_document=document,
    )


def destination_in(step: PlanStep, document: Any, vault_status: int) -> DestinationAnswer | None:
    """The destination's answer out of a vault's, as JSON; None where it tells none."""
    read = step.read
    if isinstance(read, ReadDirect):
        return None
    status = _status(resolve(document, read.status))
    body = resolve(document, read.body)
    if status is None or body is CONTRADICTION:
        return None
    return DestinationAnswer(
        status=status,
        headers=_headers_at(read.headers, document) if read.headers else Headers(),
        # The vault's client has decoded it: what it says of its bytes means nothing any more.
        body=without_mark(body) if isinstance(body, str) else _written(body),
        request_id=_request_id(read, document),
        vault_status=vault_status,
        namespaces=step.namespaces,
        document=NOTHING if isinstance(body, str | None) else body,
        vault_document=document,
    )


def _written(document: Any) -> str:
    """What a vault has parsed as text again, to be shown; empty where it cannot be."""
    if document is None:
        return ""
    try:
        return "".join(map(raw_text, json_pieces(document, templated=False)))
    except NotExpressibleError:
        return ""


def _request_id(read: ReadVault, document: Any) -> str | None:
    identifier = resolve(document, read.request_id) if read.request_id else None
    if isinstance(identifier, int) and not isinstance(identifier, bool):
        return str(identifier)
    return identifier if isinstance(identifier, str) else None


def _failed(
    failure: Failure | None, answer: HttpAnswer, *, asks_cvc: bool
) -> tuple[Outcome, Party | None, str]:
    if failure is not None and failure.sent == "no":
        # Whether the vault had one was told by no answer: a refusal has no echo.
        uses = failure.consumes_cvc and asks_cvc
        spent = "; a CVC, if the vault had one, is used up" if uses else ""
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


def _matches(failure: Failure, answer: HttpAnswer, document: Any) -> bool:
    if answer.status not in failure.status:
        return False
    code = failure.code
    if code is None:
        return True
    code_value = resolve(document, code.at)
    codes = code_value if isinstance(code_value, list) else [code_value]
    return any(isinstance(item, str) and item in code.among for item in codes)


def _status(value: Any) -> int | None:
    """A status of HTTP, as a number or as its digits."""
    if isinstance(value, str) and len(value) == 3 and value.isascii() and value.isdigit():
        value = int(value)
    if isinstance(value, int) and not isinstance(value, bool) and 100 <= value <= 599:
        return value
    return None


def _headers_at(place: HeadersAt, document: Any) -> Headers:
    container = resolve(document, place.at)
    pairs: list[tuple[str, str]] = []
    if place.form == "arrays" and isinstance(container, dict):
        for name, values in container.items():
            listed = values if isinstance(values, list) else [values]
            pairs += [(name, value) for value in listed if isinstance(value, str)]
    elif place.form == "pairs" and isinstance(container, list):
        for item in container:
            name, value = resolve(item, "/name"), resolve(item, "/value")
            if isinstance(name, str) and isinstance(value, str):
                pairs.append((name, value))
    return _headers(tuple(pairs))


def _headers(pairs: tuple[tuple[str, str], ...]) -> Headers:
    headers = Headers()
    for name, value in pairs:
        key = name.lower()
        headers[key] = f"{headers[key]}, {value}" if key in headers else value
    return headers


def parse_json(text: str) -> Any:
    """JSON with decimals for fractions; None where it does not parse."""
    document = read_json(text)
    return None if document is NOTHING else document


_PAGE: Final = re.compile(r"[A-Za-z0-9_./-]{1,300}(?:\?[A-Za-z0-9_.=&-]{0,100})?")


def log_url(log: LogAt | None, document: Any) -> str | None:
    """The vault's own page of a call, where its answer names one of its own host.

    Whoever shows it makes a link of it: it is https, has a path of plain characters, and neither
    user, port nor fragment.
    """
    page = None if log is None else resolve(document, log.at)
    if log is None or not isinstance(page, str):
        return None
    start = f"https://{log.host}/"
    rest = page.removeprefix(start)
    is_plain = page.startswith(start) and _PAGE.fullmatch(rest) and not find_cards(page)
    return page if is_plain else None


def other_mode(mode: Mode | None, document: Any, class_: EnvironmentClass) -> str | None:
    """Why an answer is none of this class of environment; None where it is, or does not tell."""
    value = resolve(document, mode.at) if mode is not None else None
    if mode is None or value is None:
        return None
    mode_told, other = _word(value), "live" if class_ == "sandbox" else "test"
    own, others = _word(mode.sandbox), _word(mode.production)
    if class_ == "production":
        own, others = others, own
    if mode_told == own:
        return None
    return (
        f"the answer is of a {other} account"
        if mode_told == others
        else "the answer's mode is none"
    )


def other_method(agreed: MethodAt | None, document: Any) -> str | None:
    """Why the vault's call is none that was agreed; None where it is, or where it does not tell."""
    method = resolve(document, agreed.at) if agreed is not None else None
    if agreed is None or method is None or _word(method) == agreed.agreed.lower():
        return None
    return f"the vault called the destination by another method than the agreed {agreed.agreed}"


def _word(value: Any) -> str:
    """A value as it is compared: `true`, `"true"` and `"True"` say the same."""
    return str(value).strip().lower() if isinstance(value, bool | str) else ""
