"""A rule that is asked of many inputs counts as one test, and names every input that breaks it.

`one_rule` stands where `pytest.mark.parametrize` would make a test of each file, code or pair: the
figure of the suite is then one of rules and cases. Stacked, two of them walk all pairs.
"""

import functools
import inspect
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import pytest

Check = Callable[..., None]


def one_rule(names: str | Sequence[str], inputs: Iterable[Any]) -> Callable[[Check], Check]:
    """A test that asks a check of every input, and fails with all that break it.

    `names` are the parameters that an input fills, as those of `parametrize`. The others stay
    fixtures and are shared by all inputs, but for those that remember: each input has a folder of
    its own, what it patches ends with it, and it hears only its own log and output.
    """
    parameters = [names] if isinstance(names, str) else [*names]
    all_inputs = [*inputs]

    def decorate(check: Check) -> Check:
        @functools.wraps(check)
        def test(**fixtures: Any) -> None:
            failures, skipped = [], None
            for number, values in enumerate(all_inputs):
                arguments = dict(
                    zip(parameters, (values,) if isinstance(names, str) else values, strict=True)
                )
                try:
                    with pytest.MonkeyPatch.context() as patch:
                        check(**arguments, **_of_this_input(fixtures, number, patch))
                except (Exception, pytest.fail.Exception) as problem:
                    failures.append(f"{_shown(arguments)}: {problem!r}"[:2_000])
                except pytest.skip.Exception as reason:
                    # The inputs after it are asked, and what failed is not hidden by it.
                    skipped = reason
            assert all_inputs, "there is no input"
            assert not failures, f"{len(failures)} of {len(all_inputs)}:\n" + "\n".join(failures)
            if skipped is not None:
                raise skipped

        taken = inspect.signature(check)
        left = [one for name, one in taken.parameters.items() if name not in parameters]
        test.__signature__ = taken.replace(parameters=left)  # type: ignore[attr-defined]
        return test

    return decorate


def _of_this_input(
    fixtures: dict[str, Any], number: int, patch: pytest.MonkeyPatch
) -> dict[str, Any]:
    """The fixtures, with new ones in the place of those that remember an input before."""
    own: dict[str, Any] = {}
    if isinstance(folder := fixtures.get("tmp_path"), Path):
        own["tmp_path"] = folder / f"input-{number}"
        own["tmp_path"].mkdir()
    if "monkeypatch" in fixtures:
        own["monkeypatch"] = patch
    if "caplog" in fixtures:
        fixtures["caplog"].clear()
    for name in fixtures.keys() & {"capsys", "capfd"}:
        fixtures[name].readouterr()
    return fixtures | own


def _shown(arguments: dict[str, Any]) -> str:
    return ", ".join(
        f"{name}={value if isinstance(value, str | Path) else ascii(value)}"[:200]
        for name, value in arguments.items()
    )
