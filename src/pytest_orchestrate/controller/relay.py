"""From the messages of workers to pytest's hooks, as if the tests had run here."""

from __future__ import annotations

import builtins
import os
import sys
import time
import warnings
from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, Any

import execnet
import pytest

from pytest_orchestrate import wire
from pytest_orchestrate.controller.evidence import Evidence, foreign_markers
from pytest_orchestrate.internals.junit import junit_xml, reopen_case
from pytest_orchestrate.internals.notice import (
    goes_unnoticed,
    keep_unnoticed,
    write_dot,
    writes_dots,
)
from pytest_orchestrate.internals.reports import report_id, restore_subtest
from pytest_orchestrate.model.attempt import Phases, added, may_be_repeated
from pytest_orchestrate.xdist_contract import Node, tell_crash

if TYPE_CHECKING:
    from pytest_orchestrate.artifacts import Left


class OpenTest:
    """A test that a worker has begun and not closed."""

    __slots__ = (
        "attributes",
        "clock",
        "earlier",
        "evidence",
        "keywords",
        "left",
        "location",
        "repeated_at",
        "shares_clock",
        "started",
    )

    def __init__(
        self,
        location: tuple[str, int | None, str],
        keywords: dict[str, int],
        markers: Collection[str] = (),
        *,
        shares_clock: bool = True,
    ) -> None:
        self.location = location
        self.keywords = keywords
        self.shares_clock = shares_clock
        #: seconds since the epoch: when it began or, on another machine, when that was heard
        self.started = time.time()
        #: when it began by the clock of that machine
        self.clock: float | None = None
        #: seconds of set-up, call and tear-down of its earlier attempts
        self.earlier: Phases = (0.0, 0.0, 0.0)
        self.evidence = Evidence(location[1], markers, location[0])
        #: when a call ended that is perhaps run again, by its worker's clock
        self.repeated_at: float | None = None
        self.attributes: list[tuple[str, str]] = []
        self.left: Left | None = None

    def began_at(self, when: float) -> None:
        """Its worker says when the attempt began."""
        if self.shares_clock:
            self.started = when
        else:
            self.clock = when

    def begin_again(self, spent: Phases) -> None:
        """An attempt that took so long is over, and another one begins."""
        self.earlier = added(self.earlier, spent)
        self.started, self.clock, self.left = time.time(), None, None
        if self.repeated_at is not None:  # no set-up will tell
            self.began_at(self.repeated_at)
            self.repeated_at = None
        self.evidence = self.evidence.again()


class TextOnly:
    """Stands for the representation of a failure, of which only the text could travel.

    pytest takes the first line of a plain ``str`` for a message and adds it to the short
    summary, where the representation would have added nothing.
    """

    def __init__(self, text: str, *, red: bool = False) -> None:
        self._text = text
        self._is_red = red

    def __str__(self) -> str:
        return self._text

    def toterminal(self, tw: Any) -> None:
        """Write the text as pytest does."""
        tw.line(self._text, red=self._is_red)


