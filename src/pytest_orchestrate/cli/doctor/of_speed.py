"""What a run of the collected tests will take time for, and what would save some of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from pytest_orchestrate.cli.doctor.diagnosis import Change, Finding
from pytest_orchestrate.cli.doctor.facts import (
    Collected,
    Configured,
    Forecast,
    HeavyImport,
)
from pytest_orchestrate.report.recommending import is_worth
from pytest_orchestrate.report.words import count_of, percent, seconds
from pytest_orchestrate.sharding.safety import DECLARATION, Obstacle

#: So many hooks that stand in the way are named.
OBSTACLES = 5
#: Seconds of collection that are worth a word,
NOTICEABLE = 0.1
#: the share of it that one file takes to dominate it,
DOMINATES = 0.5
#: and seconds of imports and fixtures.
HEAVY = 0.5
#: So many modules and fixtures are named.
MODULES, FIXTURES = 4, 3
#: Tests of which a share is worth a word where durations are not known,
MANY = 20
#: and how many times an even share that is.
UNEVEN = 1.5

#: Kinds of limits that come of keeping tests together.
_GROUPS = ("group", "groups")
_LEAVE_OUT = "leave it out, if the tests do not need each other's leftovers"


def of_speed(configured: Configured, found: Collected) -> Iterator[Finding]:
    """Say it."""
    workers = configured.usual_workers
    yield from _collection(found, workers)
    yield from _start(configured)
    yield from _workers(configured)
    yield from _imports(configured, found.imports, workers)
    yield from _fixtures(configured, workers)
    yield from _durations(configured, found)


def _collection(found: Collected, workers: int) -> Iterator[Finding]:
    files = found.files
    spent = sum(file.seconds for file in files)
    # who imports a share imports all the same what the files have in common
    gain = max(0.0, spent - sum(each.seconds for each in found.imports)) * (1 - 1 / workers)
    everything = f"each worker collects all {count_of(len(files), 'file')}"
    if len(files) < 2:
        return
    if found.full_because is not None:
        if found.full_because == "asked for" and not found.obstacles and gain >= NOTICEABLE:
            text = f"orchestrate_collect = full: {everything}, though no hook stands in the way"
            change = Change("orchestrate_collect", "auto")
            yield Finding("speed", "collection", text, gain=gain, changes=(change,))
        else:
            yield Finding("fine", "collection", f"{everything} ({found.full_because})")
        return
    if found.obstacles:
        yield from _obstacles(found, everything, gain)
        return
    yield Finding(
        "fine", "collection", f"workers share out the import of {count_of(len(files), 'file')}"
    )
    longest = max(files, key=lambda file: file.seconds)
    own = longest.seconds - sum(each.seconds for each in found.imports)
    if own >= max(HEAVY, DOMINATES * spent) and own > spent / workers + NOTICEABLE:
        share = percent(longest.seconds / spent)
        text = f"{longest.path} takes {seconds(longest.seconds)} of collection ({share}), and one"
        text += " worker imports all of it"
        yield Finding("speed", "collection", text, "split it, or import less at its top")


def _obstacles(found: Collected, everything: str, gain: float) -> Iterator[Finding]:
    """One finding for all of them: only without all of them something would be gained."""
    obstacles = found.obstacles
    named = [f"{each.hook} in {each.place}" for each in obstacles[:OBSTACLES]]
    more = len(obstacles) - OBSTACLES
    if more > 0:
        named.append(f"... {count_of(more, 'more hook')}")
    text = f"{everything}, because a hook may depend on seeing all tests: {named[0]}"
    if len(named) > 1:
        text = "\n".join((f"{everything}, because hooks may depend on seeing all tests:", *named))
    names = [_installed_name(found, each) for each in obstacles]
    advice = []
    without = list(dict.fromkeys(f"-p no:{name}" for name in names if name))
    if without:
        advice.append(f"{' '.join(without)}, where the tests do not need that")
    if None in names:
        advice.append(
            f"{DECLARATION} = True in a conftest whose hooks treat every test by itself"
            " (pytest -p orchestrate --orchestrate-verify-collection checks it)"
        )
    advice.append("orchestrate_collect = sharded, if each worker may see only a share of the tests")
    yield Finding(
        "speed" if gain >= NOTICEABLE else "fine",
        "collection",
        text,
        "; or ".join(advice),
        gain=gain if gain >= NOTICEABLE else None,
    )


def _installed_name(found: Collected, obstacle: Obstacle) -> str | None:
    """The name of the installed plugin that the obstacle is in; None: it is the project's."""
    package = obstacle.plugin.partition(".")[0]
    return next((each.registered for each in found.plugins if each.package == package), None)


def _start(configured: Configured) -> Iterator[Finding]:
    if configured.start is None:
        return
    how, story = configured.start
    told = "" if story is None else f" ({story})"
    if how == "spawned" and story is not None and story.startswith("workers are not forked"):
        text = f"each worker starts its own interpreter and plugins: {story}"
        yield Finding("speed", "start", text, "start it in a fixture or in pytest_sessionstart")
    else:
        yield Finding("fine", "start", f"workers are {how}{told}")


