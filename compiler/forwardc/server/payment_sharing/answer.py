"""What a call is answered, by what its run came to, and how that is kept for a repeat.

One table, written down in docs/partner-api.md. What leaves here is bytes, so that a repeat gets the
same ones; no secret of the run and no card number is in them. Recorded answers can be read by this
server only: AES-256-GCM, bound to the forward that they belong to, so that a copied row decrypts
under no other forward's id.
"""

import json
import os
import re
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import field
from typing import Any, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from forwardc.core.dataclass import dataclass
from forwardc.core.diagnostics.errors import ForwardcError
from forwardc.core.outcome import Outcome
from forwardc.runtime.http.bodies.decoding import decoded
from forwardc.runtime.run.result import Party, RawResponse, RunResult, may_be_why, perhaps_why
from forwardc.server.http.problems import ProblemError, ProblemKind, retry_after
from forwardc.server.payment_sharing.claim import ForwardState

# Seconds: short enough for a buyer who waits, and a vault or a database that restarts is back.
RETRY_AFTER_S: Final = 5.0
# 402 is no decline here: with it Stripe says that it could not reach the destination
# (`forwarding_api_retryable_upstream_error`); what may have arrived is unknown, not rejected.
_LATER: Final = frozenset({402, 408, 409, 425, 429})
_SET_UP: Final = frozenset({401, 403})
# RFC 9110, 7.6.1: headers of one connection; a length that is another body's; and a session that
# is the vault's.
_LEFT_OUT: Final = frozenset(
    {
        *("connection", "keep-alive", "proxy-authenticate", "proxy-authorization"),
        *("proxy-connection", "te", "trailer", "transfer-encoding", "upgrade"),
        *("content-length", "set-cookie", "set-cookie2"),
    }
)
# The strings and numbers of what is known to be JSON.
_TOKEN: Final = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|-?[0-9][0-9.eE+-]*', re.DOTALL)


@dataclass(frozen=True, slots=True)
class CallOutcome:
    """How a forward ended: what to record, and either the body of the answer or the problem.

    `losses` are the atoms that the destination did not get.
    """

    state: ForwardState
    outcome: Outcome | None
    body: bytes | None = field(default=None, repr=False)
    refusal: ProblemError | None = None
    losses: tuple[str, ...] = ()

    @property
    def status(self) -> int:
        """The HTTP status of the answer."""
        return 200 if self.refusal is None else self.refusal.kind.value.status


def call_outcome(result: RunResult | None, run_id: str, *, lasting: bool = False) -> CallOutcome:
    """How the forward of a run ended. No result: nothing was sent.

    `lasting`: what kept it from being sent stays until somebody mends it.
    """
    if result is None:
        return (
            CallOutcome(ForwardState.NOT_SENT, None, refusal=not_forwardable())
            if lasting
            else _later(None)
        )
    if result.outcome is Outcome.UNKNOWN:
        return CallOutcome(ForwardState.UNKNOWN, Outcome.UNKNOWN, refusal=outcome_unknown(run_id))
    if result.rejected_by is Party.VAULT and not _reached(result):
        return _refused_by_vault(result)
    if result.raw_response is None:
        # An earlier step has arrived, and a later one was not sent: the run can be continued.
        return CallOutcome(ForwardState.UNKNOWN, result.outcome, refusal=outcome_unknown(run_id))
    body = _body(result, result.raw_response)
    return CallOutcome(ForwardState.DONE, result.outcome, body, losses=result.losses)


def outcome_unknown(run_id: str, outcome: str | None = None) -> ProblemError:
    """The problem of a payment that may have been made. `outcome`: what was found out since."""
    more = {"run": run_id} | ({"outcome": outcome} if outcome else {})
    return ProblemError(ProblemKind.OUTCOME_UNKNOWN, more=more)


def unavailable(seconds: float = RETRY_AFTER_S) -> ProblemError:
    """The problem of a call that sent nothing, and that may be sent later."""
    return ProblemError(ProblemKind.UNAVAILABLE, headers=retry_after(seconds))


def not_forwardable() -> ProblemError:
    """The problem of a call that sent nothing, and of every repeat until somebody mends it."""
    return ProblemError(ProblemKind.NOT_FORWARDABLE)


def _later(outcome: Outcome | None) -> CallOutcome:
    return CallOutcome(ForwardState.NOT_SENT, outcome, refusal=unavailable())


def _reached(result: RunResult) -> bool:
    """Whether an earlier step has reached the destination."""
    return any(step.status is not None for step in result.steps)


def _refused_by_vault(result: RunResult) -> CallOutcome:
    response = result.raw_response
    status = response.vault_status if response else None
    if response is None or status is None or status in _LATER or not 400 <= status <= 499:
        return _later(result.outcome)
    if status in _SET_UP:
        return CallOutcome(
            ForwardState.NOT_SENT, result.outcome, refusal=ProblemError(ProblemKind.NOT_FORWARDED)
        )
    return CallOutcome(ForwardState.NOT_SENT, result.outcome, _body(result, response))


