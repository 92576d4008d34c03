"""What a test has to wait for, once its markers have been understood."""

from __future__ import annotations

from typing import Literal

import msgspec


class Need(msgspec.Struct, frozen=True, omit_defaults=True, cache_hash=True):
    """Tests that one test has to wait for. Tests are indices."""

    #: Ascending; never empty; never the test itself.
    targets: tuple[int, ...]
    #: ``passed``: they must end well; ``ran``: any outcome will do.
    when: Literal["passed", "ran"] = "passed"
    #: One of them is enough.
    any: bool = False
    #: On the same worker.
    colocate: bool = False
