"""What a watch says of imports."""

from __future__ import annotations

import importlib.util
import sys
import types
from collections.abc import Iterator
from pathlib import Path

import pytest

from pytest_orchestrate.worker import import_watch
from pytest_orchestrate.worker.import_watch import ImportWatch

#: In a module: takes so many seconds of the watch's clock.
SLEEP = "import ticking; ticking.now += {0}\n"


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """The watch's clock stands still, but for what modules say that they take."""
    ticking = types.ModuleType("ticking")
    ticking.now = 100.0  # type: ignore[attr-defined]  # made here
    monkeypatch.setitem(sys.modules, "ticking", ticking)
    monkeypatch.setattr(import_watch, "perf_counter", lambda: ticking.now)


@pytest.fixture
def packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder in which packages count as installed."""
    folder = tmp_path / "site-packages"
    folder.mkdir()
    monkeypatch.syspath_prepend(folder)
    monkeypatch.syspath_prepend(tmp_path)
    yield folder
    for name in [name for name in sys.modules if name.startswith("watched_")]:
        del sys.modules[name]


def put(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)


def watched(*names: str) -> dict[str, float]:
    watch = ImportWatch()
    watch.begin()
    try:
        for name in names:
            __import__(name)
    finally:
        spent = watch.end()
    assert watch not in sys.meta_path
    return {name: seconds for name, seconds in spent.items() if name.startswith("watched_")}


def test_modules_within_count_for_the_one_that_imports_them(packages: Path) -> None:
    put(
        packages,
        {
            "watched_outer/__init__.py": "import watched_inner\nimport watched_outer.part\n",
            "watched_outer/part.py": SLEEP.format(0.03) + "import watched_end\n",
            "watched_inner.py": SLEEP.format(0.05) + "import watched_last\n",
            "watched_last.py": "",
            "watched_end.py": "",
        },
    )
    spent = watched("watched_outer", "watched_inner")
    assert spent == {"watched_outer": pytest.approx(0.08)}


def test_files_of_the_project_are_looked_through(packages: Path) -> None:
    put(packages, {"watched_heavy.py": SLEEP.format(0.05) + "import watched_last\n"})
    put(packages, {"watched_last.py": ""})
    put(
        packages.parent,
        {"watched_test.py": SLEEP.format(0.2) + "import watched_heavy\n" + SLEEP.format(0.2)},
    )
    spent = watched("watched_test")
    assert spent == {"watched_heavy": pytest.approx(0.05)}


def test_parts_that_are_imported_later_count_too(packages: Path) -> None:
    put(
        packages,
        {
            "watched_space/__init__.py": "",
            "watched_space/part.py": SLEEP.format(0.05) + "import watched_last\n",
            "watched_last.py": "",
        },
    )
    assert watched("watched_space.part") == {"watched_space": pytest.approx(0.05)}


def test_nothing_is_said_of_light_or_broken_modules(packages: Path) -> None:
    put(packages, {"watched_light.py": "", "watched_broken.py": SLEEP.format(0.05) + "1 / 0\n"})
    watch = ImportWatch()
    watch.begin()
    with pytest.raises(ZeroDivisionError):
        __import__("watched_broken")
    assert not [name for name in watch.end() if name.startswith("watched_")]
    assert watched("watched_light") == {}


def test_parts_of_what_was_there_before_are_looked_through(packages: Path) -> None:
    put(
        packages,
        {
            "watched_plugin/__init__.py": "",
            "watched_plugin/engine.py": SLEEP.format(0.05) + "import watched_library\n",
            "watched_library.py": SLEEP.format(0.05) + "import watched_last\n",
            "watched_last.py": "",
        },
    )
    __import__("watched_plugin")
    assert list(watched("watched_plugin.engine")) == ["watched_library"]


def test_modules_that_answer_anything_are_asked_nothing(packages: Path) -> None:
    put(
        packages,
        {
            "watched_odd.py": """
import sys
class Odd:
    def __getattr__(self, name): raise ImportError(name)
sys.modules[__name__] = Odd()
""",
            "watched_all.py": """
import sys
class All:
    def __getattr__(self, name): return self
sys.modules[__name__] = All()
""",
            "watched_path.py": "from pathlib import Path\n__file__ = Path(__file__)\n",
            "watched_next.py": "",
        },
    )
    assert watched("watched_odd", "watched_all", "watched_path", "watched_next") == {}


def test_lazy_modules_stay_lazy(packages: Path) -> None:
    put(packages, {"watched_lazy.py": "raise AssertionError('loaded')", "watched_next.py": ""})
    spec = importlib.util.find_spec("watched_lazy")
    assert spec is not None
    assert spec.loader is not None
    spec.loader = importlib.util.LazyLoader(spec.loader)
    watch = ImportWatch()
    watch.begin()
    try:
        importlib.util.find_spec("watched_next")  # looked for, the first time
        module = importlib.util.module_from_spec(spec)
        sys.modules["watched_lazy"] = module
        watch.find_spec("watched_lazy")
        spec.loader.exec_module(module)
        __import__("watched_next")
    finally:
        watch.end()
    assert "Lazy" in type(module).__name__