def _workers(configured: Configured) -> Iterator[Finding]:
    if configured.workers is None or configured.automatic is None or configured.one_process:
        return
    number, reason = configured.workers
    automatic, why = configured.automatic
    shown = f"{count_of(number, 'worker')} ({reason})"
    if not number:
        shown = f"no workers: tests run in the process of pytest ({reason})"
    if reason == "asked for" and number > configured.cores:
        text = f"{shown} on {count_of(configured.cores, 'usable core')}: they wait for each other"
        text += f"; auto would take {automatic or 'none'} ({why})"
        change = Change("orchestrate_workers", "auto")
        yield Finding("speed", "workers", text, "leave the number to auto", changes=(change,))
    elif reason == "asked for" and number != automatic:
        text = f"{shown}; auto would take {automatic or 'none'} ({why})"
        yield Finding("setting", "workers", text)
    else:
        yield Finding("fine", "workers", shown)


def _imports(
    configured: Configured, imports: Iterable[HeavyImport], workers: int
) -> Iterator[Finding]:
    named = set(configured.settings.get("orchestrate_preload", "").split())
    heavy = [each for each in imports if each.seconds >= NOTICEABLE and each.module not in named]
    spent = sum(each.seconds for each in heavy)
    if spent < HEAVY or configured.start is None or configured.start[0] != "forked":
        return
    heavy = heavy[:MODULES]
    names = " ".join(sorted({*(each.module for each in heavy), *named}))
    said = ", ".join(f"{each.module} ({seconds(each.seconds)})" for each in heavy)
    gain = max(0.0, spent * (1 - configured.cores / workers))
    is_gain = gain >= NOTICEABLE
    yield Finding(
        "speed",
        "imports",
        f"each worker that needs them imports {said}",
        f"orchestrate_preload = {names} imports them once, before workers are forked"
        + ("" if is_gain else "; that saves processor time, and wall time only on busy cores"),
        gain=gain if is_gain else None,
        changes=(Change("orchestrate_preload", names),) if is_gain else (),
    )


def _fixtures(configured: Configured, workers: int) -> Iterator[Finding]:
    heavy = {name: spent for name, spent in configured.fixtures.items() if spent >= HEAVY}
    for name, spent in list(heavy.items())[:FIXTURES]:
        yield Finding(
            "speed",
            "fixtures",
            f"each of {count_of(workers, 'worker')} that runs a test with it sets up the session"
            f" fixture {name}, for {seconds(spent)}",
            "let one worker make what can be shared, in a folder that all of them have:"
            " tmp_path_factory.getbasetemp().parent",
        )


def _durations(configured: Configured, found: Collected) -> Iterator[Finding]:
    expected = found.forecast
    if not found.tests or found.errors or found.ended or found.refused or configured.refused:
        return
    if expected is None:
        yield from _whole_file(configured, found)
        if not configured.known_tests:
            text = "how long tests take is not known yet, so what bounds a run cannot be told"
            advice = "pytest -p orchestrate runs and records them; then ask again"
            if configured.settings.get("orchestrate_record") == "off":
                advice = "orchestrate_record = off keeps it so"
            yield Finding("note", "durations", text, advice)
        return
    yield Finding(
        "fine",
        "durations",
        f"{count_of(expected.tests, 'test')} ({expected.measured} measured before) take"
        f" {seconds(expected.work)} one after another, and {seconds(expected.makespan)} on"
        f" {count_of(expected.workers, 'worker')}; no schedule takes less than"
        f" {seconds(expected.lower_bound)}",
    )
    # without what bounds it, all workers would be busy at best
    gain = expected.makespan - expected.work / expected.workers
    if not is_worth(gain, expected.makespan):
        return
    if expected.bounded_by is not None and expected.kind not in ("work", "", *_GROUPS):
        yield Finding("speed", "durations", f"what bounds it is {expected.bounded_by}")
    yield from _tied(configured, expected, found.untied)


def _whole_file(configured: Configured, found: Collected) -> Iterator[Finding]:
    """What is likely to bound a run, though no durations are known."""
    largest = max(found.files, key=lambda file: file.tests)
    even = found.tests / configured.usual_workers
    is_kept = configured.settings.get("orchestrate_keep_together") == "file"
    if not is_kept or found.tests < MANY or largest.tests < UNEVEN * even:
        return
    text = f"{_keeping(configured)} keeps {largest.path} on one worker, which has {largest.tests}"
    text += f" of {count_of(found.tests, 'test')}"
    yield Finding("speed", "durations", text, _LEAVE_OUT)


def _keeping(configured: Configured) -> str:
    """What is written that keeps tests together."""
    dist = [flag for flag in configured.old_flags if flag.flag == "--dist"]
    if dist:
        return f"{dist[-1]} ({dist[-1].place})"
    kind = configured.settings.get("orchestrate_keep_together", "group")
    return f"orchestrate_keep_together = {kind}"


def _tied(configured: Configured, expected: Forecast, untied: Forecast | None) -> Iterator[Finding]:
    """What it costs to keep tests together."""
    if untied is None:
        if expected.kind in _GROUPS and expected.bounded_by is not None:
            yield Finding("speed", "durations", f"what bounds it is {expected.bounded_by}")
        return
    gain = expected.makespan - untied.makespan
    if not is_worth(gain, expected.makespan):
        return
    bounded = f": what bounds it is {expected.bounded_by}" if expected.bounded_by else ""
    text = _keeping(configured)
    is_flag = text.startswith("--")
    yield Finding(
        "speed",
        "durations",
        f"{text} keeps tests on one worker that could run on several{bounded}",
        _LEAVE_OUT,
        gain=gain,
        changes=() if is_flag else (Change("orchestrate_keep_together", "off"),),
    )
