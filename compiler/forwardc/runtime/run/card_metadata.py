"""The scheme and issuing country of a card: read where a vault tells them, or asked for.

Where they stand is data of the plan, and what has not the form of one is dropped. For a question
nobody waits, and nothing depends on it: one that fails is one that was not asked. A source is asked
about once; where an earlier run knows, nobody is. A vault that refuses, which a credential without
the permission makes it do, is left alone for an hour.
"""

import asyncio
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import field
from time import monotonic
from typing import Any, Final, TypeAlias

from forwardc.core.countries import COUNTRIES
from forwardc.core.dataclass import dataclass
from forwardc.core.diagnostics.sink import Sink
from forwardc.core.recognizer.cards import find_cards
from forwardc.core.terms.values import Secret, resolve
from forwardc.plan.answers import CardMetadata
from forwardc.plan.model import Plan
from forwardc.runtime.http.oauth import AccessTokenError, AccessTokens, clients_of, with_token
from forwardc.runtime.http.send import HttpAnswer, Sender, SendLimits, SendResult
from forwardc.runtime.run.answer import parse_json, text_of
from forwardc.runtime.run.bind import bind
from forwardc.runtime.run.journal import Journal
from forwardc.runtime.run.prepare import PreparedRun
from forwardc.runtime.run.result import CardFacts, StepReport

_SCHEME: Final = re.compile(r"[A-Za-z0-9 _-]{1,40}")


def card_facts(tells: CardMetadata, document: Any) -> CardFacts:
    """What an answer, as JSON, tells of the card."""
    return CardFacts(
        scheme=_scheme(_at(document, tells.scheme)),
        issuing_country=_country(_at(document, tells.issuing_country)),
    )


def card_of_outputs(outputs: Mapping[str, object]) -> CardFacts:
    """What a destination told of the card, where its file has outputs of these names."""
    scheme, country = outputs.get("card_scheme"), outputs.get("card_issuing_country")
    return CardFacts(
        scheme=_scheme(scheme if isinstance(scheme, str) else None),
        issuing_country=_country(country if isinstance(country, str) else None),
    )


def _at(document: Any, pointer: str | None) -> str | None:
    text = None if pointer is None else resolve(document, pointer)
    return text if isinstance(text, str) else None


def _scheme(text: str | None) -> str | None:
    plain = text is not None and _SCHEME.fullmatch(text) and not find_cards(text)
    return text if plain else None


def _country(text: str | None) -> str | None:
    return text if text in COUNTRIES else None


_LIMITS: Final = SendLimits(connect_s=5, read_s=10, max_bytes=256 * 1024)
# Questions under way beside the runs: the vault limits calls, and the runs come first.
_AT_ONCE: Final = 8
# Questions that wait. Each holds its run in memory; those that come later are not asked.
_MOST_WAITING: Final = 256
# Sources that were asked about, about a megabyte; one that is forgotten is only asked about again.
_REMEMBERED: Final = 10_000
_REFUSED: Final = frozenset({401, 403})
# Seconds that a vault is left alone: which permissions a credential has is changed by a person.
_HOUR_S: Final = 3600.0
# Seconds that a vault is left alone that has trouble, or asks for fewer calls.
_MINUTE_S: Final = 60.0
_Vault: TypeAlias = tuple[str, str]