def _body(result: RunResult, response: RawResponse) -> bytes:
    hide = result.hide or _as_it_is
    status = response.vault_status if response.status is None else response.status
    headers = {
        _named(name): hide(value) for name, value in _descriptive_headers(response.headers).items()
    }
    took = sum(step.duration_ms for step in result.steps)
    # Why, in the destination's words where its file says where they stand.
    more: dict[str, Any] = {
        "reason": result.reason if response.status is not None else None,
        "losses": result.losses,
        "untold": result.untold,
        "advice": _advice(result),
    }
    members = "".join(
        f",{json.dumps(name)}:{json.dumps(value)}" for name, value in more.items() if value
    )
    parts = (
        f'{{"status":{json.dumps(status)},"headers":{json.dumps(headers)},"body":',
        _embedded(decoded(response.body), hide),
        f',"request-time":{took}{members}}}',
    )
    return "".join(parts).encode()


def _advice(result: RunResult) -> str | None:
    """What helps, where what the destination did not get may be why it did not approve."""
    is_why = may_be_why(result.outcome, result.rejected_by, result.losses)
    return perhaps_why(result.losses) if is_why else None


def _descriptive_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """The headers that describe the answer. What `Connection` names is the connection's, too."""
    named = {name.strip().lower() for name in headers.get("connection", "").split(",")}
    return {name: value for name, value in headers.items() if name.lower() not in _LEFT_OUT | named}


def _named(name: str) -> str:
    """A header's name as Rokt's documents write them: `Content-Type`."""
    return "-".join(part.capitalize() for part in name.split("-"))


def _embedded(text: str, hide: Callable[[str], str]) -> str:
    """The vault's answer as a JSON value: as it is written where it is JSON, else as a string."""
    return _masked(text, hide) if _is_json(text) else json.dumps(hide(text))


def _masked(text: str, hide: Callable[[str], str]) -> str:
    """JSON text without what is to be hidden, and otherwise to the letter.

    Each string is looked at as it reads: an escape can spell what only then shows, also in JSON
    that is a string of JSON.
    """
    if "\\u" not in text and hide(text) == text:
        return text

    def token(match: re.Match[str]) -> str:
        written = match[0]
        read = json.loads(written) if written.startswith('"') else written
        hidden = _masked(read, hide) if "\\" in read and _is_json(read) else hide(read)
        return written if hidden == read else json.dumps(hidden)

    return _TOKEN.sub(token, text)


def _is_json(text: str) -> bool:
    try:
        _JSON.decode(text)
    except (ValueError, RecursionError):
        return False
    return True


def _refuse(_: str) -> Any:
    raise ValueError("not JSON")


def _as_it_is(text: str) -> str:
    return text


# Numbers need not be understood, however long they are. Made once: every answer is looked at.
_JSON: Final = json.JSONDecoder(parse_int=_as_it_is, parse_float=_as_it_is, parse_constant=_refuse)

_FORM: Final = "1."
# Bytes: what AES-GCM is specified for (NIST SP 800-38D, 8.2).
_NONCE: Final = 12
# Bytes of an AES-256 key.
_KEY: Final = 32


class CannotDecryptError(ForwardcError):
    """A sealed text was made with none of the keys, or for another payment, or was changed."""


@dataclass(frozen=True, slots=True)
class ReplayCipher:
    """Seals with the first key and opens with every one. Keys have 32 bytes; others: `ValueError`.

    A random nonce of 96 bits allows 2**32 answers under one key (NIST SP 800-38D, 8.3).
    """

    keys: Sequence[bytes] = field(repr=False)
    _ciphers: tuple[AESGCM, ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        if not self.keys or any(len(key) != _KEY for key in self.keys):
            raise ValueError("a sealing key has 32 bytes")
        object.__setattr__(self, "_ciphers", tuple(AESGCM(key) for key in self.keys))

    def encrypt(self, plain: bytes, forward_id: str) -> str:
        """The text to store."""
        nonce = os.urandom(_NONCE)
        sealed = self._ciphers[0].encrypt(nonce, plain, forward_id.encode())
        return _FORM + b64encode(nonce + sealed).decode("ascii")

    def open(self, text: str, forward_id: str) -> bytes:
        """What was sealed. Raises `CannotDecryptError`."""
        written = text.removeprefix(_FORM)
        try:
            data = b64decode(written, validate=True)
        except ValueError:
            raise CannotDecryptError("it is not a sealed text") from None
        # The last character may have bits that count for nothing (RFC 4648, section 3.5).
        if b64encode(data).decode("ascii") != written:
            raise CannotDecryptError("it is not a sealed text")
        for cipher in self._ciphers if text.startswith(_FORM) else ():
            try:
                return cipher.decrypt(data[:_NONCE], data[_NONCE:], forward_id.encode())
            except (InvalidTag, ValueError):
                continue
        raise CannotDecryptError("no key opens it")
