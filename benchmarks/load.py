"""A bounded load: `python -m benchmarks.load` reads what to ask from its input and prints figures.

Each connection asks again once it is answered, until the seconds are over. It speaks just enough
HTTP to cost a tenth of what it measures.
"""

import asyncio
import json
import sys
from dataclasses import asdict, dataclass, field
from itertools import count
from time import perf_counter

import uvloop


@dataclass(frozen=True, slots=True)
class Task:
    """What is asked. `REFERENCE` in `body` becomes one that no other request has."""

    port: int
    path: str
    headers: dict[str, str]
    body: str
    connections: int
    seconds: float
    first: int = 0


@dataclass(slots=True)
class Figures:
    """What came of it. Times are seconds; `errors` counts all but 200; `next` was not asked yet."""

    answered: int = 0
    errors: int = 0
    seconds: float = 0.0
    median: float = 0.0
    p99: float = 0.0
    next: int = 0
    statuses: dict[str, int] = field(default_factory=dict)

    @property
    def per_second(self) -> float:
        """Answers in a second, errors left out."""
        return (self.answered - self.errors) / self.seconds


def reference(number: int) -> str:
    """The reference with a number: 26 characters that cannot be guessed from the one before."""
    mixed = f"{(number * 0x9E3779B97F4A7C15 + 0x5851F42D4C957F2D) % 2**64:016x}"
    # Letters between, since digits in a row may look like a card number, which is refused.
    return f"{mixed[:8]}g{mixed[8:]}g{number:08x}"


async def load(task: Task) -> Figures:
    """Ask until the time is over."""
    figures, taken = Figures(), list[float]()
    numbers = count(task.first)
    began = perf_counter()
    until = began + task.seconds
    await asyncio.gather(
        *(_ask(task, numbers, until, taken, figures) for _ in range(task.connections))
    )
    figures.seconds = perf_counter() - began
    figures.next = next(numbers)
    taken.sort()
    if taken:
        figures.median = taken[len(taken) // 2]
        figures.p99 = taken[min(len(taken) - 1, int(len(taken) * 0.99))]
    return figures


async def _ask(
    task: Task, numbers: "count[int]", until: float, taken: list[float], figures: Figures
) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", task.port)
    lines = "".join(f"{name}: {value}\r\n" for name, value in task.headers.items())
    while perf_counter() < until:
        body = task.body.replace("REFERENCE", reference(next(numbers)))
        head = f"POST {task.path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{lines}"
        started = perf_counter()
        writer.write(f"{head}Content-Length: {len(body)}\r\n\r\n{body}".encode())
        status = await _answered(reader)
        taken.append(perf_counter() - started)
        figures.answered += 1
        figures.errors += status != "200"
        figures.statuses[status] = figures.statuses.get(status, 0) + 1
    writer.close()


async def _answered(reader: asyncio.StreamReader) -> str:
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    length = head.partition(b"content-length:")[2].split(b"\r\n", 1)[0]
    await reader.readexactly(int(length))
    return head[9:12].decode()


def main() -> None:
    """Read a task as JSON, and print its figures as JSON."""
    figures = uvloop.run(load(Task(**json.loads(sys.stdin.read()))))
    sys.stdout.write(json.dumps(asdict(figures)) + "\n")


if __name__ == "__main__":
    main()
