"""Why history cannot be read or written, as exceptions that carry a code. No value is in them."""

from forwardc.diagnostics.diagnostic import Diagnostic


class HistoryError(Exception):
    """History did not do what was asked. `code` has a page of its own."""

    code = "FC0819"

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def diagnostic(self) -> Diagnostic:
        """The same as something to report."""
        return Diagnostic(self.code, self.message, hint=self.hint)


class HistoryUnavailable(HistoryError):  # noqa: N818 - the database's state
    """The database cannot be reached, opened, read or written: locked, full, damaged, gone."""


class HistoryContended(HistoryUnavailable):
    """Somebody else changed the same rows at the same time. Nothing was done; it may be again."""


class HistoryNewer(HistoryError):  # noqa: N818 - the database's state
    """A newer forwardc has changed the tables."""

    code = "FC0818"


class NoHistory(HistoryError):  # noqa: N818 - what is not there
    """There is no history where one was to be read. Nothing was made."""

    code = "FC0867"


class HistoryOlder(HistoryError):  # noqa: N818 - the database's state
    """An older forwardc wrote the tables, and may write them still. Nothing was changed."""

    code = "FC0868"


class AnswersSetting(HistoryError):  # noqa: N818 - what somebody wrote
    """How long answers are kept is said in a way that nobody understands."""

    code = "FC0861"


class NothingFits(HistoryError):  # noqa: N818 - what was asked for
    """No run fits a filter where some were to be written."""

    code = "FC0869"


class UnknownRun(HistoryError):  # noqa: N818 - the id's property
    """No run has this id."""

    code = "FC0820"


class RunInUse(HistoryError):  # noqa: N818 - the run's state
    """Another process has taken the run over."""

    code = "FC0823"


class KeyInUse(HistoryError):  # noqa: N818 - the key's state
    """Another run has the caller's idempotency key."""

    code = "FC0835"


class RunPaused(HistoryError):  # noqa: N818 - what somebody decided
    """Nothing is sent to this vault or destination now."""

    code = "FC0822"

    def __init__(self, name: str) -> None:
        super().__init__(f"{name} is paused, and nothing was sent")
        self.name = name
