"""Running a suite plainly and orchestrated, in real subprocesses, and comparing the two."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.downstream import recorder
from tests.downstream.comparison import compare, facts, without_addresses
from tests.support.runs import assert_log_is_sound

#: Has the class ``pytest.Subtests`` and structured node ids.
PYTEST_9 = pytest.version_tuple >= (9, 0)

#: Plugins that may be installed beside us, and would change what an inner run does.
NO_NEIGHBOURS = tuple(
    f"-pno:{name}"
    for name in ("randomly", "xdist", "rerunfailures", "asyncio", "django", "html", "timeout")
)

#: The suite can be run with workers that are started and collect in another way than by default.
MODES = tuple(
    f"--orchestrate-{name}={os.environ[variable]}"
    for name, variable in (("start", "ACCEPTANCE_START"), ("collect", "ACCEPTANCE_COLLECT"))
    if variable in os.environ
)

_RECORDER = "acceptance_recorder"

#: Seconds after which an inner run counts as hung.
LIMIT = 120

_TELLING = re.compile(
    r"collected \d|run-last-failure: |stepwise: |!{4,} |ERROR |FAILED |ERROR: |={4,} .* in \d"
)
_TIMES = re.compile(r" in [\d.]+s( \([\d:]+\))?|cache from [\d:]+ ago")


@dataclass(frozen=True)
class Ran:
    """What an inner run printed, recorded and returned."""

    result: pytest.RunResult
    #: As tests/downstream/recorder.py writes it; None if pytest was not even configured.
    record: dict[str, Any] | None

    @property
    def code(self) -> int:
        return int(self.result.ret)

    @property
    def out(self) -> str:
        return self.result.stdout.str()

    @property
    def err(self) -> str:
        return self.result.stderr.str()

    @property
    def outcomes(self) -> dict[str, list[str]]:
        """Node id -> how each of its attempts ended, sorted."""
        assert self.record is not None, self.out + self.err
        return {
            nodeid: sorted(attempt["outcome"] for attempt in attempts)
            for nodeid, attempts in self.record["tests"].items()
        }

    @property
    def order(self) -> list[str]:
        """Node ids in the order in which their first reports came."""
        assert self.record is not None, self.out + self.err
        return list(self.record["tests"])

    @property
    def counts(self) -> dict[str, int]:
        """The counts of the last line, such as ``{"passed": 3}``."""
        return self.result.parseoutcomes()

    def telling_lines(self) -> list[str]:
        """What the terminal says of the whole, without times; workers end in any order."""
        lines = (
            line.strip() for line in self.out.split("\r")[-1].splitlines() + self.err.splitlines()
        )
        lines = (line.partition("collecting ... ")[2] or line for line in lines)
        return sorted(
            without_addresses(_TIMES.sub("", line).strip("= "))
            for line in lines
            if _TELLING.match(line)
        )


def run_plain(
    pytester: pytest.Pytester,
    *args: str | os.PathLike[str],
    cache: str | None = "plain",
    stdin: bytes | None = None,
    environ: Mapping[str, str] | None = None,
) -> Ran:
    """Run pytest without us.

    ``cache``: plain and orchestrated runs keep caches of their own, so that a second run of
    either sees what its own first run left; None leaves the cache where pytest has it.
    """
    return _run(pytester, ["-p", "no:orchestrate", *map(str, args)], cache, stdin, environ)


def run_orchestrated(
    pytester: pytest.Pytester,
    *args: str | os.PathLike[str],
    workers: int | str | None = 2,
    cache: str | None = "orchestrated",
    stdin: bytes | None = None,
    environ: Mapping[str, str] | None = None,
    log: bool = True,
) -> Ran:
    """Run pytest with us; ``workers=None`` leaves their number to ``auto``.

    The log of the run is checked, and replayed through the engine; ``log=False`` is for runs
    that end before they have one.
    """
    ours = ["-p", "orchestrate", *([] if workers is None else [f"--workers={workers}"]), *MODES]
    ran = _run(pytester, [*ours, *map(str, args)], cache, stdin, environ)
    if log:
        assert_log_is_sound(pytester.path)
    return ran


def _run(
    pytester: pytest.Pytester,
    args: Sequence[str],
    cache: str | None,
    stdin: bytes | None,
    environ: Mapping[str, str] | None,
) -> Ran:
    beside = pytester.path.with_name(pytester.path.name + "-beside")
    beside.mkdir(exist_ok=True)
    source = Path(recorder.__file__).read_text(encoding="utf-8")
    (beside / f"{_RECORDER}.py").write_text(source, encoding="utf-8")
    target = beside / "record.json"
    target.unlink(missing_ok=True)
    command = [sys.executable, "-m", "pytest", "-p", _RECORDER, *NO_NEIGHBOURS]
    if cache is not None:
        command += ["-o", f"cache_dir=.cache-{cache}"]
    with pytest.MonkeyPatch.context() as patch:
        for name in ("PYTEST_ADDOPTS", "PYTEST_CURRENT_TEST", "PYTEST_XDIST_WORKER"):
            patch.delenv(name, raising=False)
        patch.setenv("PYTHONPATH", str(beside))
        patch.setenv("DOWNSTREAM_RECORD", str(target))
        for name, value in (environ or {}).items():
            patch.setenv(name, value)
        result = pytester.run(
            *command,
            *args,
            timeout=LIMIT,
            stdin=pytest.Pytester.CLOSE_STDIN if stdin is None else stdin,
        )
    record = json.loads(target.read_text(encoding="utf-8")) if target.is_file() else None
    if record is not None:  # pytest may have asked for a count without adding to it
        record["counts"] = {name: count for name, count in record["counts"].items() if count}
    return Ran(result, record)


def assert_same(plain: Ran, ours: Ran) -> None:
    """Outcome of each node id, counts, warnings, exit code, and what the terminal says of all."""
    differences = compare(
        facts(plain.record, plain.code, 0),
        facts(ours.record, ours.code, 0),
    )
    assert not differences, "\n".join(str(difference) for difference in differences)
    assert plain.telling_lines() == ours.telling_lines()


def assert_as_plain(
    pytester: pytest.Pytester, *args: str | os.PathLike[str], workers: int = 2
) -> tuple[Ran, Ran]:
    """Run both ways and compare; returns both."""
    plain = run_plain(pytester, *args)
    ours = run_orchestrated(pytester, *args, workers=workers)
    assert_same(plain, ours)
    return plain, ours


def write_files(pytester: pytest.Pytester, files: Mapping[str, str]) -> None:
    """Write files (path from the root -> text), with the folders that they need."""
    for name, text in files.items():
        path = pytester.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
