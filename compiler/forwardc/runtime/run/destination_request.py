"""What the destination gets, out of the recorded request to a vault: atoms by name, params filled.

The plan says where a vault's request holds what, and the record keeps that beside the request. What
is shown is what is recorded, which is masked.
"""

import json
from collections.abc import Iterator, Mapping
from secrets import randbelow
from typing import Any, Final

from forwardc.core.dataclass import dataclass, replace
from forwardc.core.documents.writing import as_json
from forwardc.core.identity_cache import IdentityCache
from forwardc.plan.model import Plan, PlanOperation, PlanStep
from forwardc.runtime.history.records import StoredRun, StoredStep
from forwardc.runtime.http.bodies.body import fields_of
from forwardc.runtime.http.bodies.body_fields import BodyField, BodyFields

_SHAPES: Final = IdentityCache[str]()
_NO_BODY: Final = BodyFields("empty", ())


@dataclass(frozen=True, slots=True)
class DestinationRequest:
    """One request as the destination gets it. A value like `${card.number}` is the vault's to fill.

    `variables` are what a vault computes with, such as what stands inside a JWE.
    """

    method: str
    url: str
    headers: tuple[BodyField, ...]
    query: tuple[BodyField, ...]
    body: BodyFields
    variables: tuple[BodyField, ...] = ()


def request_shapes(plan: Plan, operation: PlanOperation) -> str:
    """Where the requests of an operation hold what, as JSON by step: for its record."""

    def compute() -> str:
        shapes = {
            step.name: _shape(plan, step) for step in operation.steps if step.deliver == "vault"
        }
        return json.dumps(shapes, separators=(",", ":")) if plan.gets else "{}"

    return _SHAPES.get(operation, "", compute)


def destination_request(run: StoredRun, step: StoredStep) -> DestinationRequest | None:
    """What the destination gets of a step; None where no request, or not its shape, is recorded."""
    request = step.request
    if request is None:
        return None
    method, _, url = (step.called or "").partition(" ")
    if step.deliver == "direct":
        body = fields_of(request.body) if request.body else _NO_BODY
        headers = tuple(BodyField(name, value) for name, value in request.headers)
        return DestinationRequest(request.method, request.url, headers, (), body)
    shape = run.shapes.get(step.name)
    if not isinstance(shape, Mapping) or not request.body:
        return None
    return _Reader(shape, fields_of(request.body, inner=False)).gets(method, url)


def _shape(plan: Plan, step: PlanStep) -> Mapping[str, Any]:
    told = as_json(plan.gets) if plan.gets else {}
    places = {name: place for name, place in told.items() if place is not None}
    fields = step.review.fields if step.review else ()
    # An XPath and a path of fields differ in how they write an attribute.
    return {**places, "at": {field.at.replace("@", "."): field.atom for field in fields}}


class _Reader:
    """Takes the parts out of the fields of a vault's request."""

    def __init__(self, shape: Mapping[str, Any], request: BodyFields) -> None:
        self._shape = shape
        self._rows = request.rows
        self._whole = request.whole
        self._at: Mapping[str, str] = shape.get("at") or {}
        fills: Mapping[str, str] = shape.get("fills") or {}
        # What is filled in is told before a document is read: in it, a text of the merchant's own
        # may look the same, which is escaped here. Digits, since they stand for a number as well.
        seed = str(randbelow(10**20)).rjust(20, "7")
        self._marks = {
            text: (f"7{seed}{at:03}", name) for at, (text, name) in enumerate(fills.items())
        }

    def gets(self, method: str, url: str) -> DestinationRequest:
        """The destination's request."""
        encrypted = tuple(BodyField("(encrypted)", None) for _ in self._below("encrypted"))
        return DestinationRequest(
            *(method, url),
            (*self._named("headers"), *encrypted),
            tuple(self._named("query")),
            self._body(),
            tuple(self._named("variables")),
        )

    def _body(self) -> BodyFields:
        text = next((row.value for row in self._below("body") if not row.path), None)
        if not text:
            return _NO_BODY
        fields = fields_of(self._marked(text))
        return replace(fields, rows=tuple(map(self._with_atoms, fields.rows)), whole=self._whole)

    def _named(self, part: str) -> Iterator[BodyField]:
        """Members of an object, or pairs of a name and a value: in JSON, or in names of a form."""
        rows = list(self._below(part))
        pairs = [_pair(row.path) for row in rows]
        names = {
            place: row.shown
            for row, (place, half) in zip(rows, pairs, strict=True)
            if half == "name"
        }
        for row, (place, half) in zip(rows, pairs, strict=True):
            if place in names and half == "name":
                continue
            name = names.get(place, row.path.removeprefix("/"))
            if row.value is None or not row.text:
                yield replace(row, path=name)
                continue
            for inner in fields_of(self._marked(row.value)).rows if part == "variables" else ():
                yield replace(self._with_atoms(inner), path=name + inner.path)
            if part != "variables":
                yield self._with_atoms(BodyField(name, self._marked(row.value)))

    def _below(self, part: str) -> Iterator[BodyField]:
        """The rows of a part, without the way to it."""
        place = self._shape.get(part)
        if not isinstance(place, str):
            return
        for row in self._rows:
            rest = row.path.removeprefix(place)
            if len(rest) < len(row.path) and (not rest or rest[0] in "/["):
                yield replace(row, path=rest)

    def _marked(self, text: str) -> str:
        for fill, (mark, _) in self._marks.items():
            text = text.replace(fill, mark)
        return text

    def _with_atoms(self, row: BodyField) -> BodyField:
        """A field with the names of what is filled in."""
        atom = self._at.get(row.path)
        if atom is not None:
            return replace(row, value=_placeholder(atom), fills=(atom,))
        value, fills = row.value, []
        for mark, name in self._marks.values():
            if value and mark in value:
                value = value.replace(mark, _placeholder(name))
                fills.append(name)
        return replace(row, value=value, fills=tuple(fills))


def _placeholder(name: str) -> str:
    return "${" + name + "}"


def _pair(path: str) -> tuple[str, str]:
    """The place of a pair in its list, and which half of it stands there: `/0/name`, `[0][name]`.

    What a value has below itself goes with the half.
    """
    plain = path.replace("][", "/").replace("[", "/").replace("]", "")
    place, _, rest = plain.removeprefix("/").partition("/")
    return place if place.isdigit() else "", rest
