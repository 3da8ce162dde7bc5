"""Names a mistake of ours by its kind and place, without its message, which may hold values."""

import traceback
from pathlib import Path


def named(error: BaseException) -> str:
    """An exception's type and the last place in this package that it went through.

    As `OverflowError in runtime/http/send.py:12`.
    """
    package = Path(__file__).parents[2]
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if Path(frame.filename).is_relative_to(package)]
    if not ours:
        return type(error).__name__
    place = Path(ours[-1].filename).relative_to(package).as_posix()
    return f"{type(error).__name__} in {place}:{ours[-1].lineno}"
