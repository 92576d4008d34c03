"""What collection found."""

from __future__ import annotations

import msgspec


class CollectedTest(msgspec.Struct, frozen=True, omit_defaults=True):
    """One test as a worker collected it.

    A test's identity is ``(nodeid, occurrence)``: pytest's node ids are not unique
    (``--keep-duplicates``, a file named twice). In hot paths a test is its index in the
    run's list of tests.
    """

    nodeid: str
    #: 0 for the first test with this node id, 1 for the second ...
    occurrence: int = 0
    #: Tests of one group stay on one worker, in collection order.
    group: str | None = None
    #: Key of the fixture parameters of higher than file scope; tests that share it are
    #: best run one after another, or those fixtures are set up again and again.
    affinity: str | None = None

    @property
    def file(self) -> str:
        """The part of the node id that names the file, relative to the root directory."""
        return self.nodeid.partition("::")[0]
