"""A run as a web shop's suite might have it, of any size: for looks, and for measures.

Tests are laid out on workers as a simple scheduler would do it: requirements first, a resource
with few slots, retries, a crash. The same arguments make the same run.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from itertools import count
from typing import Any

from msgspec.structs import replace

from pytest_orchestrate.model.outcome import BAD
from pytest_orchestrate.report.attempts import Attempt, Failure, TestReport, Waited
from pytest_orchestrate.report.document import Report
from pytest_orchestrate.report.findings import Regression
from pytest_orchestrate.report.limits import Limit, Limits
from pytest_orchestrate.report.timeline import (
    CriticalStep,
    Held,
    Lane,
    ResourceLane,
    Span,
    Timeline,
)
from tests.support import invented_findings
from tests.support.reports import STARTED, failure_of, report_of

FOLDERS = ("api", "web/pages", "web/forms", "billing", "billing/invoices", "search", "stock")
NOUNS = ("orders", "customers", "cart", "prices", "refunds", "sessions", "exports", "labels")
VERBS = ("creates", "lists", "rejects", "updates", "deletes", "sorts", "renders", "merges")
THINGS = ("one", "an_empty_one", "twice", "with_discount", "for_guests", "in_order", "by_date")
PARAMETERS = ("", "[eur]", "[usd-weekly]", "[postgres-utf8]", "[0]", "[admin]")

#: What goes wrong: exception, message, place, how the traceback ends.
CAUSES = (
    ("AssertionError", "assert 500 == 200", "tests/api/conftest.py", 58),
    ("TimeoutError", "the payment gateway did not answer within 5.0 s", "src/shop/gateway.py", 87),
    ("KeyError", "'currency'", "src/shop/billing/prices.py", 214),
    ("AssertionError", "assert Decimal('19.98') == Decimal('19.99')", "src/shop/cart.py", 131),
    ("IntegrityError", "UNIQUE constraint failed: orders.number", "src/shop/stock/store.py", 40),
)


def invented_run(
    tests: int = 300, *, bad: int = 12, workers: int = 4, output: int = 900, seed: int = 7
) -> Report:
    """So many tests of which about so many fail; ``bad=0``: everything passes."""
    return _Invention(tests, bad, workers, output, seed).report()


class _Invention:
    def __init__(self, tests: int, bad: int, workers: int, output: int, seed: int) -> None:
        self.random = random.Random(seed)
        self.size = tests
        self.bad = bad
        self.output = output
        self.workers = [f"gw{number}" for number in range(workers)]
        self.free = [0.6 + 0.07 * number for number in range(workers)]
        self.ran = [0] * workers
        self.spans: list[list[Span]] = [
            [Span("start", 0.0, 0.22 + 0.03 * number), Span("collect", 0.25 + 0.03 * number, 0.3)]
            for number in range(workers)
        ]
        self.held: list[Held] = []
        #: When each of the two slots of the database is free, and who had it last.
        self.slots: list[tuple[float, int]] = [(0.0, -1), (0.0, -1)]
        self.waited_by: Counter[int] = Counter()
        self.tests: list[TestReport] = []

    def report(self) -> Report:
        wrong = self._wrong()
        login = None
        for position, (file, name, line) in enumerate(self._names()):
            cause = wrong.get(position)
            if self.bad and name == "test_login":
                login, cause = position, 0
            if login is not None and file.startswith("tests/web/forms") and position % 2:
                self.tests.append(self._blocked(file, name, line, login))
            else:
                self.tests.append(self._ran(position, file, name, line, cause))
        return self._told()

    def _wrong(self) -> dict[int, int]:
        """Position -> number of its cause; causes are not all alike frequent."""
        chosen = self.random.sample(range(self.size), min(self.bad, self.size))
        weights = (8, 4, 3, 2, 1)
        kinds = self.random.choices(range(len(CAUSES)), weights, k=len(chosen))
        return dict(zip(chosen, kinds, strict=True))

    def _names(self) -> Iterator[tuple[str, str, int]]:
        per_file = max(8, self.size // 200)
        yield "tests/web/test_login.py", "test_login", 14
        made = 1
        for number in count():
            folder = FOLDERS[number % len(FOLDERS)]
            noun = NOUNS[(number // len(FOLDERS)) % len(NOUNS)]
            again = number // (len(FOLDERS) * len(NOUNS))
            file = f"tests/{folder}/test_{noun}{f'_{again}' if again else ''}.py"
            for test in range(self.random.randint(per_file // 2, per_file * 3 // 2)):
                if made == self.size:
                    return
                verb, thing = VERBS[test % 8], THINGS[(test // 8 + number) % 7]
                name = f"test_{verb}_{thing}{PARAMETERS[test % 6]}"
                if test // 56:
                    name = name.replace("test_", f"test_{test // 56}_", 1)
                of_class = f"Test{noun.title()}::" if number % 3 == 0 else ""
                yield file, of_class + name, 12 + 9 * test
                made += 1

    def _blocked(self, file: str, name: str, line: int, login: int) -> TestReport:
        root = self.tests[login].nodeid
        reason = f"requires {root}, which failed"
        return TestReport(
            f"{file}::{name}", 0, file, line, "blocked", (), reason, login, requires=(login,)
        )

    def _ran(self, position: int, file: str, name: str, line: int, cause: int | None) -> TestReport:
        usual = min(30.0, self.random.lognormvariate(-2.6, 1.25))
        needs_database = file.startswith("tests/billing")
        worker = min(range(len(self.workers)), key=lambda each: self.free[each])
        start, waited = self._begin(worker, position, needs_database)
        roll = self.random.random()
        fields: dict[str, Any] = {}
        outcome: Any = "passed"
        if cause is not None:
            outcome = "error" if cause == 4 else "failed"
            fields["failure"] = self._failure(cause, f"{file}::{name}", line)
        elif roll < 0.02:
            outcome, fields["reason"] = "skipped", "needs a network"
        elif roll < 0.025:
            outcome, fields["reason"] = "xfailed", "rounding, see the notes on prices"
        setup = 0.35 * usual if needs_database else 0.02 * usual
        call = 0.0 if outcome in ("skipped", "error") else usual
        if cause is not None or roll > 0.5:
            fields["sections"] = self._printed(position)
        attempts = []
        if self.bad and cause is None and 0.025 <= roll < 0.045:
            again = self._failure(1, f"{file}::{name}", line)
            attempts.append(self._attempt(worker, start, "failed", 0.0, usual, failure=again))
            start += usual + 0.01
            outcome = "flaky"
        last = "passed" if outcome == "flaky" else outcome
        attempts.append(self._attempt(worker, start, last, setup, call, **fields))
        end = start + attempts[-1].seconds
        self.free[worker] = end + 0.004
        if needs_database:
            slot = self.slots.index(min(self.slots))
            self.slots[slot] = (end, position)
            first = attempts[0].at
            self.held.append(Held(self.workers[worker], 1, first, end - first, (position,)))
        return TestReport(
            f"{file}::{name}",
            0,
            file,
            line,
            outcome,
            tuple(attempts),
            estimate=usual * self.random.uniform(0.8, 1.2),
            waited=waited,
            resources=("database",) if needs_database else (),
            past=self._past(position, usual, outcome),
            markers=("slow",) if usual > 1 else (),
            properties=(("ticket", f"SHOP-{position}"),) if position % 40 == 3 else (),
        )

    def _begin(
        self, worker: int, position: int, needs_database: bool
    ) -> tuple[float, tuple[Waited, ...]]:
        now = self.free[worker]
        known = 0.56
        waited = [Waited("queue", known, now - known, (max(0, position - 1),))]
        if needs_database:
            free, holder = min(self.slots)
            if free > now:
                self.spans[worker].append(Span("idle", now, free - now, "database is held"))
                waited.append(Waited("resource", now, free - now, (holder,), "database"))
                self.waited_by[holder] += free - now  # type: ignore[assignment]
                now = free
        return now, tuple(waited)

    def _attempt(
        self, worker: int, at: float, outcome: str, setup: float, call: float, **fields: Any
    ) -> Attempt:
        order = self.ran[worker]
        self.ran[worker] += 1
        return Attempt(
            self.workers[worker],
            order,
            outcome,
            STARTED + at,
            at,
            setup,
            call,
            0.1 * setup,
            **fields,
        )

    def _past(self, position: int, usual: float, outcome: str) -> tuple[tuple[str, float], ...]:
        if position % 17 == 5:
            return ()
        chance = 0.25 if outcome == "flaky" else 0.6 if outcome in BAD and position % 2 else 0.003
        return tuple(
            (
                "failed" if self.bad and self.random.random() < chance else "passed",
                usual * self.random.uniform(0.8, 1.25),
            )
            for _ in range(10)
        )

    def _printed(self, position: int) -> tuple[tuple[str, str], ...]:
        lines: list[str] = []
        while sum(map(len, lines)) < self.output:
            level, colour = self.random.choice((("INFO", 32), ("DEBUG", 36), ("WARNING", 33)))
            lines.append(
                f"\x1b[{colour}m{level:8}\x1b[0m shop.{self.random.choice(NOUNS)} "
                f"request {self.random.randrange(10**6)} took {self.random.random():.3f} s\n"
            )
        return (
            ("Captured stdout setup", f"connecting to database {position % 5}\n"),
            ("Captured log call", "".join(lines)),
        )

    def _failure(self, cause: int, nodeid: str, line: int) -> Failure:
        exception, message, path, where = CAUSES[cause]
        function = nodeid.rpartition("::")[2].partition("[")[0]
        file = nodeid.partition("::")[0]
        text = (
            f"client = <Client of 'shop' at 0x7f{self.random.randrange(16**10):010x}>\n\n"
            f"    def {function}(client):\n        order = client.post('/orders', items=3)\n"
            f">       assert order.total() == client.get('/total').json()\n\n{file}:{line + 3}: \n"
            + "_ "
            * 40
            + f"\n\n    def total(self):\n        prices = self.prices()\n"
            f">       return sum(price for price in prices if price.valid)\n"
            f"E       {exception}: {message}\n"
        )
        if cause == 3:
            text += "E         - 19.99\nE         ?    ^\nE         + 19.98\nE         ?    ^\n"
        text += f"\n{path}:{where}: {exception}"
        return failure_of(exception, message, path, where, text=text)

    def _told(self) -> Report:
        tests = tuple(self.tests)
        bad = [position for position, test in enumerate(tests) if test.outcome in BAD]
        report = report_of(*tests, wall=max(self.free) + 0.3)
        summary = replace(
            report.summary,
            limits=Limits(
                len(self.workers),
                0.62,
                max(self.free) - 0.62,
                0.3,
                1.4,
                (Limit("work", report.summary.serial / len(self.workers)),),
            ),
            notes=("history of 298 tests; 2 are new",),
        )
        covered = {}
        for area in report.areas:
            covered[area.path] = 0.6 + (sum(map(ord, area.path)) % 39) / 100
        return replace(
            report,
            run=invented_findings.facts(len(self.workers), dirty=self.bad > 0),
            summary=summary,
            areas=tuple(replace(area, coverage=covered[area.path]) for area in report.areas),
            groups=tuple(invented_findings.groups(tests, bad)),
            changes=invented_findings.changes(bad),
            trend=tuple(invented_findings.trend(summary, len(bad), self.random)),
            flaky=tuple(invented_findings.flaky(tests)),
            regressions=(Regression(3, 0.11, 0.24, 0.0004),),
            recommendations=invented_findings.ADVICE,
            score=invented_findings.SCORE,
            timeline=self._timeline(),
            commands=invented_findings.commands(tests, bad),
        )

    def _timeline(self) -> Timeline:
        steps = self._path()
        waited = tuple(self.waited_by.most_common(5))
        database = ResourceLane(
            "database", 2, tuple(self.held), sum(self.waited_by.values()), waited
        )
        lanes = zip(self.workers, self.spans, strict=True)
        return Timeline(
            tuple(Lane(name, tuple(spans)) for name, spans in lanes), (database,), steps
        )

    def _path(self) -> tuple[CriticalStep, ...]:
        """Back from the last end: what each one began after, on its worker or with its slot."""
        ends = {
            attempt.at + attempt.seconds: (position, attempt)
            for position, test in enumerate(self.tests)
            for attempt in test.attempts
        }
        before: dict[str, list[float]] = {name: [] for name in self.workers}
        for end in sorted(ends):
            before[ends[end][1].worker].append(end)
        end = max(ends)
        path: list[CriticalStep] = []
        while True:
            position, attempt = ends[end]
            mine = [other for other in before[attempt.worker] if other <= attempt.at]
            held = [
                wait.tests[-1] for wait in self.tests[position].waited if wait.kind == "resource"
            ]
            because: Any = "resource" if held else "worker" if mine else "start"
            path.append(CriticalStep(position, attempt.at, attempt.seconds, because))
            if held:
                holder = self.tests[held[0]].attempts[-1]
                end = holder.at + holder.seconds
            elif mine:
                end = mine[-1]
            else:
                return tuple(reversed(path))
