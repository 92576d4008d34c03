"""Running tests: which comes after which, what is torn down when, what is reported."""

from __future__ import annotations

import contextlib
import os
from os import getpid

import pytest

from pytest_orchestrate import wire
from pytest_orchestrate.internals.junit import XmlRecorder
from pytest_orchestrate.internals.reports import only_own_serializers, plain_report_fields
from pytest_orchestrate.internals.teardown import (
    looks_at_next,
    placeholder_above,
    settle,
    stand_in,
)
from pytest_orchestrate.model.attempt import Attempt
from pytest_orchestrate.model.outcome import BAD
from pytest_orchestrate.slots import Slots
from pytest_orchestrate.transport.outbox import Outbox
from pytest_orchestrate.worker import learning
from pytest_orchestrate.worker.known_tests import KnownTests
from pytest_orchestrate.worker.queue import TestQueue
from pytest_orchestrate.worker.serial import report_bytes

_NOTHING = contextlib.nullcontext()
#: Seconds that a passed tear-down report is held back while no next test is known: if the
#: late tear-down of higher-scope fixtures fails in that time, the report can still say so.
HOLD = 0.25


class Runner:
    """Runs what the queue brings, until it ends.

    pytest has to be told the next test before it runs one, so that it knows which fixtures
    to keep. If the next test is not known yet, the worker *parks*: function-scoped fixtures
    are torn down, higher scopes stay until the next test is known. Where plugins look at the next
    test, too, it stays the next one, and while it is not known it is one of another file.
    """

    def __init__(
        self,
        session: pytest.Session,
        queue: TestQueue,
        tests: KnownTests,
        outbox: Outbox,
        xml: XmlRecorder | None,
        slots: Slots,
    ) -> None:
        self.session = session
        self.queue = queue
        self.tests = tests
        self.outbox = outbox
        self.xml = xml
        self.slots = slots
        self.ended = False
        self._compact = only_own_serializers(session.config)
        self._test = -1
        self._attempt = Attempt()
        self._keywords = 0
        self._parking = False
        self._held: pytest.TestReport | None = None
        self._process = getpid()
        #: What runs after a test would not count as that test's: nothing stays up for later.
        self._tears_all_down = learning.learns(session.config)
        if self._tears_all_down:
            learning.tell_what_is_learnt()
        self._keeps_next = False

    def run(self) -> tuple[str, list[str]] | None:
        """Run tests until the queue has ended.

        Returns why the session wants to stop (kind and texts of :class:`wire.Trouble`), or None.
        """
        try:
            return self._run()
        finally:
            self.ended = True

    def _run(self) -> tuple[str, list[str]] | None:
        session, queue = self.session, self.queue
        self._keeps_next = looks_at_next(session.config)
        last: pytest.Item | None = None
        announced: pytest.Item | None = None
        while True:
            test = queue.get(HOLD if self._held is not None else None)
            if test is None and not queue.ended:
                self._pause(last)
                announced = last  # which comes no more: whatever comes is settled first
                continue
            item = self.tests.at(test) if test is not None else None
            if test is not None and item is None:
                self.outbox.put(wire.Lacking([test]), now=True)
                continue
            if last is not None and item is not announced:
                self._settle(last, item)
            self._release()
            if test is None or item is None:
                return None
            following = self._following()
            nextitem: pytest.Item | None
            if following is not None:
                announced = nextitem = following
            elif queue.ended or self._tears_all_down:
                announced = nextitem = None
            else:
                announced, nextitem = item, stand_in(item, keeps_class=not self._keeps_next)
                # nothing is `item` again, so whatever comes is settled first
            self._parking = announced is item
            self._run_one(test, item, nextitem)
            last = item
            if session.shouldfail:
                return "fail", [str(session.shouldfail)]
            if session.shouldstop:
                return "stop", [str(session.shouldstop)]

    def _following(self) -> pytest.Item | None:
        """Return the test that is next as things stand, or None."""
        while (position := self.queue.peek(keep=self._keeps_next)) is not None:
            item = self.tests.at(position)
            if item is not None:
                return item
            if self.queue.drop(position):
                self.outbox.put(wire.Lacking([position]), now=True)
        return None

    def _run_one(self, test: int, item: pytest.Item, nextitem: pytest.Item | None) -> None:
        self._test = test
        self._attempt = Attempt()
        keywords = list(item.keywords)
        self._keywords = len(keywords)
        self.outbox.put(wire.TestBegan(test, _location(item), keywords))
        is_awaited = self.slots.has(test)
        with self.slots.given(test, item) if is_awaited else _NOTHING:
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=nextitem)
        attempt = self._attempt
        if getpid() != self._process:
            # A child that the test has forked came back through its parent's stack. What
            # is left of the session is the parent's.
            os._exit(attempt.outcome in BAD)
        self.outbox.put(
            wire.TestDone(test, attempt.outcome, attempt.setup, attempt.call, attempt.teardown),
            now=attempt.outcome in ("failed", "error") or is_awaited or self.queue.is_due(),
        )
        if self._held is None:
            self.outbox.put(wire.TestClosed(test))

    def take_report(self, report: pytest.TestReport) -> None:
        """Report a phase of the running test."""
        if self._held is not None:  # the test is run again
            held, self._held = self._held, None
            self._send(held)
        if self._attempt.ends_before(report):
            self._end_attempt()
        self._attempt.add(report)
        is_last = report.when == "teardown" and report.outcome == "passed"
        if self._parking and is_last and not hasattr(report, wire.LEFT):
            self._held = report
            return
        self._send(report)

    def _end_attempt(self) -> None:
        """Report an attempt after which the test is run again."""
        attempt, self._attempt = self._attempt, Attempt()
        phases = (attempt.setup, attempt.call, attempt.teardown)
        self.outbox.put(wire.AttemptDone(self._test, attempt.outcome, *phases))

    def _send(self, report: pytest.TestReport) -> None:
        if self.xml is not None and report.when == "teardown":
            attributes = self.xml.take_attributes()
            if attributes:
                self.outbox.put(wire.XmlAttributes(self._test, attributes))
        if (
            self._compact
            and type(report) is pytest.TestReport
            and report.outcome == "passed"
            and report.longrepr is None
            and not report.sections
            and not report.user_properties
            and len(report.keywords) == self._keywords
            and plain_report_fields(report)
        ):
            self.outbox.put(
                wire.PhasePassed(
                    self._test, report.when, report.duration, report.start, report.stop
                )
            )
        else:
            self.outbox.put(wire.PhaseReport(self._test, report_bytes(self.session.config, report)))

    def _release(self) -> None:
        if self._held is not None:
            held, self._held = self._held, None
            self._send(held)
            self.outbox.put(wire.TestClosed(self._test), now=True)

    def _pause(self, last: pytest.Item | None) -> None:
        """No test is next yet; fixtures of classes and modules are torn down if that was asked."""
        is_asked = self.queue.begin_tear_down()
        if is_asked and last is not None:
            self._settle(last, placeholder_above(last))
        self._release()
        if is_asked:
            self.outbox.put(wire.TornDown(), now=True)

    def _settle(self, last: pytest.Item, nextitem: pytest.Item | None) -> None:
        """Tear down what stayed up after ``last`` and is not needed by ``nextitem``."""
        report = settle(last, nextitem)
        if report is None:
            return
        data = report_bytes(self.session.config, report)
        if self._held is not None:
            self._held = None
            self.outbox.put(wire.TestAmendment(self._test, data, replaces=True))
            self.outbox.put(wire.TestClosed(self._test), now=True)
        else:
            self.outbox.put(wire.TestAmendment(self._test, data, replaces=False), now=True)


def _location(item: pytest.Item) -> tuple[str, int | None, str]:
    path, line, domain = item.location
    return str(path), line if line is None else int(line), str(domain)
