"""The questions of a vault's pages with this project's answers, for letters and set-up files.

Which questions there are stands in the vault's facts; each has a function here that answers it.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from forwardc.compile.review.checklist.of_letter import OF_ENDPOINT, OF_MERCHANT, live_url
from forwardc.compile.review.checklist.of_step import OF_STEP, ChecklistAnswer, SentRequest
from forwardc.compile.review.packet import ReviewPacket
from forwardc.compile.vaults.encode import Json
from forwardc.core.dataclass import dataclass
from forwardc.core.identity_cache import IdentityCache

OF_LETTER: Final = {**OF_ENDPOINT, **OF_MERCHANT}


@dataclass(frozen=True, slots=True)
class AnsweredQuestion:
    """A question with its answer; `sent` is the request that it is about, None for all of them."""

    name: str
    question: str
    stage: str
    source: str
    answer: ChecklistAnswer
    sent: SentRequest | None = None


_ANSWERED: Final = IdentityCache[Sequence[AnsweredQuestion]]()


def answered(pack: ReviewPacket) -> Sequence[AnsweredQuestion]:
    """Every question of the vault, in the order of its facts: for the set-up and for the letter."""
    return _ANSWERED.get(pack, None, lambda: _answered(pack))


def _answered(pack: ReviewPacket) -> Sequence[AnsweredQuestion]:
    requests = sent(pack)
    questions = pack.vault.facts.data.get("checklist", {})
    return [
        AnsweredQuestion(
            name, fact["value"], fact["stage"], _source(pack, fact["source"]), answer, request
        )
        for name, fact in questions.items()
        for request, answer in _answers(pack, name, requests)
    ]


def _answers(
    pack: ReviewPacket, name: str, requests: list[SentRequest]
) -> Iterator[tuple[SentRequest | None, ChecklistAnswer]]:
    if name in OF_LETTER:
        yield None, OF_LETTER[name](pack, requests)
        return
    for request in requests:
        # A reviewer must not get the address of a test environment for the live one.
        hidden = name == "url" and pack.program.environment_class != "production"
        yield request, live_url(pack, request) if hidden else OF_STEP[name](pack, request)


def sent(pack: ReviewPacket) -> list[SentRequest]:
    """Every step that the vault sends, in the order of the plan."""
    return [
        SentRequest(assessment, step, written, made.review)
        for assessment in pack.assessments
        for step, written, made in zip(
            assessment.context.operation.steps,
            assessment.context.authored.steps,
            assessment.emitted_steps,
            strict=False,
        )
        if not step.direct
    ]


def checklist(pack: ReviewPacket) -> list[Json]:
    """The same as data: one entry for each question, with the answers of each request."""
    rows: dict[str, Json] = {}
    for question in answered(pack):
        row = {
            "asks": question.question,
            "stage": question.stage,
            "source": question.source,
            "answers": [],
        }
        rows.setdefault(question.name, row)["answers"].append(
            {
                "of": question.sent.place if question.sent else None,
                "lines": list(question.answer.lines),
                "missing": list(question.answer.missing),
            }
        )
    return list(rows.values())


def _source(pack: ReviewPacket, name: str) -> str:
    source = pack.vault.facts.data["sources"][name]
    return str(source.get("url", source["title"]))
