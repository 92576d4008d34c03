"""What matters most to a reviewer, if not everything can be shown."""

from __future__ import annotations

from enum import IntEnum


class Rank(IntEnum):
    """The first is shown before anything else."""

    VERDICT = 0
    #: What failed tests have in common, with place and root.
    CAUSES = 1
    TOTALS = 2
    #: Since the run before.
    CHANGES = 3
    #: That failed, were blocked or did not finish, by name.
    TESTS = 4
    COMMANDS = 5
    #: Of the greatest causes.
    TRACEBACKS = 6
    RECOMMENDATIONS = 7
    #: What is flaky, slow, slower than before.
    FINDINGS = 8
    TIMING = 9
    FOLDERS = 10
    #: Circumstances, trends, score.
    BACKGROUND = 11
    MORE_TRACEBACKS = 12
