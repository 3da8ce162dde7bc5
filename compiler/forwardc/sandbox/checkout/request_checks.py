"""Reads a request to Checkout.com and checks it by tables, naming each fault by the member's path.

A table names each member once, parents before their members. An object whose members stand in the
table takes no other ones; an object without them is not looked into. The shape of an error is
`{request_id, error_type, error_codes[]}` from the public API reference (nas_spec, 2021) and the
exceptions of its SDKs; `errors` as in a mock of SDK-node. The codes are in Checkout.com's style
(`<member>_required`, `<member>_invalid`), which its public examples show for a few members only.
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Final, assert_never

from starlette.requests import Request

from forwardc.sandbox.errors import SandboxError
from forwardc.sandbox.masking import mask_text


@dataclass(slots=True)
class CheckoutError(SandboxError):
    """The request is refused with this answer. `where` names request members, never values."""

    status: int
    error_type: str = ""
    codes: tuple[str, ...] = ()
    where: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def invalid(*codes: str, at: str = "") -> CheckoutError:
    """422 `request_invalid`, with the request member that is at fault."""
    return CheckoutError(422, "request_invalid", codes, {at: codes} if at else {})


def fixed(at: str) -> CheckoutError:
    """422 for who changes a fixed test source, which is for everybody what it was. Our code."""
    return invalid("test_source_fixed", at=at)


def unauthorized() -> CheckoutError:
    """401 with an empty body."""
    return CheckoutError(401)


def forbidden() -> CheckoutError:
    """403 with an empty body: the credential is good, its scope is not."""
    return CheckoutError(403)


def not_found(code: str = "") -> CheckoutError:
    """404; with an empty body unless the endpoint is known to name a code."""
    return CheckoutError(404, "not_found", (code,)) if code else CheckoutError(404)


# --- Reading a body, and collecting its faults


async def read_object(request: Request) -> dict[str, Any]:
    """The JSON object in the body. Raises `CheckoutError` (422) for anything else."""
    try:
        value = json.loads(await request.body(), parse_constant=_no_json)
        # Half of a surrogate pair is a JSON string and no text: it cannot go out in UTF-8.
        json.dumps(value, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        raise invalid("request_body_malformed") from None
    if not isinstance(value, dict):
        raise invalid("request_body_malformed")
    return value


def _no_json(name: str) -> None:
    """NaN and Infinity are no JSON, though Python reads them."""
    raise ValueError(name)


@dataclass(slots=True)
class RequestFaults:
    """The faults found in one request, all of them before anything is refused."""

    by_path: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def add(self, path: str, kind: str, stem: str = "") -> None:
        """Note one fault: `kind` is `required`, `invalid`, `too_long`, ...

        `stem` stands for the path in the code, where the vendor has a name of its own.
        """
        code = f"{stem or path.replace('.', '_')}_{kind}"
        self.by_path[path] = (*self.by_path.get(path, ()), code)

    def note(self, path: str, *codes: str) -> None:
        """Note codes that are no kind of their member's, each once."""
        noted = self.by_path.get(path, ())
        self.by_path[path] = (*noted, *(code for code in codes if code not in noted))

    def stop(self) -> None:
        """Raise the 422 with every fault, if there are any."""
        if self.by_path:
            codes = tuple(code for of_member in self.by_path.values() for code in of_member)
            raise CheckoutError(422, "request_invalid", codes, self.by_path)

    def only(self, owner: Mapping[str, Any], path: str, *names: str) -> None:
        """Note every member that is not one of `names`."""
        prefix = f"{path}." if path else ""
        for name in owner:
            if name not in names:
                # The name is the caller's text: it may be a card number as well.
                self.add(mask_text(f"{prefix}{name}"[:80]), "unknown")


# --- Tables of what members must be

_MISSING: Final = object()


class MemberKind(Enum):
    """What a member's value is in JSON."""

    TEXT = "text"
    WHOLE = "whole"
    FLAG = "flag"
    OBJECT = "object"
    LIST = "list"
    ANY = "any"


