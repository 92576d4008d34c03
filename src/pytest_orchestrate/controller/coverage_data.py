"""How much of which source file the tests have run, where coverage.py has written it down."""

from __future__ import annotations

import os
import warnings
from pathlib import Path

#: Where coverage.py looks for its settings, in this order, and what such a file has to contain.
_SETTINGS = {
    ".coveragerc": "",
    "setup.cfg": "[coverage:",
    "tox.ini": "[coverage:",
    "pyproject.toml": "[tool.coverage",
}


def by_file(
    root: Path, *, began: float | None = None, until: float | None = None
) -> dict[str, tuple[int, int]]:
    """Source file, relative to ``root`` -> lines that were run, and lines that could be.

    Empty where there is no data file, or no coverage.py to read it with. pytest-cov writes the file
    at the end of the session; files of several processes count only once they are combined.

    :param began: When the run began, in seconds since the epoch: a data file that was written
        before then tells of another run.
    :param until: Likewise one that was written after then: when the next run began.
    :raises CoverageException: the data file or the settings cannot be read.
    """
    if not _may_be_there(root):
        return {}
    try:
        import coverage
        from coverage.exceptions import CoverageException
    except ImportError:
        return {}
    settings = _settings(root) or False
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of files that are gone: they are left out
        configured = coverage.Coverage(config_file=settings).get_option("run:data_file")
        path = root / str(configured or ".coverage")
        if not path.is_file():
            return {}
        written = path.stat().st_mtime
        if (began is not None and written < began) or (until is not None and written > until):
            return {}
        measured = coverage.Coverage(config_file=settings, data_file=str(path))
        measured.load()
        found: dict[str, tuple[int, int]] = {}
        data = measured.get_data()
        for name in sorted(data.measured_files()):
            try:
                _, lines, _, missing, _ = measured.analysis2(str(root / name))
            except CoverageException:  # the source is gone, or is no Python
                continue
            # a relative name means nothing to coverage.py where the root is not the current folder
            never = set(missing).difference(data.lines(name) or ())
            found[_within(root, name)] = (len(lines) - len(never), len(lines))
    return found


def _may_be_there(root: Path) -> bool:
    """Whether it is worth to import coverage.py; its settings may name any file."""
    return (
        (root / ".coverage").is_file()
        or "COVERAGE_FILE" in os.environ
        or _settings(root) is not None
    )


def _settings(root: Path) -> str | None:
    for name, telling in _SETTINGS.items():
        path = root / name
        if path.is_file() and telling in path.read_text(encoding="utf-8", errors="replace"):
            return str(path)
    return None


def _within(root: Path, name: str) -> str:
    path = root / name
    return (path.relative_to(root) if path.is_relative_to(root) else path).as_posix()
