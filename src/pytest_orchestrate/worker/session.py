"""A worker's part in pytest's hooks: from its configuration to its last word."""

from __future__ import annotations

import functools
import os
import signal
import sys
import threading
import traceback
from collections.abc import Generator
from pathlib import Path
from time import perf_counter, sleep
from typing import TYPE_CHECKING, Any

import pytest

from pytest_orchestrate import wire, xdist_contract
from pytest_orchestrate.internals.junit import XmlRecorder, drop_xml_recorder, put_xml_recorder
from pytest_orchestrate.internals.output import (
    capture_into,
    let_live_logs_through,
    muted_reporter,
    silence_terminal,
    writes_to_terminal,
)
from pytest_orchestrate.measuring import FixtureCosts
from pytest_orchestrate.selecting import OnlyThese
from pytest_orchestrate.sharding.claims import Claims
from pytest_orchestrate.sharding.guards import AllItemsNeeded
from pytest_orchestrate.slots import PLUGIN, Slots
from pytest_orchestrate.transport.boot import FORKED_NAME, Seed
from pytest_orchestrate.transport.outbox import Outbox
from pytest_orchestrate.worker.collecting import Collecting, digest
from pytest_orchestrate.worker.import_watch import ImportWatch
from pytest_orchestrate.worker.interruption import Interruption
from pytest_orchestrate.worker.known_tests import KnownTests
from pytest_orchestrate.worker.queue import TestQueue
from pytest_orchestrate.worker.running import Runner
from pytest_orchestrate.worker.serial import warning_record
from pytest_orchestrate.worker.share import Share, assigned
from pytest_orchestrate.worker.stacks import stacks

if TYPE_CHECKING:
    from pytest_orchestrate.artifacts import Artifacts

#: Seconds in which others may end the run, of whose tests the number is shown.
OTHERS_FIRST = 0.2


