"""How an attempt ends."""

from __future__ import annotations

from typing import Literal

#: ``passed``, ``failed`` (the test's own code), ``error`` (set-up or tear-down),
#: ``skipped``, ``xfailed``, ``xpassed``; ``crashed``: its worker died under it;
#: ``interrupted``: it was cut off by Ctrl-C, ``pytest.exit`` or the end of the run;
#: ``blocked``: something that it requires did not end well, so it did not run;
#: ``not run``: it never started, for another reason.
Outcome = Literal[
    "passed",
    "failed",
    "error",
    "skipped",
    "xfailed",
    "xpassed",
    "crashed",
    "interrupted",
    "blocked",
    "not run",
]

#: Outcomes that make a run fail.
BAD: frozenset[str] = frozenset({"failed", "error", "crashed"})

#: Outcomes that are good enough for whoever requires the test.
GOOD: frozenset[str] = frozenset({"passed", "xpassed"})
