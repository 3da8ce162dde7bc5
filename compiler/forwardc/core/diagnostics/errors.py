"""The root of every exception that forwardc raises, and when one is the right thing.

- A mistake that somebody wrote and a report can show is a `Diagnostic`, by `Sink.report`: collected
  with its place and its hint, while the command goes on to the next one.
- A call that cannot give what it promises (a file, a database, a value that has no such form)
  raises an exception below `ForwardcError`, and says so under `Raises:`.
- A step inside that ends early, after which its caller goes on in another way, raises one as well;
  it is private where it never leaves its module.
- A result among others, which a caller tells apart, is a value and no exception.

The name of an exception ends in `Error`. Where callers catch a class of Python or of a library,
that class stands second: `class FileRefusedError(ForwardcError, OSError)`. Messages have names and
types, never values. The sandbox shares no code with us, and has a root of its own.
"""

from pathlib import Path


class ForwardcError(Exception):
    """What forwardc itself raises. Whoever calls it from Python can catch this one class."""


def error_place(error: BaseException) -> str:
    """An exception's type and the last place in this package that it went through.

    As `OverflowError in runtime/http/send.py:12`.
    """
    # Late: only a failure of ours needs it.
    import traceback

    package = Path(__file__).parents[2]
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if Path(frame.filename).is_relative_to(package)]
    if not ours:
        return type(error).__name__
    place = Path(ours[-1].filename).relative_to(package).as_posix()
    return f"{type(error).__name__} in {place}:{ours[-1].lineno}"
