"""Writes `submission.md`: the letters to a vault's support, filled in, for each stage.

What a vendor asks stands in the vault's facts, and what is answered in `checklist`; the vendor's
words come first, and our own at the end.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Final

from forwardc.compile.ir.analysis import atoms_used
from forwardc.compile.review.checklist.checklist import AnsweredQuestion, answered
from forwardc.compile.review.checklist.of_step import ChecklistAnswer
from forwardc.compile.review.packet import ReviewPacket, not_done
from forwardc.compile.review.page.summary import CardValue as CardValue
from forwardc.compile.review.page.summary import card_data
from forwardc.compile.review.production_config import config_name, reviewed
from forwardc.compile.review.templates import Markdown, quoted, template, text
from forwardc.compile.vaults.assess import Assessment
from forwardc.compile.vaults.encode import Json

_MOST: Final = 1024
"""Answers that are kept: those of some twenty letters, in 512 KiB."""
_STAGES = ("access", "test", "production")
_INITIATORS = {
    "customer": "the customer is there (CIT)",
    "merchant": "the merchant starts it (MIT)",
}


def submissions(pack: ReviewPacket) -> dict[str, str]:
    """The letters by their path below `build/`; none for a vault that nobody writes to."""
    if not pack.leads or "submission" not in pack.vault.facts.data:
        return {}
    return {
        pack.path("submission", "md"): template(
            "forwardc.compile.review", "submission.md.j2"
        ).render(_words(pack))
    }


def _words(pack: ReviewPacket) -> dict[str, Any]:
    facts = pack.vault.facts
    built = [assessment for assessment in pack.assessments if assessment.emission is not None]
    questions = answered(pack)
    return {
        "vault": facts.title,
        "folder": pack.folder,
        "destination": pack.destination,
        "merchant": pack.merchant.name,
        "contact": facts.value("submission", "contact"),
        "product": facts.value("submission", "product"),
        "asks": {stage: facts.value("submission", stage) for stage in _STAGES},
        "answers": {stage: _of_letter(questions, stage) for stage in _STAGES},
        "requests": _requests(pack, questions),
        "missing": [line for question in questions for line in question.answer.missing],
        "is_live": pack.program.environment_class == "production",
        "has_configs": any(reviewed(pack)),
        "operations": [_operation(assessment) for assessment in built],
        "not_done": not_done(facts),
        "names": _names(built),
        "demo_ids": pack.demo_ids,
        "lowered": pack.lowered,
        **{name: pack.setup[name] for name in ("unconfirmed", "stand_ins")},
    }


def _of_letter(questions: Sequence[AnsweredQuestion], stage: str) -> list[Markdown]:
    return _lines(
        [question for question in questions if question.stage == stage and question.sent is None]
    )


def _requests(pack: ReviewPacket, questions: Sequence[AnsweredQuestion]) -> list[Json]:
    """Every forwarded request with its answers; one that the vault reviews names its file."""
    files = {
        f"{assessment.context.operation.name}.{step.name}": config_name(
            pack, assessment.context.operation.name, step.name
        )
        for assessment, step, _ in reviewed(pack)
    }
    by_request: dict[str, list[AnsweredQuestion]] = {}
    titles: dict[str, str] = {}
    for question in questions:
        if question.sent is not None:
            operation = question.sent.assessment.context.operation
            titles[question.sent.place] = operation.title or operation.name
            by_request.setdefault(question.sent.place, []).append(question)
    return [
        {"place": place, "title": titles[place], "answers": _lines(of), "config": files.get(place)}
        for place, of in by_request.items()
    ]


def _lines(questions: Sequence[AnsweredQuestion]) -> list[Markdown]:
    """Items of a list: the vendor's question, then the answer, or the line that somebody owes."""
    return [line for asked in questions for line in _item(asked.question, asked.answer)]


@lru_cache(_MOST)
def _item(question: str, answer: ChecklistAnswer) -> tuple[Markdown, ...]:
    """Most answers are the same in many letters: who asks, which accounts, what is not done."""
    asked = text(question)
    end = "" if asked.endswith("?") else ":"
    owed = [f"**missing**: {quoted(line)}" for line in answer.missing]
    items = [*map(quoted, answer.lines), *owed]
    if len(items) == 1:
        return (Markdown(f"- {asked}{end} {items[0]}"),)
    return (Markdown(f"- {asked}{end}"), *(Markdown(f"  - {line}") for line in items))


def _operation(assessment: Assessment) -> Json:
    operation = assessment.context.operation
    return {
        "name": operation.name,
        "title": operation.title or operation.name,
        "initiator": _INITIATORS.get(operation.initiator, operation.initiator),
        "card": [_words_of(value) for value in card_data(assessment)],
        "level": str(assessment.level),
        "status": str(assessment.status),
    }


def _names(built: list[Assessment]) -> str:
    """What to know of names: a vault sends them as they were typed."""
    used = [
        assessment.context.operation.name
        for assessment in built
        if "card.holder_name" in atoms_used(assessment.context.operation)
    ]
    if not used:
        return "No operation sends the name of a cardholder."
    return (
        f"The cardholder's name goes out as it was typed, in {' and '.join(used)}. Where the "
        "destination does not take its characters, leave it out: "
        "`forwardc run --without card.holder_name`."
    )


def _words_of(value: CardValue) -> str:
    return value.words + (" (encrypted)" if value.sealed else "")
