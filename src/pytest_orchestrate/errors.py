"""The errors of this package.

Two families, so that a reader of a traceback knows whose fault it is:
what the user can mend is a :class:`pytest.UsageError` raised at the border (exit
code 4); what only we can mend derives from :class:`InternalFault` (exit code 3).
"""

from __future__ import annotations

from typing import NoReturn


class OrchestrateError(Exception):
    """Base of every error that this package defines."""


class SettingError(OrchestrateError):
    """A setting has a value that is not accepted; the text names setting, value and choices."""


class InternalFault(OrchestrateError):
    """A broken promise of our own code; the text carries the story that led to it."""


class IllegalMove(InternalFault):
    """A lifecycle was asked for a transition that its table does not have."""


class WorkerRefused(OrchestrateError):
    """A worker could not be used; the text says what to install or change there."""


class HistoryError(OrchestrateError):
    """The history store cannot be used; runs go on without it."""


def assert_never(value: NoReturn) -> NoReturn:
    """Tell type checkers that every case was handled (``typing.assert_never`` of Python 3.11)."""
    raise InternalFault(f"a case was not handled: {value!r}")
