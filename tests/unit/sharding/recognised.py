"""Hooks that treat item after item by itself, by what they show, as projects write them."""

from __future__ import annotations

ONE_BY_ONE = {
    "the --runslow example of pytest's documentation": """
        import pytest

        def pytest_addoption(parser):
            parser.addoption("--runslow", action="store_true", default=False)

        def pytest_configure(config):
            config.addinivalue_line("markers", "slow: mark test as slow to run")

        def pytest_collection_modifyitems(config, items):
            if config.getoption("--runslow"):
                # --runslow given in cli: do not skip slow tests
                return
            skip_slow = pytest.mark.skip(reason="need --runslow option to run")
            for item in items:
                if "slow" in item.keywords:
                    item.add_marker(skip_slow)
    """,
    "markers by name, as pytest's documentation does": """
        for item in items:
            if "interface" in item.nodeid:
                item.add_marker(pytest.mark.interface)
            elif "event" in item.nodeid:
                item.add_marker(pytest.mark.event)
    """,
    "markers by folder": """
        import pytest
        from pathlib import Path

        HERE = Path(__file__).parent

        def pytest_collection_modifyitems(config, items):
            for item in items:
                path = Path(item.fspath).relative_to(HERE)
                if path.parts[0] == "integration":
                    item.add_marker(pytest.mark.integration)
    """,
    "a folder's marker by one walrus": """
        for item in items:
            if (mark := item.get_closest_marker("backend")) and mark.args:
                item.add_marker(getattr(pytest.mark, mark.args[0]))
                item.user_properties.append(("backend", mark.args[0]))
    """,
    "a known-failures table": """
        import pytest

        KNOWN = {"test_a": "slow disk", "test_b": "no network"}

        @pytest.hookimpl(tryfirst=True)
        def pytest_collection_modifyitems(items):
            for item in items:
                reason = KNOWN.get(item.name)
                if reason is not None:
                    item.add_marker(pytest.mark.xfail(reason=reason, strict=True))
    """,
    "a table of markers and the words that stand for them": """
        import pytest

        MARKS = {"db": ("sql", "orm"), "net": ("http",)}

        def pytest_collection_modifyitems(items):
            for item in items:
                for name, words in MARKS.items():
                    if any(word in item.nodeid.lower() for word in words):
                        item.add_marker(getattr(pytest.mark, name)())
                        break
    """,
    "doctests get a fixture": """
        import pytest
        from _pytest.doctest import DoctestItem

        def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
            for item in items:
                if isinstance(item, DoctestItem):
                    item.add_marker(pytest.mark.usefixtures("doctest_setup"))
    """,
    "warnings of some doctests": """
        for item in items:
            for path, message in [("a.b", "old"), ("a.c", "older")]:
                if item.name.endswith(path):
                    item.add_marker(pytest.mark.filterwarnings(f"ignore:{message}"))
    """,
    "coroutines get a marker": """
        import asyncio, pytest

        def pytest_collection_modifyitems(config, items):
            for item in items:
                if isinstance(item, pytest.Function) and asyncio.iscoroutinefunction(item.obj):
                    item.add_marker(pytest.mark.asyncio)
    """,
    "a platform's tests": """
        import pytest, sys

        ALL = set("darwin linux win32".split())

        def pytest_collection_modifyitems(items):
            for item in items:
                supported = ALL.intersection(mark.name for mark in item.iter_markers())
                if supported and sys.platform not in supported:
                    item.add_marker(pytest.mark.skip(reason="not here"))
    """,
    "an environment variable decides": """
        if os.environ.get("CI"):
            return
        skip = pytest.mark.skip(reason="only in CI")
        for item in items:
            if item.get_closest_marker("ci") is not None:
                item.add_marker(skip)
    """,
    "an import decides": """
        try:
            import numpy
        except ImportError:
            numpy = None
        if numpy is None:
            skip = pytest.mark.skip(reason="numpy is missing")
            for item in items:
                if "numpy" in item.fixturenames:
                    item.add_marker(skip)
    """,
    "a fixture is put first": """
        for item in items:
            if item.get_closest_marker("freeze_time"):
                item.fixturenames.insert(0, "freezer")
    """,
    "names are decoded": """
        for item in items:
            item.name = item.name.encode("utf-8").decode("unicode_escape")
            item._nodeid = item.nodeid.encode("utf-8").decode("unicode_escape")
    """,
    "a group by module": """
        for item in items:
            item.add_marker(pytest.mark.xdist_group(name=item.nodeid.split("::")[0]))
    """,
    "deselecting by two lists": """
        selected, deselected = [], []
        for item in items:
            if "slow" in item.keywords:
                deselected.append(item)
            else:
                selected.append(item)
        config.hook.pytest_deselected(items=deselected)
        items[:] = selected
    """,
    "deselecting if there is anything to deselect": """
        if not config.getoption("--fast"):
            return
        kept: list[pytest.Item] = []
        dropped: list[pytest.Item] = []
        for item in items:
            if item.get_closest_marker("boundary"):
                dropped.append(item)
                continue
            kept.append(item)
        if dropped:
            config.hook.pytest_deselected(items=dropped)
            items[:] = kept
    """,
    "deselecting by a choice between lists": """
        keep, drop = [], []
        for item in items:
            (drop if item.get_closest_marker("image") else keep).append(item)
        if drop:
            config.hook.pytest_deselected(items=drop)
        items[:] = keep
    """,
    "deselecting by a comprehension": """
        items[:] = [item for item in items if "slow" not in item.keywords]
    """,
    "deselecting by two comprehensions": """
        wanted = config.getoption("--kind")
        selected = [item for item in items if item.get_closest_marker(wanted)]
        deselected = [item for item in items if not item.get_closest_marker(wanted)]
        items[:] = selected
        config.hook.pytest_deselected(items=deselected)
    """,
    "an item is refused": """
        for item in items:
            if "script" in item.fixturenames:
                raise RuntimeError(f"no script in {item.nodeid}")
            marks = [mark for mark in item.iter_markers("least")]
            assert len(marks) < 2, item.name
    """,
    "two loops": """
        for item in items:
            item.add_marker("unit")
        if config.getoption("--cov", None):
            for item in items:
                item.add_marker(pytest.mark.covered)
    """,
    "a list made for one item": """
        for item in items:
            names = [mark.name for mark in item.iter_markers()]
            names.append(item.name)
            item.user_properties.append(("marks", ",".join(names)))
    """,
    "continue, and default markers": """
        for item in items:
            if any(item.iter_markers()):
                continue
            item.add_marker("unmarked")
    """,
    "a regular expression of the module": """
        import pytest, re

        NIGHTLY = re.compile(r"_nightly$")

        def pytest_collection_modifyitems(items):
            for item in items:
                if NIGHTLY.search(item.name) or re.match("bench", item.name):
                    item.add_marker(pytest.mark.nightly)
    """,
    "a method of a plugin's class": """
        import pytest

        class Plugin:
            def pytest_collection_modifyitems(self, items):
                for item in items:
                    if item.name in self.names:
                        item.add_marker(pytest.mark.named)
    """,
    "nothing at all": "pass",
    "a timeout for those without": """
        limit = config.getini("slow_limit") or "10"
        for item in items:
            if item.get_closest_marker("timeout") is None:
                item.add_marker(pytest.mark.timeout(int(limit)))
    """,
}
