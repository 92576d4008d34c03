"""Messages between controller and workers, and their bytes.

A message is a msgspec Struct; what travels is a *batch*, a MessagePack array of messages, each
encoded by itself: so what a worker could not send any more survives in its outbox.

:data:`WIRE_VERSION` changes with every incompatible change of these classes; a worker that
speaks another version is refused before it is configured.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

import msgspec

from pytest_orchestrate.model.annotations import Annotations, Requirable
from pytest_orchestrate.model.escaping import escaped

WIRE_VERSION = 11

#: Key in a serialised report: its longrepr was an object of which only the text could travel.
TEXT_ONLY = "$pytest_orchestrate_text_only"
#: Attribute of a tear-down report on its way: what the attempt has left (artifacts.py).
LEFT = "orchestrate_left"


class _Message(msgspec.Struct, frozen=True, array_like=True, tag_field="t", gc=False):
    """Base of all messages."""


# --- controller -> worker -------------------------------------------------------------


class SendCollection(_Message, frozen=True, tag=1):
    """Send the :class:`Collection`; only its digest came so far."""


class Enqueue(_Message, frozen=True, tag=2):
    """Run these tests, by position in the worker's ``session.items``, after those you have."""

    tests: list[int]
    #: position -> resource -> numbers of the slots that the test has
    slots: dict[int, dict[str, list[int]]] = {}
    #: position -> files that its process locks meanwhile, and whether it shares the lock
    locks: dict[int, list[tuple[str, bool]]] = {}


class TakeBack(_Message, frozen=True, tag=3):
    """Give back those of these tests that have not begun."""

    tests: list[int]


class Finish(_Message, frozen=True, tag=4):
    """Nothing more will come: run what is queued, tear down, leave."""


class Interrupt(_Message, frozen=True, tag=5):
    """Raise KeyboardInterrupt in whatever runs now."""


class ShowStacks(_Message, frozen=True, tag=6):
    """Answer at once with the stacks of all threads, whatever runs now."""


class CollectFile(_Message, frozen=True, tag=7):
    """Tests of this file, which another worker has collected, may follow: collect it, too.

    ``tests`` (node id and occurrence) get the positions from ``first`` on.
    """

    file: str
    first: int
    tests: list[tuple[str, int]]


class ImportModules(_Message, frozen=True, tag=8):
    """Import these before the next test: other workers have, while they collected."""

    names: list[str]


class TearDown(_Message, frozen=True, tag=9):
    """Tear down the fixtures of classes and modules, after what you have; go on."""


ToWorker = (
    CollectFile
    | ImportModules
    | SendCollection
    | Enqueue
    | TakeBack
    | TearDown
    | Finish
    | Interrupt
    | ShowStacks
)


# --- worker -> controller -------------------------------------------------------------


class BatchNumber(_Message, frozen=True, tag=20):
    """First message of every batch; counts from 1."""

    number: int


class Ready(_Message, frozen=True, tag=21):
    """The worker's session has begun. ``info``: what pytest prints about a worker."""

    info: dict[str, Any]


class WarningRecord(_Message, frozen=True, tag=22):
    """One recorded warning (arguments of ``pytest_warning_recorded``)."""

    text: str
    #: (module, qualified name) of the warning's class.
    category: tuple[str, str]
    filename: str
    lineno: int
    line: str | None
    when: str
    nodeid: str
    location: tuple[str, int, str] | None


class CollectProblem(_Message, frozen=True, tag=23):
    """A collection report that is not ``passed``."""

    #: ``execnet.dumps`` of the serialised report.
    report: bytes
    #: Whether a collector was begun after it: there ``-x`` would have stopped plain pytest.
    more: bool
    #: How many tests had been found until then.
    found: int


class Collected(_Message, frozen=True, tag=24):
    """Collection is over. Equal digests mean equal lists of tests, in equal order.

    ``errors`` counts the collectors that failed (those that skipped themselves did not).
    ``full_because``: why everything was collected by a worker that was to collect a share.
    ``imports``: seconds by top-level module that a forked worker spent on importing what could
    have been preloaded.
    """

    tests: int
    digest: bytes
    seconds: float
    errors: int
    full_because: str | None
    imports: dict[str, float]


class Collection(_Message, frozen=True, tag=25):
    """What one worker collected: the tests of the run, if this worker is the one that counts."""

    nodeids: list[str]
    #: position -> co-location group
    groups: dict[int, str]
    #: position -> key of the parameters of fixtures of higher than file scope
    affinities: dict[int, str]
    #: position -> what markers say of the test
    annotations: dict[int, Annotations]
    #: tests found, deselected ones included, as pytest's "collected N items" counts
    found: int
    requirable: Requirable
    #: what is to be said, line by line: tests were added because others require them
    remarks: list[str]
    problems: list[CollectProblem]
    warnings: list[WarningRecord]
    #: file (node id) -> seconds that its collection took
    costs: dict[str, float]
    #: what ``--lf`` and ``--ff`` say about their choice
    last_failed_status: str | None
    passed_over_files: int


class Part(_Message, frozen=True, tag=40):
    """What a worker found in one file, or outside of any, under the same part of a node id."""

    key: str
    is_file: bool
    #: Another worker is to report it; this one has collected it to be ready to help.
    is_copy: bool
    #: None: it was left to another worker.
    nodeids: list[str] | None
    #: as in :class:`Collection`, by position in ``nodeids``
    groups: dict[int, str]
    affinities: dict[int, str]
    annotations: dict[int, Annotations]
    found: int
    requirable: Requirable
    #: ``found`` of each counts the tests of this part only
    problems: list[CollectProblem]
    #: seconds that its collection took
    cost: float


