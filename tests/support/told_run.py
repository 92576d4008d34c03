"""One run in which everything happened that a report can tell, with hostile names and texts."""

from __future__ import annotations

from msgspec.structs import replace

from pytest_orchestrate.report.attempts import (
    Artifact,
    Attempt,
    Failure,
    TestReport,
    Waited,
)
from pytest_orchestrate.report.document import CI, Commands, Report, RunFacts
from pytest_orchestrate.report.findings import (
    Changes,
    FailureGroup,
    FlakyTest,
    Recommendation,
    Regression,
    Score,
    ScorePart,
    TrendPoint,
)
from pytest_orchestrate.report.limits import Limit, Limits, ResourceUse
from pytest_orchestrate.report.timeline import (
    CriticalStep,
    Held,
    Lane,
    ResourceLane,
    Span,
    Timeline,
)
from tests.support.reports import RUN, STARTED, attempt_of, failure_of, report_of, reported

#: Would close what it is written into: an element, a fence, a table's cell, a details block.
HOSTILE = (
    "</script><script>alert('x')</script> | a cell |\n```\n~~~\n</details></pre>\n"
    "::error file=a,line=1::forged\n# heading\n- [link](javascript:alert(1)) <!-- ]]> &amp; \\"
)
#: What terminals, XML and UTF-8 cannot have: control characters, a lone surrogate, no character;
#: what turns the direction of writing, and a space without width.
UNPRINTABLE = "\x00\x07\x1b[31mred\x1b[0m \x7f \x85 \u2028 \u202e\u2066\u061c\u200b \udc80 \ufffe"
UNPRINTABLE += " \U0001f600 naïve ← 漢字"
LONG = "".join(f"line {number} of a very long output\n" for number in range(3_000))

PREVIOUS = "20300316-090000-00000017"
REVISION = "5f1d3c8a9b0e4d7c6a2f1b3e5d7c9a8b6f4e2d1c"
EARLIER = "0a1b2c3d4e5f60718293a4b5c6d7e8f901234567"

PAY = "tests/shop/test_payment.py::test_pays[card]"
INVOICE = "tests/shop/test_payment.py::test_pays[invoice]"
VOUCHER = "tests/shop/test_payment.py::TestVoucher::test_pays"
LOGIN = "tests/web/test_login.py::test_login"
ORDERS = "tests/web/test_pages.py::test_orders"
ACCOUNT = "tests/web/test_pages.py::test_account"
CRASHING = "tests/test_native.py::test_resize"
SKIPPED = "tests/test_platform.py::test_registry"
XFAILED = "tests/test_platform.py::test_known_bug"
XPASSED = "tests/test_platform.py::test_known_bug_that_is_gone"
FLAKY = "tests/web/test_search.py::test_finds_typos"
INTERRUPTED = "tests/test_slow.py::test_export"
NOT_RUN = "tests/test_slow.py::test_import"
SCRIPT = "tests/test_ids.py::test_escapes[<script>alert(1)</script>]"
UNICODE = "tests/test_ids.py::test_escapes[naïve-漢字-\U0001f600]"
CONTROL = "tests/test_ids.py::test_escapes[\x1b[31m-\x00-\udc80|`*_]"
PATHS = "tests/test_ids.py::test_escapes[a::b/c.py::test_d]"
LOUD = "tests/test_ids.py::test_prints"
TEARDOWN = "tests/test_cart.py::TestCart::test_adds"

_DECLINED = (
    "card = 'card'\n\n    def test_pays(card):\n>       gateway.charge(card, 1999)\n\n"
    "tests/shop/test_payment.py:21: \n_ _ _ _ _ _ _ _\n\n    def charge(card, amount):\n"
    ">       raise Declined(f'card declined: {card}')\n"
    "E       shop.errors.Declined: card declined\n\nsrc/shop/gateway.py:87: Declined"
)


def _declined(card: str) -> Failure:
    message = f"card declined: {card}"
    return failure_of("Declined", message, "src/shop/gateway.py", 87, text=_DECLINED)


def _attempt(outcome: str, at: float, worker: str = "gw0", **fields: object) -> Attempt:
    order = int(at * 10)
    return attempt_of(outcome, at=at, worker=worker, order=order, **fields)  # type: ignore[arg-type]


