"""Finding and judging the logs of runs that a test has made."""

from __future__ import annotations

from pathlib import Path

import msgspec

from pytest_orchestrate.history.log import lines
from pytest_orchestrate.history.shapes import AnyLine
from tests.support.checker import check
from tests.support.replay import replay


def latest_log(rootdir: Path) -> Path:
    """The log of the last run under a root directory; an assertion fails if there is none."""
    folder = rootdir / ".pytest_orchestrate" / "runs"
    logs = sorted(folder.glob("*.jsonl"), key=lambda log: (log.stat().st_mtime_ns, log.name))
    assert logs, f"no run log in {folder}"
    return logs[-1]


def assert_log_is_sound(
    rootdir: Path, *, workers: int | None = None, finished: bool = True
) -> Path:
    """Fails with the violations of the last run's log, or where a replay differs from it."""
    log = latest_log(rootdir)
    violations = misshapen(log) or check(log, workers=workers, finished=finished) or replay(log)
    assert not violations, "\n".join([f"{log}:", *violations])
    return log


def misshapen(log: Path) -> list[str]:
    """The first line that is not what its kind has to be, if there is one."""
    decode = msgspec.json.Decoder(AnyLine).decode
    for number, line in enumerate(lines(log), 1):
        try:
            decode(line)
        except msgspec.DecodeError as error:
            return [f"line {number}: {error}: {line[:200]!r}"]
    return []