class Share(_Message, frozen=True, tag=41):
    """What a worker collected that collects a share: all parts of the tree, as it walked it.

    Its tests are at the positions that they have when all ``nodeids`` are put one after another.
    """

    parts: list[Part]
    warnings: list[WarningRecord]
    #: modules other than test files that were imported while it collected
    modules: list[str]


class Lacking(_Message, frozen=True, tag=42):
    """These tests, which were sent, are not in their file as this worker has collected it."""

    tests: list[int]


class TestBegan(_Message, frozen=True, tag=26):
    """A test begins. ``keywords``: names only, as in pytest's reports."""

    __test__ = False

    test: int
    location: tuple[str, int | None, str]
    keywords: list[str]


class PhasePassed(_Message, frozen=True, tag=27):
    """An ordinary passed phase, from which pytest's report can be rebuilt."""

    test: int
    when: str
    duration: float
    start: float
    stop: float


class PhaseReport(_Message, frozen=True, tag=28):
    """Any other report. ``report``: ``execnet.dumps`` of its serialised form."""

    test: int
    report: bytes


class TestDone(_Message, frozen=True, tag=29):
    """A test is over; seconds per phase."""

    __test__ = False

    test: int
    outcome: str
    setup: float
    call: float
    teardown: float


class TestClosed(_Message, frozen=True, tag=30):
    """No report of this test follows, but for a late tear-down error."""

    __test__ = False

    test: int


class TestAmendment(_Message, frozen=True, tag=31):
    """A late tear-down of fixtures that this test used last has failed.

    ``replaces``: the test's own tear-down report has not been sent; this one stands for it.
    """

    __test__ = False

    test: int
    report: bytes
    replaces: bool


class XmlAttributes(_Message, frozen=True, tag=38):
    """What a test recorded with ``record_xml_attribute``; sent before its tear-down report."""

    test: int
    pairs: list[tuple[str, str]]


class GivenBack(_Message, frozen=True, tag=32):
    """Answer to :class:`TakeBack`."""

    tests: list[int]


class TornDown(_Message, frozen=True, tag=43):
    """Answer to :class:`TearDown`."""


class FixtureCost(_Message, frozen=True, tag=33):
    """Set-up of a fixture of higher than function scope."""

    file: str | None
    name: str
    scope: str
    seconds: float


class Trouble(_Message, frozen=True, tag=34):
    """What ends the worker's session early.

    ``kind``: ``usage`` (UsageError), ``exit`` (pytest.exit), ``interrupt`` (KeyboardInterrupt
    that nobody asked for), ``stop`` (``session.shouldstop``), ``fail``
    (``session.shouldfail``), ``internal`` (INTERNALERROR); before collection has ended, a
    :class:`Collection` without tests goes before it. ``share``: a hook needs more than a share.
    """

    kind: str
    texts: list[str]
    returncode: int | None = None


class Stacks(_Message, frozen=True, tag=35):
    """Answer to :class:`ShowStacks`."""

    text: str


class Printed(_Message, frozen=True, tag=36):
    """Raw output of a worker that shares no file system with the controller."""

    stream: int
    data: bytes


class Farewell(_Message, frozen=True, tag=37):
    """The worker's session is over. ``output``: ``execnet.dumps`` of ``config.workeroutput``."""

    exitstatus: int
    output: bytes
    #: properties recorded with ``record_testsuite_property``
    properties: list[tuple[str, str]]


FromWorker = (
    BatchNumber
    | Ready
    | WarningRecord
    | Collected
    | Collection
    | Share
    | Lacking
    | TestBegan
    | PhasePassed
    | PhaseReport
    | TestDone
    | TestClosed
    | TestAmendment
    | XmlAttributes
    | GivenBack
    | TornDown
    | FixtureCost
    | Trouble
    | Stacks
    | Printed
    | Farewell
)

_encoder = msgspec.msgpack.Encoder()
_to_worker = msgspec.msgpack.Decoder(list[ToWorker])
# made when it is first needed: it takes a while, and workers have no use for it
_from_worker = functools.cache(lambda: msgspec.msgpack.Decoder(list[FromWorker]))


def encode(message: ToWorker | FromWorker) -> bytes:
    """Return one message as bytes; strings that are no Unicode are escaped, never refused."""
    try:
        return _encoder.encode(message)
    except UnicodeEncodeError:
        plain = msgspec.to_builtins(message, builtin_types=(bytes,))
        return _encoder.encode(escaped(plain))


def batch(messages: Sequence[bytes]) -> bytes:
    """Return encoded messages as one batch."""
    return b"\xdd" + len(messages).to_bytes(4, "big") + b"".join(messages)


def single(message: ToWorker | FromWorker) -> bytes:
    """Return a batch of one message."""
    return b"\x91" + encode(message)


def decode_to_worker(data: bytes) -> list[ToWorker]:
    """Return the messages of a batch sent to a worker."""
    return _to_worker.decode(data)


def decode_from_worker(data: bytes) -> list[FromWorker]:
    """Return the messages of a batch sent by a worker."""
    return _from_worker().decode(data)
