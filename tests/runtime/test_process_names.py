"""Which process holds a run, and whether it is dead: a doubt is no death."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from forwardc.runtime.run import store_journal
from forwardc.runtime.run.store_journal import is_dead, this_process

NAMESPACE = Path("/proc/self/ns/pid")
SAY = "from forwardc.runtime.run.store_journal import this_process; print(this_process())"


@pytest.fixture
def gone() -> str:
    """The name of a process that has ended, as it called itself."""
    done = subprocess.run([sys.executable, "-c", SAY], capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.fixture
def moved(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """Lets this process be elsewhere, until the test ends."""
    yield monkeypatch
    store_journal._place.cache_clear()


def test_a_process_that_ended_here_is_dead(gone: str) -> None:
    assert is_dead(gone)
    assert not is_dead(this_process())


@pytest.mark.skipif(not NAMESPACE.exists(), reason="needs Linux")
def test_a_process_of_another_container_is_not(gone: str, moved: pytest.MonkeyPatch) -> None:
    """Its host may have the same name; its process ids are others."""
    moved.setattr(Path, "readlink", lambda _: Path("pid:[1]"))
    store_journal._place.cache_clear()
    assert not is_dead(gone)


@pytest.mark.parametrize("owner", ["", "elsewhere/1/abcd", "a/b/c", "no form at all"])
def test_a_name_that_is_not_understood_is_not(owner: str) -> None:
    assert not is_dead(owner)
