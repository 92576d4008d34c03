"""Which modules a run imports without a terminal, and that pytest rewrites none of ours."""

from __future__ import annotations

import pytest

from tests.acceptance.support import run_orchestrated, write_files

#: Writes down the loaders of our modules, in whatever process, and whether there is a module that
#: is for terminals. The package itself, which tells pytest how to load it, comes first.
CONFTEST = """
import sys

def pytest_unconfigure(config):
    loaders = {
        type(module.__spec__.loader).__name__
        for name, module in list(sys.modules.items())
        if name.startswith("pytest_orchestrate.")
    }
    with open(config.rootpath / "loaders.txt", "a") as file:
        print(*sorted(loaders), *{"rich", "jinja2"}.intersection(sys.modules), file=file)
"""


@pytest.mark.parametrize(
    ("workers", "start"), [(0, "auto"), (2, "fork"), (2, "spawn")], ids=["0", "forked", "spawned"]
)
def test_no_module_of_ours_is_rewritten_and_neither_rich_nor_jinja2_is_imported(
    pytester: pytest.Pytester, workers: int, start: str
) -> None:
    write_files(pytester, {"conftest.py": CONFTEST, "test_a.py": "def test_a(): pass\n"})
    # the warning of a module that was imported too early is an error in strict projects, and what
    # matches python_files is rewritten wherever it lies
    strict = ("-W", "error", "-o", "python_files=*.py", f"--orchestrate-start={start}")
    ran = run_orchestrated(pytester, *strict, workers=workers)
    assert ran.counts == {"passed": 1}
    told = (pytester.path / "loaders.txt").read_text().split()
    assert len(told) > workers
    assert set(told) == {"SourceFileLoader"}
