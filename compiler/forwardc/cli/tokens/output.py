"""Shows tokens: lines for people, one object for programs."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any, Final

from forwardc.cli.output import note, say, say_document, say_lines, table
from forwardc.core.dataclass import dataclass
from forwardc.core.diagnostics.excerpt_lines import ExcerptLines
from forwardc.core.diagnostics.render.render import DiagnosticFormat, render
from forwardc.core.diagnostics.sink import Sink
from forwardc.core.outcome import Outcome
from forwardc.integrations.card_tokens import StoredCallback, TokenFacts, TokenRecord
from forwardc.runtime.run.result import RunResult, exit_code, shown_data

_TOKENS: Final = ("token", "state", "told by", "card", "customer", "last change")
_CALLBACKS: Final = ("received", "about", "status", "request", "payment", "did")


@dataclass(frozen=True, slots=True)
class TokenKnowledge:
    """What callbacks have told of a token; no record where none has named it."""

    token: str
    record: TokenRecord | None
    callbacks: tuple[StoredCallback, ...]


def lines(
    knowledge: TokenKnowledge, result: RunResult | None, sink: Sink, *, as_json: bool
) -> None:
    """Show a token, what the destination said of it, and every diagnostic."""
    if as_json:
        document = {
            "token": knowledge.token,
            "known": asdict(knowledge.record) if knowledge.record else None,
            "callbacks": [_callback_json(callback) for callback in knowledge.callbacks],
            "asked": _asked_json(result),
        }
        say_document(document, sink)
        return
    for line in _token(knowledge):
        say(line)
    if result is not None:
        say()
        say(f"asked     {_verdict(result)}")
        for name, value in result.steps[-1].outputs.items() if result.steps else ():
            say(f"          {name} = {value}")
    report(sink, as_json=False)


def listed(records: Sequence[TokenRecord], teller: str, *, as_json: bool) -> int:
    """List tokens. Returns the exit code."""
    if as_json:
        say_document({"tokens": [asdict(record) for record in records]}, Sink())
    elif records:
        say_lines(table(_TOKENS, [_row(record, teller) for record in records]))
    else:
        note("No callback has told of a token.")
    return 0


def result_of(result: RunResult, sink: Sink, *, as_json: bool) -> int:
    """Show what came of a request that the destination answers in a callback. Returns its code."""
    if as_json:
        say_document({"asked": _asked_json(result)}, sink)
        return exit_code(result)
    say(f"run       {result.run_id}")
    say(f"asked     {_verdict(result)}")
    if result.outcome is Outcome.PENDING:
        note("A callback tells the result; `forwardc tokens show` shows it then.")
    return exit_code(result)


def report(sink: Sink, *, as_json: bool) -> int:
    """Show every diagnostic. Returns the exit code."""
    if as_json:
        say_document(None, sink)
    elif shown := render(sink.sorted(), DiagnosticFormat.TEXT, ExcerptLines()):
        note(shown.rstrip("\n"))
    return int(sink.has_errors)


def _token(knowledge: TokenKnowledge) -> Iterator[str]:
    yield f"token     {knowledge.token}"
    if knowledge.record is None:
        yield "state     no callback has named it"
        return
    record, facts = knowledge.record, knowledge.record.facts
    yield f"state     {facts.state}{', told by a sandbox' if record.emulated else ''}"
    yield f"card      {_card(facts)}"
    yield f"customer  {facts.customer_id or 'not told'}, project {facts.project_id or 'not told'}"
    yield f"created   {facts.created_at or 'not told'}"
    yield f"callback  first {record.first_seen_at}, last change {record.updated_at}"
    if knowledge.callbacks:
        yield ""
        yield from table(
            _CALLBACKS, [_callback(callback) for callback in knowledge.callbacks]
        ).split("\n")


def _row(record: TokenRecord, teller: str) -> tuple[str, ...]:
    facts = record.facts
    return (
        *(facts.token, facts.state, "sandbox" if record.emulated else teller, _card(facts)),
        *(facts.customer_id or "-", record.updated_at),
    )


def _card(facts: TokenFacts) -> str:
    named = " ".join(filter(None, (facts.scheme, facts.masked_number)))
    expires = f"expires {facts.expires}" if facts.expires else ""
    return ", ".join(filter(None, (named, expires, facts.initials))) or "not told"


def _callback(callback: StoredCallback) -> tuple[str, ...]:
    ids = (callback.status, callback.request_id, callback.payment_id)
    return (callback.received_at, callback.kind, *(text or "-" for text in ids), callback.applied)


def _callback_json(callback: StoredCallback) -> dict[str, Any]:
    """A callback without its destinations, which are no fact about a token."""
    return {name: value for name, value in asdict(callback).items() if name != "destinations"}


def _verdict(result: RunResult) -> str:
    by = f" by the {result.rejected_by}" if result.rejected_by else ""
    reason = f": {result.reason}" if result.reason else ""
    answer = result.steps[-1].answer if result.steps else None
    said = f" {answer}" if answer else ""
    return f"{result.outcome}{by}{reason}{said}"


def _asked_json(result: RunResult | None) -> dict[str, Any] | None:
    return {**shown_data(result), "exit_code": exit_code(result)} if result else None