@dataclass(frozen=True, slots=True)
class MemberRule:
    """One member by its dotted path.

    Lengths count characters, of a list or an object its entries; `pattern` matches the whole
    text. `code` stands for the path in the error codes, where the vendor has another stem.
    """

    path: str
    kind: MemberKind = MemberKind.TEXT
    required: bool = False
    pattern: str = ""
    shortest: int = 0
    longest: int | None = None
    least: int | None = None
    most: int | None = None
    choices: tuple[str, ...] = ()
    code: str = ""


def check(
    faults: RequestFaults,
    document: Mapping[str, Any],
    rules: Iterable[MemberRule],
    *,
    too_long: str = "too_long",
    below: str = "",
) -> None:
    """Note every fault of a document. `below` is the path of a part that the table is about."""
    table = tuple(rules)
    for rule in table:
        owner = _owner(document, rule.path, below)
        if owner is not None:
            _check_member(faults, owner.get(_last(rule.path)), rule, too_long)
    for parent in {rule.path.rpartition(".")[0]: None for rule in table}:
        inside = document if parent == below else _at(document, parent, below)
        names = {_last(rule.path) for rule in table if rule.path.rpartition(".")[0] == parent}
        if isinstance(inside, Mapping):
            faults.only(inside, parent, *names)


def check_kind(
    faults: RequestFaults,
    value: object,
    path: str,
    tables: Mapping[str, tuple[MemberRule, ...]],
    *,
    too_long: str = "too_long",
) -> None:
    """Check an object by the table of its `type`; a missing or unknown one is a fault.

    What is no object is the fault of whoever checks its owner.
    """
    if not isinstance(value, dict):
        return
    kind = value.get("type")
    rules = tables.get(kind) if isinstance(kind, str) else None
    if rules is None:
        at = f"{path}.type" if path else "type"
        faults.add(at, "required" if kind is None else "invalid")
        return
    check(faults, value, rules, too_long=too_long, below=path)


def _check_member(faults: RequestFaults, value: object, rule: MemberRule, too_long: str) -> None:
    if value is None:
        if rule.required:
            faults.add(rule.path, "required", rule.code)
    elif not _is_of(rule.kind, value):
        faults.add(rule.path, "invalid", rule.code)
    elif rule.longest is not None and _size(value) > rule.longest:
        faults.add(rule.path, too_long if isinstance(value, str) else "too_many", rule.code)
    elif not _fits(value, rule):
        faults.add(rule.path, "invalid", rule.code)


def _is_of(kind: MemberKind, value: object) -> bool:
    match kind:
        case MemberKind.TEXT:
            return isinstance(value, str)
        case MemberKind.WHOLE:
            return isinstance(value, int) and not isinstance(value, bool)
        case MemberKind.FLAG:
            return isinstance(value, bool)
        case MemberKind.OBJECT:
            return isinstance(value, dict)
        case MemberKind.LIST:
            return isinstance(value, list)
        case MemberKind.ANY:
            return True
        case _:
            assert_never(kind)


def _size(value: object) -> int:
    return len(value) if isinstance(value, str | list | dict) else 0


def _fits(value: object, rule: MemberRule) -> bool:
    if isinstance(value, str):
        return (
            len(value) >= rule.shortest
            and (not rule.pattern or re.fullmatch(rule.pattern, value) is not None)
            and (not rule.choices or value in rule.choices)
        )
    if isinstance(value, int):
        low = rule.least is None or value >= rule.least
        return low and (rule.most is None or value <= rule.most)
    return _size(value) >= rule.shortest


def _owner(document: Mapping[str, Any], path: str, below: str) -> Mapping[str, Any] | None:
    parent = path.rpartition(".")[0]
    owner = document if parent == below else _at(document, parent, below)
    return owner if isinstance(owner, Mapping) else None


def _at(document: Mapping[str, Any], path: str, below: str) -> object:
    member: object = document
    for name in path.removeprefix(f"{below}." if below else "").split("."):
        member = member.get(name, _MISSING) if isinstance(member, Mapping) else _MISSING
    return member


def _last(path: str) -> str:
    return path.rpartition(".")[2]
