"""Why history cannot be read or written: exceptions, each with the code of its page.

HistoryError
HistoryUnavailableError      the database
HistoryConflictError       ... and the same may succeed the next time
HistoryLockedError         ... by another process, for longer than was waited
HistoryTooNewError, HistoryTooOldError, HistoryNotFoundError
RunPausedError, RunInUseError, IdempotencyKeyInUseError, UnknownRunError
NoRunMatchesError, AnswerRetentionError
"""

from forwardc.core.diagnostics.diagnostic import Diagnostic
from forwardc.core.diagnostics.errors import ForwardcError


class HistoryError(ForwardcError):
    """History did not do what was asked. `code` has a page of its own."""

    code = "FC0819"

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def diagnostic(self) -> Diagnostic:
        """The same as something to report."""
        return Diagnostic(self.code, self.message, hint=self.hint)


class HistoryUnavailableError(HistoryError):
    """The database cannot be reached, opened, read or written: locked, full, damaged, gone."""


class HistoryConflictError(HistoryUnavailableError):
    """Somebody else changed the same rows at the same time.

    Nothing was done, and the same may succeed.
    """


class HistoryLockedError(HistoryUnavailableError):
    """Another process holds what is needed, and has held it for as long as was waited.

    Nothing was done, and the same may succeed.
    """


class HistoryTooNewError(HistoryError):
    """A newer forwardc has changed the tables."""

    code = "FC0818"


class HistoryNotFoundError(HistoryError):
    """There is no history where one was to be read. Nothing was made."""

    code = "FC0867"


class HistoryTooOldError(HistoryError):
    """An older forwardc wrote the tables, and may write them still. Nothing was changed."""

    code = "FC0868"


class AnswerRetentionError(HistoryError):
    """How long answers are kept is said in a way that nobody understands."""

    code = "FC0861"


class NoRunMatchesError(HistoryError):
    """No run fits a filter where some were to be written."""

    code = "FC0869"


class UnknownRunError(HistoryError):
    """No run has this id."""

    code = "FC0820"


class RunInUseError(HistoryError):
    """Another process has taken the run over."""

    code = "FC0823"


class IdempotencyKeyInUseError(HistoryError):
    """Another run has the caller's idempotency key."""

    code = "FC0835"


class RunPausedError(HistoryError):
    """Nothing is sent to this vault or destination now."""

    code = "FC0822"

    def __init__(self, name: str) -> None:
        super().__init__(f"{name} is paused, and nothing was sent")
        self.name = name
