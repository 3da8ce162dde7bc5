"""Turns an answer into what is recorded of it: decoded, masked, and bounded.

Masked is what the run knows to be secret, what the plan calls sensitive, every card number, and
whatever may be a credential by its name or look. A name stays, so that the shape is seen, unless it
is itself one of these: what others write as a name is foreign text, too.
"""

from collections.abc import Callable, Iterable
from functools import lru_cache
from itertools import islice
from typing import Any, Final, assert_never

from forwardc.core.recognizer.scan import mask
from forwardc.core.terms.values import MASK
from forwardc.plan.model import PlanStep
from forwardc.runtime.http.bodies.body import LONGEST, MOST_FIELDS, Body, full, read, walked
from forwardc.runtime.http.bodies.body_fields import BodyField, BodyFields, BodyKind
from forwardc.runtime.http.send import HttpAnswer, SendResult
from forwardc.runtime.run.answer import DestinationAnswer, NoDestinationAnswer, StepAnswer
from forwardc.runtime.run.redaction import (
    PLAIN_HEADERS,
    Redactor,
    is_plain,
    is_plain_name,
    is_telling_name,
    looks_secret,
    looks_secret_as_name,
    shown_url,
    without_telling_names,
)
from forwardc.runtime.run.result import RecordedAnswer, StepReport

MOST_CHARACTERS: Final = 64 * 1024
"""Of all values of a body together; what is behind is cut."""
# Headers of one answer that are recorded: browsers and proxies send half as many.
_MOST_HEADERS: Final = 60
# Characters of a name. A longer one is a value that somebody made a name of, and is masked.
_LONGEST_NAME: Final = 200
# Characters of a body that is one text: two screens, where a page begins with what went wrong.
_LONGEST_TEXT: Final = 4000
_NOTHING: Final = frozenset({"true", "false", "null", "{}", "[]"})


def recorded_answer(
    step: PlanStep, answer: StepAnswer, sent: SendResult, report: StepReport, redactor: Redactor
) -> RecordedAnswer:
    """What is kept of the answer to a step, whatever it holds. `report` is what is shown of it."""
    mask = _Mask(step, answer, report, redactor)
    if isinstance(answer, NoDestinationAnswer):
        headers = sent.headers if isinstance(sent, HttpAnswer) else ()
        return RecordedAnswer(
            "vault", answer.vault_status, *mask.all(answer.body or "", headers), report.answer
        )
    parts = mask.all(answer.body, answer.headers.items())
    return RecordedAnswer("destination", answer.status, *parts, report.answer)


def _as_it_is(text: str) -> str:
    return text