def _tests() -> list[TestReport]:
    login = failure_of(
        "ConnectionError",
        "cannot connect to <db> | retry later",
        "tests/conftest.py",
        12,
        text=f"    def db():\n>       connect()\nE       ConnectionError\n{HOSTILE}",
    )
    killed = Failure("", "gw1 crashed while it ran this test: killed by SIGSEGV", None, HOSTILE)
    timed_out = failure_of("TimeoutError", "no answer in 2 s", "tests/web/test_search.py", 33)
    odd = failure_of(
        "ExceptionGroup",
        f"{HOSTILE} {UNPRINTABLE}",
        "tests/test_ids.py",
        9,
        text=f"{HOSTILE}\n{UNPRINTABLE}\n````\n``````",
    )
    closing = failure_of("RuntimeError", "cart still open", "tests/conftest.py", 40)
    shot = Artifact("page <1>.png", ".pytest_orchestrate/artifacts/1/page.png", 20_480, "image/png")
    return [
        reported(PAY, "failed", [_attempt("failed", 0.5, call=0.31, failure=_declined("card"))]),
        reported(
            INVOICE,
            "failed",
            [_attempt("failed", 0.9, call=0.2, failure=_declined("invoice"))],
            line=17,
        ),
        reported(
            VOUCHER,
            "failed",
            [_attempt("failed", 1.2, "gw1", call=0.2, failure=_declined("voucher"))],
            line=40,
            properties=(("ticket", "SHOP-17"), ("a <b>", 'c "d"')),
        ),
        reported(
            LOGIN,
            "error",
            [
                _attempt(
                    "error",
                    0.5,
                    "gw1",
                    setup=0.6,
                    call=0.0,
                    failure=login,
                    sections=(("Captured stderr setup", "no route to host\n"),),
                    artifacts=(shot,),
                )
            ],
            line=5,
            waited=(Waited("resource", 0.2, 0.3, (0,), "db"),),
            resources=("db",),
            group="browser",
            priority=2,
        ),
        reported(ORDERS, "blocked", reason=f"requires {LOGIN} (error)", cause=3, requires=(3,)),
        reported(ACCOUNT, "blocked", reason=f"requires {ORDERS} (blocked)", cause=3, requires=(4,)),
        reported(CRASHING, "crashed", [_attempt("crashed", 1.5, "gw1", call=0.0, failure=killed)]),
        reported(SKIPPED, "skipped", [_attempt("skipped", 1.3, call=0.0, reason="needs Windows")]),
        reported(XFAILED, "xfailed", [_attempt("xfailed", 1.31, reason="SHOP-3: rounding")]),
        reported(XPASSED, "xpassed", [_attempt("xpassed", 1.45, reason="SHOP-4")]),
        reported(
            FLAKY,
            "flaky",
            [
                _attempt("failed", 1.6, call=2.0, failure=timed_out),
                _attempt("passed", 3.6, "gw2", call=0.4),
            ],
            line=30,
            past=(("passed", 0.4), ("failed", 2.0), ("passed", 0.38)),
        ),
        reported(INTERRUPTED, "interrupted", [_attempt("interrupted", 4.1, call=1.2)]),
        reported(NOT_RUN, "not run", reason="stopping after 5 failures"),
        reported(SCRIPT, "failed", [_attempt("failed", 2.0, "gw2", failure=odd)], line=8),
        reported(
            UNICODE, "passed", [_attempt("passed", 2.2, "gw2")], line=8, past=(("passed", 0.1),)
        ),
        reported(CONTROL, "passed", [_attempt("passed", 2.3, "gw2")], line=8),
        reported(PATHS, "passed", [_attempt("passed", 2.4, "gw2")], line=8),
        reported(
            LOUD,
            "passed",
            [
                _attempt(
                    "passed",
                    2.5,
                    "gw2",
                    sections=(
                        ("Captured stdout call", LONG),
                        ("Captured stderr call", UNPRINTABLE),
                        ("Captured log call", HOSTILE),
                    ),
                )
            ],
            line=14,
        ),
        reported(
            TEARDOWN,
            "error",
            [_attempt("error", 3.0, "gw2", teardown=0.05, failure=closing)],
            line=6,
            estimate=0.02,
        ),
    ]


def _groups(tests: list[TestReport]) -> tuple[FailureGroup, ...]:
    def failure(test: int) -> Failure | None:
        return tests[test].attempts[-1].failure

    return (
        FailureGroup(
            "place",
            "Declined: card declined: ... in src/shop/gateway.py:87",
            failure(0),
            (0, 1, 2),
            status="still",
            since=PREVIOUS,
            since_revision=EARLIER,
        ),
        FailureGroup(
            "place",
            "ConnectionError: cannot connect to <db> | retry later in tests/conftest.py:12",
            failure(3),
            (3,),
            (4, 5),
            status="new",
        ),
        FailureGroup("crash", "killed by SIGSEGV", failure(6), (6,), status="new"),
        FailureGroup("message", f"ExceptionGroup: {HOSTILE.splitlines()[0]}", failure(13), (13,)),
        FailureGroup("place", "RuntimeError: cart still open", failure(18), (18,)),
    )