@dataclass(slots=True)
class CardQuestions:
    """The questions of a process. Only a plan that holds one makes it ask."""

    _tasks: set["asyncio.Task[None]"] = field(default_factory=set)
    _asked: dict[tuple[_Vault, str], None] = field(default_factory=dict)
    _rests: dict[_Vault, float] = field(default_factory=dict)
    _few: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(_AT_ONCE))

    @property
    def pending(self) -> bool:
        """Whether something is being asked."""
        return bool(self._tasks)

    def after(
        self,
        prepared: PreparedRun,
        reports: list[StepReport],
        journal: Journal,
        sender: Sender,
        tokens: AccessTokens,
    ) -> None:
        """Ask about the card of a run that went through its vault, if nobody has told of it."""
        source = prepared.values.get("source.id")
        if not isinstance(source, str) or not _worth_asking(prepared, reports):
            return
        if len(self._tasks) >= _MOST_WAITING:
            return
        run_told = any(report.scheme or report.issuing_country for report in reports)
        question = _Question(prepared, source, run_told, journal, sender, tokens)
        task = asyncio.get_running_loop().create_task(self._answer(question))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def end(self, within_s: float) -> None:
        """Wait for what is under way, so long at most; give the rest up."""
        if not self._tasks:
            return
        _, late = await asyncio.wait(self._tasks, timeout=within_s)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)

    async def _answer(self, question: "_Question") -> None:
        # Whatever goes wrong, the run has ended, and nobody waits.
        with suppress(Exception):
            async with self._few:
                card = await question.earlier_facts()
                if card is None or (question.run_told and not card.whole):
                    card = await self._asked_now(question) or card
                if card is not None:
                    await question.tell(card)

    async def _asked_now(self, question: "_Question") -> CardFacts | None:
        vault, key = question.vault, (question.vault, question.source)
        if key in self._asked or self._rests.get(vault, 0.0) > monotonic():
            return None
        self._asked[key] = None
        if len(self._asked) > _REMEMBERED:
            del self._asked[next(iter(self._asked))]
        try:
            answer = await question.ask()
        except AccessTokenError as problem:
            self._rests[vault] = monotonic() + (_MINUTE_S if problem.passing else _HOUR_S)
            return None
        if isinstance(answer, HttpAnswer) and answer.status in _REFUSED:
            self._rests[vault] = monotonic() + _HOUR_S
        elif not isinstance(answer, HttpAnswer) or answer.status == 429 or answer.status >= 500:
            self._rests[vault] = monotonic() + _MINUTE_S
            self._asked.pop(key, None)
        elif answer.status == 200:
            return question.read(answer)
        return None


@dataclass(frozen=True, slots=True)
class _Question:
    """One question: about which card, for which run, and what it is asked with.

    `run_told`: the run's own answers had one of the two. A destination may tell the scheme alone,
    so that earlier runs with no more than that are no reason to ask the vault nothing.
    """

    prepared: PreparedRun = field(repr=False)
    source: str
    run_told: bool
    journal: Journal
    sender: Sender
    tokens: AccessTokens

    @property
    def plan(self) -> Plan:
        return self.prepared.plan

    @property
    def vault(self) -> _Vault:
        return self.plan.vault, self.plan.place

    async def earlier_facts(self) -> CardFacts | None:
        """What an earlier run was told of the same source."""
        return await self.journal.card_of_source(*self.vault, self.source)

    async def tell(self, card: CardFacts) -> None:
        await self.journal.record_card(str(self.prepared.run_id), card)

    async def ask(self) -> SendResult | None:
        """The vault's answer. Raises `AccessTokenError` and `HostRefusedError`."""
        card = self.plan.card
        if card is None:
            return None

        async def once(tokens: Mapping[str, Secret]) -> SendResult | None:
            bound = bind(card.http, self.prepared.scope(tokens), Sink())
            if bound is None:
                return None
            return await self.sender.send(bound, self.plan.hosts.vault, _LIMITS)

        clients = clients_of(self.plan, self.prepared.values, card.scopes)
        return await with_token(clients, self.tokens, self.sender, once)

    def read(self, answer: HttpAnswer) -> CardFacts | None:
        """What an answer tells; None for nothing."""
        card = self.plan.card
        if card is None:
            return None
        facts = card_facts(card.tells, parse_json(text_of(answer)))
        return facts if facts != CardFacts() else None


def _worth_asking(prepared: PreparedRun, reports: list[StepReport]) -> bool:
    card, through = prepared.plan.card, [report for report in reports if report.deliver == "vault"]
    if card is None or prepared.source.prefix not in card.kinds:
        return False
    answered = any(report.vault_status is not None for report in through)
    is_complete = any(report.scheme and report.issuing_country for report in through)
    return answered and not is_complete