class _Mask:
    """What is shown of one answer's values, body and headers."""

    def __init__(
        self, step: PlanStep, answer: StepAnswer, report: StepReport, redactor: Redactor
    ) -> None:
        self._hide: Callable[[str], str] = redactor.hide
        self._without_known = redactor.identifier
        self._names: dict[str, tuple[str, bool]] = {}
        self._step, self._told = step, answer
        theirs = isinstance(answer, DestinationAnswer)
        self._sensitive = _sensitive(step) if theirs else frozenset[tuple[str, ...]]()
        # What the run shows of it is no secret by its look.
        self._known = frozenset(
            str(value)
            for name, value in report.outputs.items()
            if name not in report.withheld and value is not None
        )

    def all(
        self, text: str, headers: Iterable[tuple[str, str]]
    ) -> tuple[BodyFields, tuple[BodyField, ...]]:
        """Body and headers."""
        shown = self._headers(headers)
        match self._told:
            case DestinationAnswer(parsed=parsed):
                kind, document = read(parsed, text, self._step.answer)
            case NoDestinationAnswer():
                kind, document = read(Body(text), text)
            case _:
                assert_never(self._told)
        return self._fields(kind, document, text), shown

    def _fields(self, kind: BodyKind, document: Any, raw: str) -> BodyFields:
        """A body's values as they are shown. `raw` is its text."""
        if kind == "text":
            return BodyFields("text", *self._text(document))
        if kind == "json" and "\\" not in raw and self._hide(raw) == raw:
            # Every value stands in there as it is: what the whole lacks, none of them has.
            self._hide = _as_it_is
        rows: list[BodyField] = []
        left, cut = MOST_CHARACTERS, False

        def visit(path: str, value: str, text: bool, is_secret: bool) -> None:
            nonlocal left, cut
            left -= len(value) + len(path)
            if left < 0 or len(rows) == MOST_FIELDS:
                full()
            cut = cut or len(value) > LONGEST
            rows.append(BodyField(path, self._shown(path, value, text, is_secret), text))

        whole = walked(document, visit, self._name)
        return BodyFields(kind, tuple(rows), whole and not cut)

    def _headers(self, pairs: Iterable[tuple[str, str]]) -> tuple[BodyField, ...]:
        return tuple(
            BodyField(
                self._name(name)[0], self._masked(value) if name.lower() in PLAIN_HEADERS else None
            )
            for name, value in islice(pairs, _MOST_HEADERS)
        )

    def _name(self, name: str) -> tuple[str, bool]:
        """A name as it is kept, and whether it tells of its value.

        `***` where it may be a value that somebody made a name of.
        """
        shown = self._names.get(name)
        if shown is None:
            if is_plain_name(name) and (
                self._hide is _as_it_is or self._without_known(name) == name
            ):
                shown = _plain_name(name)
            else:
                shown = _named(name, self._hide)
            self._names[name] = shown
        return shown

    def _shown(self, path: str, value: str, text: bool, is_secret: bool) -> str | None:
        if not text and value in _NOTHING:
            return value
        if is_secret or (self._sensitive and self._is_sensitive(path)):
            return None
        return self._masked(value)

    def _masked(self, text: str) -> str | None:
        if is_plain(text):
            return self._hide(text)
        if text in self._known:
            return self._hide(text)[:LONGEST]
        url = shown_url(text) if "://" in text else None
        if url is not None:
            return self._hide(url)[:LONGEST]
        if looks_secret(text) or _tells_within(text):
            return None
        return self._hide(text)[:LONGEST]

    def _text(self, text: str) -> tuple[tuple[BodyField, ...], bool]:
        """A body without a form: word by word, for a credential may stand between two of them."""
        shown = self._hide(without_telling_names(text[: _LONGEST_TEXT * 2]))
        words = (
            word if not looks_secret(word) else MASK for word in shown[:_LONGEST_TEXT].split(" ")
        )
        return (BodyField("", " ".join(words)),), len(text) <= _LONGEST_TEXT

    def _is_sensitive(self, path: str) -> bool:
        plain = _plain(path)
        return any(plain[: len(place)] == place for place in self._sensitive)


def _named(name: str, hide: Callable[[str], str]) -> tuple[str, bool]:
    masks = len(name) > _LONGEST_NAME or looks_secret_as_name(name)
    shown = MASK if masks else hide(name)
    return shown, shown != name or is_telling_name(name)


@lru_cache(maxsize=4096)
def _plain_name(name: str) -> tuple[str, bool]:
    """The same of a plain name that no run knows: a destination has few of them, and no value."""
    return _named(name, mask)


def _tells_within(text: str) -> bool:
    """Whether a document that was not read, such as one quoted too often, has a name that tells."""
    if '"' not in text and "=" not in text and "<" not in text:
        return False
    plain = text.replace("\\", "")
    return without_telling_names(plain) != plain


def _plain(at: str) -> tuple[str, ...]:
    """A pointer as that of a file and of a body agree: no prefix of XML, and no place in a list."""
    local_names = (name.lstrip(".").rpartition(":")[2] for name in at.split("/")[1:])
    return tuple(name for name in local_names if not name.isdigit())


@lru_cache(maxsize=256)
def _places(step_outputs: tuple[str, ...]) -> frozenset[tuple[str, ...]]:
    return frozenset(map(_plain, step_outputs))


def _sensitive(step: PlanStep) -> frozenset[tuple[str, ...]]:
    return _places(tuple(output.at for output in step.outputs.values() if output.sensitive))
