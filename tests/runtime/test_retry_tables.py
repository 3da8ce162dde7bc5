"""Retries and doubt: the two tables of `runtime/run/retries.py` say what its functions do."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from itertools import product

from forwardc.core.documents.reading import read_part
from forwardc.core.outcome import Outcome
from forwardc.plan.answers import Failure
from forwardc.runtime.run import retries as chapter
from forwardc.runtime.run.answer import (
    DestinationAnswer,
    Headers,
    NoDestinationAnswer,
    StepAnswer,
)
from forwardc.runtime.run.result import Party
from forwardc.runtime.run.retries import (
    AttemptFate,
    AttemptsInDoubt,
    Resend,
    SpentValues,
    after_doubt,
    resend_decision,
)
from forwardc.runtime.run.step_result import Conclusion

TABLES = [
    [[cell.strip() for cell in line.strip("|").split("|")] for line in block.splitlines()[2:]]
    for block in re.findall(r"(?:^\|.*\|\n)+", chapter.__doc__ or "", re.MULTILINE)
]
AGAIN, DOUBT = TABLES
RETRY = ("never", "new_key", "same_key")


def failure(retry: str, *, consumes_cvc: bool, sent: str = "no") -> Failure:
    return read_part(
        Failure, {"status": (500,), "sent": sent, "retry": retry, "consumes_cvc": consumes_cvc}
    )


@dataclass(frozen=True)
class Case:
    """Whatever `resend_decision` is asked about."""

    fate: AttemptFate
    idempotent: bool
    replays: bool
    spent: SpentValues

    @property
    def decision(self) -> Resend:
        return resend_decision(
            self.fate, idempotent=self.idempotent, vault_replays=self.replays, spent=self.spent
        )


def documented(case: Case) -> str | None:
    return case.fate.failure and case.fate.failure.retry


ATTEMPT: dict[str, Callable[[Case], bool]] = {
    "the vault asks for the same key": lambda case: documented(case) == "same_key",
    "not sent, and nobody answered": lambda case: (
        case.fate.sent is False and case.fate.silent and case.fate.failure is None
    ),
    "not sent, by an answer that is not documented": lambda case: (
        case.fate.sent is False and not case.fate.silent and case.fate.failure is None
    ),
    "not sent, documented as safe to repeat": lambda case: (
        case.fate.sent is False and documented(case) == "new_key"
    ),
    "not sent, documented as final": lambda case: (
        case.fate.sent is False and documented(case) == "never"
    ),
    "perhaps sent, and nobody answered": lambda case: case.fate.sent is None and case.fate.silent,
    "perhaps sent": lambda case: case.fate.sent is None,
}
REQUEST: dict[str, Callable[[Case], bool]] = {
    "anything": lambda _: True,
    "it has used up its CVC": lambda case: (
        case.fate.failure is not None and case.fate.failure.consumes_cvc and case.spent.holds_cvc
    ),
    "the vault repeats its answer to a key": lambda case: case.replays,
    "our key is honoured, no CVC, a source that serves again": lambda case: (
        case.idempotent and not case.spent.holds_cvc and not case.spent.single_use
    ),
}


def cases() -> list[Case]:
    failures = [None, *(failure(way, consumes_cvc=cvc) for way in RETRY for cvc in (True, False))]
    return [
        Case(AttemptFate(sent, known, silent), idempotent, replays, SpentValues(cvc, once))
        for sent in (False, None)
        for known in failures
        # A documented failure is an answer of the vault.
        for silent in ((True, False) if known is None else (False,))
        for idempotent, replays, cvc, once in product((True, False), repeat=4)
    ]


def test_the_first_line_that_fits_decides_whether_it_is_sent_again() -> None:
    used: set[int] = set()
    for case in cases():
        number, line = next(
            (number, line)
            for number, line in enumerate(AGAIN)
            if ATTEMPT[line[0]](case) and REQUEST[line[1]](case)
        )
        used.add(number)
        assert case.decision == line[2], (line, case)
    assert used == set(range(len(AGAIN))), "a line that never decides"


ANSWER = DestinationAnswer(402, Headers(), "")
READS: list[StepAnswer] = [
    ANSWER,
    *(
        NoDestinationAnswer(Outcome.REJECTED, Party.VAULT, "no", failure=known)
        for known in (None, *(failure(way, consumes_cvc=False) for way in RETRY))
    ),
]
EARLIER: dict[str, Callable[[AttemptsInDoubt], bool]] = {
    "none": lambda doubt: not doubt.keys,
    "some": lambda doubt: bool(doubt.keys),
    "only under this key, which the vault repeats": lambda doubt: (
        doubt.replays and doubt.keys == {doubt.key}
    ),
}
BRINGS: dict[str, Callable[[StepAnswer, Outcome], bool]] = {
    "anything": lambda _, __: True,
    "no refusal": lambda _, outcome: outcome is not Outcome.REJECTED,
    "a refusal as the first answer": lambda read, outcome: (
        outcome is Outcome.REJECTED
        and (
            isinstance(read, DestinationAnswer)
            or (read.failure is not None and read.failure.retry != "same_key")
        )
    ),
    "any other refusal": lambda _, outcome: outcome is Outcome.REJECTED,
}


def test_the_first_line_that_fits_says_what_an_answer_means_in_doubt() -> None:
    used: set[int] = set()
    for keys, replays, read, outcome in product(
        ((), ("k1",), ("k0",), ("k0", "k1")), (True, False), READS, Outcome
    ):
        doubt = AttemptsInDoubt(frozenset(keys), "k1", replays)
        concluded = Conclusion(outcome, None, None, read)
        number, line = next(
            (number, line)
            for number, line in enumerate(DOUBT)
            if EARLIER[line[0]](doubt) and BRINGS[line[1]](read, outcome)
        )
        used.add(number)
        after = after_doubt(doubt, read, concluded)
        if line[2] == "as concluded":
            assert after == concluded, (line, doubt, read, outcome)
        else:
            assert after.outcome == line[2], (line, doubt, read, outcome)
    assert used == set(range(len(DOUBT))), "a line that never decides"
