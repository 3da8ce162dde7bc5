"""A served call keeps its answer field by field, and what the destination got of it."""

from collections.abc import Callable
from typing import Any

from forwardc.runtime.run.destination_request import destination_request
from sharing_house import House

Serve = Callable[..., Any]


def test_a_served_call_keeps_its_answer(serve: Serve) -> None:
    async def work(house: House) -> None:
        answer = await house.post("pay-1")
        assert answer.status_code == 200, answer.text
        run = house.store.load(answer.headers["forwardc-run"])
        assert run is not None
        (step,) = run.steps
        assert step.recorded_answer is not None
        rows = {row.path: row.shown for row in step.recorded_answer.body.rows}
        assert (step.recorded_answer.whose, step.recorded_answer.status, rows["/status"]) == (
            *("destination", 200),
            "accepted",
        )
        gets = destination_request(run, step)
        assert gets is not None
        assert ("card.number",) in {row.fills for row in gets.body.rows}

    serve(work)


def test_where_none_are_kept_none_is(serve: Serve) -> None:
    async def work(house: House) -> None:
        house.store.answer_days = None
        answer = await house.post("pay-1")
        assert answer.status_code == 200, answer.text
        run = house.store.load(answer.headers["forwardc-run"])
        assert run is not None
        assert (run.summary.outcome, run.steps[0].recorded_answer) == ("approved", None)

    serve(work)
