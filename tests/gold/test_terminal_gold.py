"""The end of a run as a user reads it, compared with files.

``UPDATE_GOLD=1 pytest tests/gold`` writes the files anew; read the difference before you keep it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import replace

from pytest_orchestrate.report.builder import SummaryBuilder
from pytest_orchestrate.report.limits import Limit, Limits
from pytest_orchestrate.report.summary import Summary
from pytest_orchestrate.report.terminal import header, lines
from tests.support import logs
from tests.support.gold import assert_matches_gold

Json = dict[str, Any]

SHOP = [
    ("tests/test_checkout.py::test_pays_with_card", 1.31),
    ("tests/test_checkout.py::test_pays_by_invoice", 0.92),
    ("tests/test_search.py::test_finds_typos[sooap-soap]", 0.55),
    ("tests/test_search.py::test_finds_nothing", 0.04),
    ("tests/test_cart.py::test_adds", 0.003),
    ("tests/test_cart.py::test_removes", 0.002),
]


def summary_of(records: list[Json]) -> Summary:
    builder = SummaryBuilder()
    for record in records:
        builder.add(record)
    return builder.summary()


def shop_run(mode: str = "workers", workers: int = 2) -> list[Json]:
    """All tests of the shop, dealt out in turn; each is heard of a little later."""
    names = ["main"] if mode == "in-process" else [f"gw{n}" for n in range(workers)]
    orders = dict.fromkeys(names, 0)
    spent = dict.fromkeys(names, 0.4)
    records = [logs.run(mode, workers), logs.event("RunBegan", 0.0, workers=workers)]
    records += [logs.event("WorkerJoined", 0.0, worker=n) for n in range(len(names))]
    records.append(logs.collected(0.4, *(nodeid for nodeid, _ in SHOP)))
    records += [logs.event("WorkerCollected", 0.4, worker=n) for n in range(len(names))]
    records += [
        {"record": "worker", "worker": name, "start": 0.21, "collect": 0.12, "collected": len(SHOP)}
        for name in names
    ]
    heard: list[tuple[float, list[Json]]] = []
    for test, (nodeid, call) in enumerate(SHOP):
        worker = min(range(len(names)), key=lambda each: spent[names[each]])
        name = names[worker]
        at, end = spent[name], spent[name] + call
        ran = logs.attempt(test, nodeid, name, orders[name], call, at=at)
        began = logs.event("TestStarted", at + 0.001, worker=worker, test=test)
        heard.append((at + 0.001, [began]))
        heard.append((end + 0.001, [ran, logs.finished(end + 0.001, worker, test, call)]))
        orders[name] += 1
        spent[name] = end
    heard.sort(key=lambda each: each[0])
    return [*records, *(record for _, told in heard for record in told)]


def closed(records: list[Json], now: float, **end: Any) -> list[Json]:
    count = sum(record.get("event", {}).get("event") == "WorkerJoined" for record in records)
    records += [logs.event("WorkerLeft", now, worker=n, reason="closed") for n in range(count)]
    return [*records, logs.end(**{"duration": now, **end})]


def mixed_run() -> Summary:
    records = shop_run()
    next(r for r in records if r.get("test") == 3)["outcome"] = "failed"
    records.append({"record": "note", "text": "gw1 was silent for 60 s in\ntests/test_cart.py"})
    return summary_of(closed(records, 1.9, exitstatus=1))


def is_finish(record: Json, test: int) -> bool:
    event = record.get("event", {})
    return bool(event.get("event") == "TestFinished" and event["test"] == test)


def in_process_run() -> Summary:
    return summary_of(closed(shop_run("in-process", 1), 3.1))


def crashed_run() -> Summary:
    records = shop_run()
    records = [each for each in records if not is_finish(each, 2)]
    victim = next(record for record in records if record.get("test") == 2)
    victim |= {
        "outcome": "crashed",
        "call": 0.0,
        "longrepr": "gw1 crashed while it ran this test: killed by SIGSEGV\n\nFatal error",
    }
    records += [
        logs.event("WorkerLeft", 1.6, worker=1, reason="crashed"),
        logs.command("EndTest", test=2, outcome="crashed", reason="its worker died", worker=1),
        logs.command("StartWorker", worker=2, replaces=1),
        logs.event("WorkerJoined", 1.6, worker=2),
        logs.event("WorkerLeft", 1.9, worker=2, reason="crashed"),
        logs.event("WorkerLeft", 1.9, worker=0, reason="closed"),
        logs.end(exitstatus=1, duration=1.9),
    ]
    return summary_of(records)


def stopped_run() -> Summary:
    records = shop_run()
    records = [record for record in records if record.get("test", 0) < 3]
    reason = "stopping after 1 failures"
    records.append(logs.event("StopRequested", 1.2, reason=reason))
    records += [
        logs.command("EndTest", test=test, outcome="not run", reason=reason) for test in (3, 4)
    ]
    records.append(logs.event("TestStarted", 1.2, worker=0, test=5))
    records.append(logs.command("EndTest", test=5, outcome="interrupted", reason=reason, worker=0))
    return summary_of(closed(records, 1.8, exitstatus=1, not_run=2, reason=reason))


def long_run() -> Summary:
    return replace(
        summary_of(closed(shop_run(), 1.9)),
        collected=48_210,
        ran=48_210,
        workers=16,
        wall=754.3,
        serial=11_304.0,
        busy_share=706.5 / 709.2,
        limits=Limits(16, 41.0, 709.2, 4.1, 2260.0, (Limit("work", 706.5),)),
    )


def chained_run() -> Summary:
    """A run that took as long as three tests that require each other."""
    chain = tuple(nodeid for nodeid, _ in SHOP[:3])
    limits = Limits(2, 0.4, 3.0, 0.1, 0.0, (Limit("chain", 2.78, tests=chain), Limit("work", 1.41)))
    busy_share = limits.share(limits.found[1])
    return replace(summary_of(closed(shop_run(), 3.5)), limits=limits, busy_share=busy_share)


RUNS: dict[str, Callable[[], Summary]] = {
    "mixed": mixed_run,
    "in-process": in_process_run,
    "crashed": crashed_run,
    "stopped": stopped_run,
    "long": long_run,
    "chained": chained_run,
}


@pytest.mark.parametrize(("flag", "verbosity"), [("-q", -1), ("", 0), ("-v", 1)])
@pytest.mark.parametrize("name", RUNS)
def test_the_end_of_a_run_reads_as_in_the_file(name: str, flag: str, verbosity: int) -> None:
    again = "pytest --workers=2 --orchestrate-replay 2030:{}".format
    shown = lines(RUNS[name](), verbosity=verbosity, again=again)
    text = "".join(f"{line.text}\n" for line in shown)
    assert_matches_gold(f"terminal/{name}{flag}.txt", text)


def test_headers_read_as_in_the_file() -> None:
    headers = [
        header(
            workers=2,
            chosen="auto: 2 usable cores",
            started="popen",
            collection="full",
            history=182,
        ),
        header(
            workers=4, chosen="--workers", started="2*popen, 2*ssh=ci@build7", collection="full"
        ),
        header(workers=1, chosen="auto: 3 tests", started="popen", collection="full", history=1),
        header(workers=0, chosen="auto: one file", history=0),
    ]
    assert_matches_gold("terminal/headers.txt", "".join(f"{line}\n" for line in headers))