def _timeline() -> Timeline:
    def lane(worker: str) -> Lane:
        start = (Span("start", 0.0, 0.2), Span("collect", 0.2, 0.15), Span("idle", 0.35, 0.15))
        return Lane(worker, (*start, Span("fixture", 0.5, 0.1, "browser")))

    held = (Held("gw0", 1, 0.2, 0.3, (0,)), Held("gw1", 1, 0.5, 0.6, (3,)))
    return Timeline(
        lanes=(lane("gw0"), lane("gw1"), lane("gw2")),
        resources=(ResourceLane("db", 1, held, 0.3, ((0, 0.3),)),),
        critical_path=(
            CriticalStep(0, 0.5, 0.31, "start"),
            CriticalStep(10, 1.6, 2.0, "worker"),
            CriticalStep(11, 4.1, 1.2, "resource"),
        ),
    )


def story_of_a_run() -> Report:
    """Failures, crashes, retries, blocked tests, odd ids and texts, and all that is concluded."""
    tests = _tests()
    limits = Limits(
        workers=2,
        before=0.5,
        testing=4.8,
        after=0.1,
        repeated_setup=0.1,
        found=(Limit("test", 3.2, tests=(FLAKY,)), Limit("work", 1.9)),
        resources=(ResourceUse("db", 1, 0.9),),
    )
    report = report_of(
        *tests,
        run=RunFacts(
            run=RUN,
            started=STARTED,
            mode="workers",
            args=("-n2", "--password=***", "tests"),
            selection="tests",
            python="3.14.0",
            implementation="CPython",
            platform="Linux-6.12-x86_64",
            cpus=4,
            pytest="9.2.0",
            plugins={"pytest-cov": "7.0.0", "pytest-orchestrate": "0.1.0"},
            revision=REVISION,
            branch="feature/<vouchers>|`x`",
            dirty=True,
            ci=CI("GitHub Actions", "https://github.com/shop/shop/actions/runs/17"),
            settings={"--orchestrate-maxfail": "5"},
            seeds={"pytest-randomly": "1234"},
            environment={"LANG": "C.UTF-8"},
            hostname="build7",
        ),
        wall=5.4,
        workers=2,
        limits=limits,
        reason="stopping after 5 failures",
        notes=("gw1 was silent for 60 s in\ntests/test_native.py",),
        groups=_groups(tests),
        changes=Changes(
            PREVIOUS,
            EARLIER,
            "main<|>",
            "ancestor",
            wall=0.7,
            newly_failing=(3, 6, 13, 18),
            still_failing=(0, 1, 2),
            fixed=(14,),
            added=(13, 16),
            removed=("tests/test_old.py::test_<gone>",),
        ),
        trend=(
            TrendPoint(
                "20300315-090000-00000016",
                STARTED - 172_800,
                None,
                17,
                0,
                0,
                4.1,
                5.0,
                unlike="4 workers",
            ),
            TrendPoint(PREVIOUS, STARTED - 86_400, EARLIER, 18, 4, 1, 4.7, 5.5, 2, 1),
            TrendPoint(RUN, STARTED, REVISION, 19, 7, 1, 5.4, 6.4, 2, 1),
        ),
        flaky=(FlakyTest(10, 4, 2, 3, 0.5, 0.15, 0.85),),
        regressions=(Regression(14, 0.04, 0.1, 0.003),),
        recommendations=(
            Recommendation("split", "split tests/web/test_search.py: it bounds the run", 1.9),
            Recommendation(
                "capacity",
                "db has one slot: 0.30 s waited, a second slot saves 0.20 s",
                0.2,
                "orchestrate_resources =\n    db = 2",
            ),
            Recommendation("flaky", f"mend {FLAKY}: half of its attempts fail"),
        ),
        score=Score(
            61.5,
            (
                ScorePart("reliability", 20.0, 40.0, "1 of 19 tests is flaky"),
                ScorePart("speed", 41.5, 60.0, "utilisation 52 %"),
            ),
        ),
        timeline=_timeline(),
        commands=Commands(
            rerun_failed="pytest --lf -n2 tests",
            replay={"gw0": f"pytest --orchestrate-replay {RUN}:gw0"},
            explain=f"pytest-orchestrate explain {RUN} TEST",
        ),
        remarks=("coverage was not read: no data file",),
    )
    areas = tuple(
        replace(area, coverage=0.875) if area.path == "tests/shop" else area
        for area in report.areas
    )
    return replace(report, areas=areas)