class Relay:
    """Replays what workers report."""

    def __init__(self, config: pytest.Config, uid: str) -> None:
        self.config = config
        self._uid = uid
        self._root = os.fspath(config.rootpath)
        self._markers = foreign_markers(config)
        self._ids: dict[int, Any] = {}
        self._nodeids: list[str] = []
        self._open: dict[int, OpenTest] = {}
        self._seen_warnings: set[tuple[str, str, str, int]] = set()
        self._config_warnings: list[wire.WarningRecord] | None = []
        reporter = config.pluginmanager.getplugin("terminalreporter")
        #: Who hears of reports.
        self.logreport: Callable[..., object] = config.hook.pytest_runtest_logreport
        #: Whether passed phases go unnoticed; None when that is not known yet.
        self._unnoticed: bool | None = None
        #: What is done with a passed call that only pytest's own plugins see; None: all hear of it.
        self.note_passed = write_dot if writes_dots(config) else None
        without = [reporter] if reporter is not None else []
        # the line that the terminal prints when a test starts makes sense for one test at a time
        self._logstart = config.pluginmanager.subset_hook_caller("pytest_runtest_logstart", without)

    def know(self, nodeids: list[str]) -> None:
        """Take in the node ids of the run's tests, by index."""
        self._nodeids = nodeids

    # --- tests ---

    def began(self, test: int, message: wire.TestBegan, *, shares_clock: bool) -> None:
        """Replay the start of a test.

        :param shares_clock: The worker's clock is that of this machine.
        """
        location = (message.location[0], message.location[1], message.location[2])
        markers = self._markers.intersection(message.keywords) if self._markers else ()
        keywords = dict.fromkeys(message.keywords, 1)
        self._open[test] = OpenTest(location, keywords, markers, shares_clock=shares_clock)
        self._logstart(nodeid=self._nodeids[test], location=location)

    def phase_passed(self, test: int, node: Node, message: wire.PhasePassed) -> None:
        """Replay an ordinary passed phase."""
        known = self._open[test]
        nodeid = self._ids.get(test)
        if nodeid is None:
            nodeid = self._ids[test] = report_id(self._nodeids[test])
        report = pytest.TestReport(
            nodeid,
            known.location,
            known.keywords,  # type: ignore[arg-type]  # int, not Literal[1]
            "passed",
            None,
            message.when,  # type: ignore[arg-type]  # str, not Literal
            (),
            message.duration,
            message.start,
            message.stop,
        )
        if message.when == "setup":
            known.began_at(message.start)
        if self._unnoticed is None:
            self._unnoticed = goes_unnoticed(self.config)
        if self._unnoticed and message.when != "call":
            self._name_worker(test, node, report)
            keep_unnoticed(self.config, report)
        elif self._unnoticed and self.note_passed is not None:
            self._name_worker(test, node, report)
            self.note_passed(self.config, report)
        else:
            self._log(test, node, report)

    @pytest.hookimpl
    def pytest_plugin_registered(self) -> None:
        """A new plugin may take notice (registered as a plugin for this)."""
        self._unnoticed = None

    def phase(self, test: int, node: Node, data: bytes, *, late: bool = False) -> pytest.TestReport:
        """Replay any other report, and return it.

        :param late: The test's own tear-down report has been replayed already.
        """
        report, left = self._read(data)
        known = self._open.get(test)
        if known is not None:
            known.left = left or known.left
            known.evidence.add(report, self._root)
            if report.when == "setup":
                known.began_at(report.start)
            elif may_be_repeated(report):
                known.repeated_at = report.stop
        self._log(test, node, report, late=late)
        return report

    def _read(self, data: bytes) -> tuple[pytest.TestReport, Left | None]:
        """Return a report, and what the attempt has left."""
        plain = execnet.loads(data)
        left = plain.pop(wire.LEFT, None)
        is_text_only = plain.pop(wire.TEXT_ONLY, False)
        report: pytest.TestReport = self.config.hook.pytest_report_from_serializable(
            config=self.config, data=plain
        )
        if is_text_only:
            report.longrepr = TextOnly(str(report.longrepr))  # type: ignore[assignment]  # as one
        restore_subtest(report, plain)
        if left is None:
            return report, None
        from pytest_orchestrate.artifacts import Left

        return report, Left.of(left)

    def _log(self, test: int, node: Node, report: pytest.TestReport, *, late: bool = False) -> None:
        known = self._open.get(test)
        self._name_worker(test, node, report)
        if late:
            reopen_case(self.config, report)
        if known is not None and known.attributes and report.when == "teardown":
            xml = junit_xml(self.config)
            if xml is not None:
                reporter = xml.node_reporter(report)
                for name, value in known.attributes:
                    reporter.add_attribute(name, value)
            known.attributes = []
        self.logreport(report=report)

    def _name_worker(self, test: int, node: Node, report: pytest.TestReport) -> None:
        attributes = vars(report)
        attributes["node"] = node
        attributes["worker_id"] = node.gateway.id
        attributes["item_index"] = test
        attributes["testrun_uid"] = self._uid

    def attributes(self, test: int, pairs: list[tuple[str, str]]) -> None:
        """Keep XML attributes for the test's tear-down report."""
        self._open[test].attributes.extend((name, value) for name, value in pairs)

    def closed(self, test: int) -> OpenTest | None:
        """Replay the end of a test; return what was known of it."""
        known = self._open.pop(test, None)
        if known is not None:
            self.config.hook.pytest_runtest_logfinish(
                nodeid=self._nodeids[test], location=known.location
            )
        return known

    def open_test(self, test: int) -> OpenTest | None:
        """Return what is known of a test that has begun and not been closed."""
        return self._open.get(test)

    def crashed(
        self,
        test: int,
        node: Node,
        text: str,
        sections: list[tuple[str, str]],
        duration: float,
    ) -> Evidence:
        """Report a test whose worker died under it; return what is told of that."""
        nodeid = self._nodeids[test]
        known = self._open.get(test)
        if known is None:
            known = self._open[test] = OpenTest((nodeid.partition("::")[0], None, nodeid), {})
        report = pytest.TestReport(
            nodeid,
            known.location,
            known.keywords,  # type: ignore[arg-type]  # int, not Literal[1]
            "failed",
            text,
            "call",
            sections,
            duration,
        )
        self._name_worker(test, node, report)
        tell_crash(self.config, report)
        known.evidence.longrepr, known.evidence.sections = str(report.longrepr), report.sections
        self._log(test, node, report)
        return known.evidence

    # --- collection ---

    def collect_report(self, data: bytes) -> pytest.CollectReport:
        """Replay a report of collection, and return it."""
        plain = execnet.loads(data)
        is_text_only = plain.pop(wire.TEXT_ONLY, False)
        report: pytest.CollectReport = self.config.hook.pytest_report_from_serializable(
            config=self.config, data=plain
        )
        if is_text_only:
            report.longrepr = TextOnly(str(report.longrepr), red=True)  # type: ignore[assignment]  # as one
        self.config.hook.pytest_collectreport(report=report)
        return report

    # --- warnings ---

    @pytest.hookimpl(tryfirst=True)
    def pytest_warning_recorded(self, warning_message: Any) -> None:
        """Remember what was warned of in this process (registered as a plugin for this)."""
        category = warning_message.category
        self._seen_warnings.add(
            (
                category.__name__,
                str(warning_message.message),
                str(warning_message.filename),
                warning_message.lineno,
            )
        )

    def warned(self, record: wire.WarningRecord) -> None:
        """Replay a warning; one of configuration that this process has, too, is left out."""
        module, name = record.category
        if record.when == "config":
            if self._config_warnings is not None:
                self._config_warnings.append(record)
                return
            key = (name.rpartition(".")[2], record.text, record.filename, record.lineno)
            if key in self._seen_warnings:
                return
            self._seen_warnings.add(key)
        category = warning_class(module, name)
        message = warnings.WarningMessage(
            message=category(record.text) if _takes_text(category) else Warning(record.text),
            category=category,
            filename=record.filename,
            lineno=record.lineno,
            line=record.line,
        )
        location = record.location
        self.config.hook.pytest_warning_recorded.call_historic(
            kwargs={
                "warning_message": message,
                "when": record.when,
                "nodeid": record.nodeid,
                "location": tuple(location) if location is not None else None,
            }
        )

    def end_configuration(self) -> None:
        """This process has issued its own warnings of configuration, the last when it collected."""
        waiting, self._config_warnings = self._config_warnings, None
        for record in waiting or ():
            self.warned(record)


def warning_class(module: str, name: str) -> type[Warning]:
    """Return the class of a warning, or one that looks like it.

    Only modules that this process has imported are looked at: the controller never imports
    test files, and a worker may know classes that cannot be imported here.
    """
    found: Any = builtins if module == "builtins" else sys.modules.get(module)
    for part in name.split("."):
        found = getattr(found, part, None)
    if isinstance(found, type) and issubclass(found, Warning):
        return found
    return type(name.rpartition(".")[2], (Warning,), {"__module__": module})


def _takes_text(category: type[Warning]) -> bool:
    try:
        return str(category("x")) == "x"
    except Exception:  # noqa: BLE001  # whatever a foreign class may raise
        return False