class WorkerSession:
    """Registered in every worker before its conftests are loaded."""

    def __init__(self, seed: Seed, config: pytest.Config) -> None:
        self.seed = seed
        self.config = config
        setup = seed.setup
        if setup["wire"] != wire.WIRE_VERSION:
            text = (
                f"it speaks version {wire.WIRE_VERSION} of the messages, the controller version "
                f"{setup['wire']}: install the same version of pytest-orchestrate in both places"
            )
            seed.channel.send(("refused", text))
            raise pytest.UsageError(text)
        self.outbox = Outbox(self._send, setup["outbox"])
        self.queue = TestQueue()
        self.session: pytest.Session | None = None
        self._interruption = Interruption(self.outbox.unused, self._is_over)
        self._collecting = Collecting(config)
        config.pluginmanager.register(self._collecting, "orchestrate-worker-collecting")
        costs = FixtureCosts(lambda *cost: self.outbox.put(wire.FixtureCost(*cost)))
        config.pluginmanager.register(costs, "orchestrate-fixture-costs")
        self._collection: wire.Collection | wire.Share | None = None
        self._share = self._own_share(setup)
        if setup["replay"] is not None:
            config.pluginmanager.register(OnlyThese(setup["replay"]["tests"]), OnlyThese.PLUGIN)
        self._imports = ImportWatch()
        if FORKED_NAME in sys.modules:
            self._imports.begin()
        self._tests = KnownTests()
        self.slots = Slots()
        config.pluginmanager.register(self.slots, PLUGIN)
        self._xml: XmlRecorder | None = None
        self.runner: Runner | None = None
        self._is_usage_error = False
        #: an interruption would only disturb what is going on
        self._is_ending = False
        # before capture is set up, so that this runs after capture has given back descriptor 2
        config.add_cleanup(self._hush)
        config.workerinput = setup["workerinput"]  # type: ignore[attr-defined]  # the contract
        config.workeroutput = {}  # type: ignore[attr-defined]
        if setup["folder"] is not None:
            capture_into(Path(setup["folder"]))
        xdist_contract.offer_in_worker(config)

    @functools.cached_property
    def artifacts(self) -> Artifacts:
        """What gives folders to tests, from the first that asks for one."""
        from pytest_orchestrate.artifacts import of_worker

        return of_worker(self.config, *self.seed.setup["artifacts"])

    def _own_share(self, setup: dict[str, Any]) -> Share | None:
        """Return what collects this worker's share of the files; None if it collects all."""
        if setup["collect"] == "full":
            return None
        share = Share(
            self.config,
            self._collecting,
            Claims(Path(setup["claims"])),
            setup["number"],
            forced=setup["collect"] == "sharded",
            assigned=assigned(setup["replay"]),
        )
        self.config.pluginmanager.register(share, "orchestrate-worker-share")
        return share

    # --- configuration ---

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_cmdline_main(self, config: pytest.Config) -> Generator[None, object, object]:
        """Set what must be otherwise in a worker, before plugins are configured."""
        self._set_options(config)
        try:
            code = yield
        except pytest.UsageError:
            self.seed.code = int(pytest.ExitCode.USAGE_ERROR)
            raise
        if isinstance(code, int):
            self.seed.code = int(code)
        return code

    def _set_options(self, config: pytest.Config) -> None:
        option = config.option
        option.maxfail = 0  # stopping is the controller's decision
        option.usepdb = False
        option.cacheclear = False
        option.clean_alluredir = False  # of allure: others may have begun to write there
        option.no_teamcity = 1  # of teamcity-messages: what is told here the controller tells, too
        xdist_contract.forget_options(option)
        setup = self.seed.setup
        if setup["basetemp"] is not None:
            option.basetemp = setup["basetemp"]
        if setup["log_file"] is not None and hasattr(option, "log_file"):
            option.log_file = setup["log_file"]

    @pytest.hookimpl(tryfirst=True)
    def pytest_plugin_registered(self, plugin: object, plugin_name: str) -> None:
        """Put a reporter that says nothing in the place of the terminal's, whoever made that."""
        if plugin_name == "terminalreporter" and writes_to_terminal(plugin):
            silence_terminal(self.config)  # whatever interrupts the exchange, it says nothing
            manager = self.config.pluginmanager
            manager.unregister(plugin)
            manager.register(muted_reporter(self.config), "terminalreporter")

    @pytest.hookimpl(trylast=True)
    def pytest_configure(self, config: pytest.Config) -> None:
        """Take the places that pytest leaves empty in workers."""
        self._xml = put_xml_recorder(config)
        xdist_contract.tell_of_reruns()
        let_live_logs_through(config)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_sessionstart(self, session: pytest.Session) -> Generator[None, object, object]:
        """Report that the worker is ready, and listen from now on."""
        self.session = session
        self.runner = Runner(session, self.queue, self._tests, self.outbox, self._xml, self.slots)
        result = yield
        self.seed.started = True
        self._say_ready()
        return result

    def _say_ready(self) -> None:
        self.outbox.put(wire.Ready(xdist_contract.workerinfo()), now=True)
        self.seed.channel.setcallback(self._receive, endmarker=None)

    def _send(self, data: bytes) -> None:
        try:
            self.seed.channel.send(data)
        except OSError:
            # the receiving thread need not notice: it may hold a closed socket open
            self._part()
            raise

    # --- messages from the controller, in the receiving thread ---

    def _receive(self, data: bytes | None) -> None:
        if data is None:
            self._part()
            return
        for message in wire.decode_to_worker(data):
            self._obey(message)

    def _obey(self, message: wire.ToWorker) -> None:
        match message:
            case wire.CollectFile() | wire.ImportModules():
                self._tests.expect(message)
            case wire.Enqueue(tests, slots, locks):
                self.slots.expect(slots, locks)
                self.queue.put(tests)
            case wire.TakeBack(tests):
                returned = self.queue.take_back(tests)
                self.outbox.put(wire.GivenBack(returned), now=True)
            case wire.TearDown():
                self.queue.tear_down()
            case wire.Finish():
                self.queue.finish()
            case wire.Interrupt():
                self.queue.clear()
                self._interruption.obey()
            case wire.SendCollection():
                assert self._collection is not None
                self.outbox.put(self._collection, now=True)
            case wire.ShowStacks():
                self.outbox.put(wire.Stacks(stacks()), now=True)

    def _part(self) -> None:
        """The controller is gone, or has said goodbye."""
        if not self._is_over():
            self.queue.clear()
        self._interruption.be_alone()

    def _is_over(self) -> bool:
        """Whether the session ends by itself: who wants to interrupt it comes too late."""
        return self._is_ending or (self.runner is not None and self.runner.ended)

    def _end_undisturbed(self) -> None:
        """From now on the session ends by itself."""
        self._is_ending = True
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGINT, signal.SIG_IGN)

    # --- collection ---

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_collection(self, session: pytest.Session) -> Generator[None, object, object]:
        """Report what was collected, or why nothing could be."""
        began = perf_counter()
        self._collecting.selecting.join()
        try:
            result = yield
            self._send_collected(session, perf_counter() - began)
        except pytest.UsageError as error:
            self._is_usage_error = True
            self._end_undisturbed()
            self._trouble("usage", [str(text) for text in error.args])
            raise
        except AllItemsNeeded as reached:
            self._give_up(session, str(reached))
            return None
        except BaseException:
            self._end_undisturbed()
            raise
        return result

    def _give_up(self, session: pytest.Session, reason: str) -> None:
        """A hook may have done half of something: let a fresh process collect, end this one."""
        session.items = []
        self.queue.finish()
        self._end_undisturbed()
        self.outbox.put(wire.Trouble("share", [reason]), now=True)

    def _send_collected(self, session: pytest.Session, seconds: float) -> None:
        share, items, mark = self._share, session.items, b""
        because = share.full_because if share is not None else None
        if share is not None and because is None:
            self._collection, items = share.result(session)
            self.outbox.put(self._collection)
        else:
            share = None
            self._collection = self._collecting.result(items)
            mark = digest(self._collection)
        self._tests.begin(session, items, share)
        errors, imports = self._collecting.errors, self._imports.end()
        told = wire.Collected(len(items), mark, seconds, errors, because, imports)
        self.outbox.put(told, now=True)

    # --- tests ---

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self) -> bool:
        """Run what the controller sends."""
        assert self.runner is not None
        stopped = self.runner.run()
        if stopped is not None:
            self._trouble(*stopped)
        return True

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Report a phase; last of all, because others still change reports."""
        assert self.runner is not None
        self.runner.take_report(report)

    @pytest.hookimpl(trylast=True)
    def pytest_warning_recorded(
        self,
        warning_message: Any,
        when: str,
        nodeid: str,
        location: tuple[str, int, str] | None,
    ) -> None:
        """Report a warning."""
        record = warning_record(warning_message, when, nodeid, location)
        if when == "collect" or self._collection is None:
            self._collecting.warnings.append(record)
        else:
            self.outbox.put(record)

    # --- the end ---

    @pytest.hookimpl
    def pytest_keyboard_interrupt(self, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        """Report an end that nobody asked for."""
        silence_terminal(self.config)  # pytest's own may not have been replaced yet
        if self._interruption.is_expected:
            return
        if isinstance(excinfo.value, pytest.exit.Exception):
            self._trouble("exit", [str(excinfo.value.msg)], excinfo.value.returncode)
        else:
            where = excinfo.getrepr(style="short").reprcrash
            self._trouble("interrupt", [f"KeyboardInterrupt at {where}".rstrip()])

    @pytest.hookimpl
    def pytest_internalerror(self, excrepr: object) -> None:
        """Report an internal error."""
        self._trouble("internal", [str(excrepr)])

    def _trouble(self, kind: str, texts: list[str], returncode: int | None = None) -> None:
        if self.session is not None and self._collection is None:
            # what went wrong before may be the reason, and pytest would have shown it
            self._collection = self._collecting.result([])
            self.outbox.put(self._collection)
            if kind == "usage" and self._share is not None and not self._collection.found:
                sleep(OTHERS_FIRST)
        self.outbox.put(wire.Trouble(kind, texts, returncode), now=True)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_sessionfinish(self, exitstatus: int) -> Generator[None, object, object]:
        """Say goodbye when all plugins have finished."""
        self._interruption.is_expected = True
        if self.runner is not None:
            self.runner.ended = True
        try:
            return (yield)
        except pytest.exit.Exception as error:
            self._trouble("exit", [str(error.msg)], error.returncode)
            raise
        except Exception:
            self._trouble("internal", [traceback.format_exc()])
            raise
        finally:
            self._end_undisturbed()
            self._say_farewell(int(exitstatus))

    def _hush(self) -> None:
        """The controller says what a usage error is; pytest would print it here once more."""
        if self._is_usage_error:
            os.dup2(os.open(os.devnull, os.O_WRONLY), 2)

    def _say_farewell(self, exitstatus: int) -> None:
        from pytest_orchestrate.worker.serial import dumped

        output: dict[str, Any] = self.config.workeroutput  # type: ignore[attr-defined]
        output["exitstatus"] = exitstatus
        properties: list[tuple[str, str]] = []
        if self._xml is not None:
            properties = self._xml.properties
            drop_xml_recorder(self.config)
        self.outbox.put(wire.Farewell(exitstatus, dumped(output), properties), now=True)
