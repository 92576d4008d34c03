"""Finding and judging the logs of runs that a test has made."""

from __future__ import annotations

from pathlib import Path

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
    violations = check(log, workers=workers, finished=finished) or replay(log)
    assert not violations, "\n".join([f"{log}:", *violations])
    return log
