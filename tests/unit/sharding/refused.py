"""Hooks that may carry something from item to item, by what they show."""

from __future__ import annotations

NOT_ONE_BY_ONE = {
    "sampling": "import random\nitems[:] = random.sample(items, 5)",
    "sorting": "items.sort(key=lambda item: item.name)",
    "sorting into a new list": "items[:] = sorted(items, key=str)",
    "reversing": "items.reverse()",
    "focus: all others are deselected, if any is marked": """
        kept, others = [], []
        for item in items:
            if item.get_closest_marker("focus"):
                kept.append(item)
            else:
                others.append(item)
        if kept:
            config.hook.pytest_deselected(items=others)
            items[:] = kept
    """,
    "some are in neither list": """
        kept, others = [], []
        for item in items:
            if "slow" in item.keywords:
                others.append(item)
            elif "fast" in item.keywords:
                kept.append(item)
        if others:
            items[:] = kept
    """,
    "a loop over marks may leave an item out of both lists": """
        kept, others = [], []
        for item in items:
            for mark in item.iter_markers():
                if mark.name == "slow":
                    break
            else:
                continue
            if "x" in item.keywords:
                others.append(item)
            else:
                kept.append(item)
        if others:
            items[:] = kept
    """,
    "some are in both lists": """
        kept, others = [], []
        for item in items:
            if "slow" in item.keywords:
                others.append(item)
            kept.append(item)
        if others:
            items[:] = kept
    """,
    "two loops put groups one after the other": """
        kept = []
        for item in items:
            if "slow" not in item.keywords:
                kept.append(item)
        for item in items:
            if "slow" in item.keywords:
                kept.append(item)
        items[:] = kept
    """,
    "what is kept if any is left out was sifted before": """
        kept, others = [], []
        for item in items:
            (kept if "a" in item.keywords else others).append(item)
        items[:] = [item for item in items if "b" in item.keywords]
        if others:
            items[:] = kept
    """,
    "one list after the other": """
        first, last = [], []
        for item in items:
            (first if "first" in item.keywords else last).append(item)
        items[:] = first + last
    """,
    "one list for two names": """
        kept = others = []
        for item in items:
            if "slow" in item.keywords:
                others.append(item)
            else:
                kept.append(item)
        items[:] = kept
    """,
    "a list that is not empty at first": """
        kept = [config]
        for item in items:
            kept.append(item)
        items[:] = kept
    """,
    "a list of the module": """
        import pytest

        kept = []

        def pytest_collection_modifyitems(items):
            for item in items:
                kept.append(item)
            items[:] = kept
    """,
    "how many are kept": """
        kept = []
        for item in items:
            if len(kept) < 10:
                kept.append(item)
        items[:] = kept
    """,
    "sifting that is reported": """
        kept = []
        for item in items:
            if "slow" not in item.keywords:
                kept.append(item)
        items[:] = kept
        print(len(kept))
    """,
    "something is kept for each mark": """
        kept = []
        for item in items:
            for mark in item.iter_markers():
                kept.append(item)
        kept.reverse()
        items[:] = kept
    """,
    "the list is bound again": """
        kept = []
        for item in items:
            kept.append(item)
        kept = kept[:10]
        items[:] = kept
    """,
    "the list is cut by a walrus": """
        kept = []
        for item in items:
            kept.append(item)
        if (kept := kept[1:]):
            items[:] = kept
    """,
    "another item is kept": """
        kept = []
        for item in items:
            kept.append(item.parent)
        items[:] = kept
    """,
    "all or none": """
        kept = []
        for item in items:
            if "only" in item.keywords:
                kept.append(item)
        if kept:
            items[:] = kept
    """,
    "chance decides": """
        import random, pytest

        def pytest_collection_modifyitems(items):
            items[:] = [item for item in items if random.random() < 0.5]
    """,
    "a comprehension that remembers": """
        seen = set()
        items[:] = [i for i in items if i.name not in seen and not seen.add(i.name)]
    """,
    "a comprehension of something else": """
        items[:] = [item.parent for item in items]
    """,
    "a slice of the items": """
        items[:5] = [item for item in items if "slow" not in item.keywords]
    """,
    "a comprehension over sorted items": """
        items[:] = [item for item in sorted(items, key=str) if item.name]
    """,
    "an error of their own": """
        from errors import Failure
        import pytest

        def pytest_collection_modifyitems(items):
            for item in items:
                if item.name == "x":
                    raise Failure(item)
    """,
    "a counter": """
        count = 0
        for item in items:
            count += 1
            if count > 10:
                item.add_marker(pytest.mark.skip(reason="enough"))
    """,
    "a position": """
        for number, item in enumerate(items):
            item.add_marker(pytest.mark.order(number))
    """,
    "the first of each": """
        seen = set()
        for item in items:
            if item.originalname not in seen:
                seen.add(item.originalname)
                item.add_marker(pytest.mark.smoke)
    """,
    "if not seen": """
        seen = False
        for item in items:
            if not seen:
                item.add_marker(pytest.mark.first)
            seen = True
    """,
    "a name that is left from an earlier item": """
        for item in items:
            if item.name == "test_a":
                last = item
            if item.name == "test_b":
                last.add_marker(pytest.mark.before_b)
    """,
    "a name that is left from an earlier loop": """
        for item in items:
            mark = pytest.mark.skipif(item.name == "x", reason="x")
        for item in items:
            item.add_marker(mark)
    """,
    "the last item, after the loop": """
        for item in items:
            item.add_marker("seen")
        item.add_marker(pytest.mark.last)
    """,
    "how many there are": """
        skip = pytest.mark.skip(reason="too many")
        if len(items) > 100:
            for item in items:
                item.add_marker(skip)
    """,
    "how many there are, asked in the loop": """
        for item in items:
            item.user_properties.append(("of", len(items)))
    """,
    "nothing was collected": "if not items:\n    return",
    "the session": """
        for item in items:
            item.user_properties.append(("n", session.testscollected))
    """,
    "the session of the item": """
        for item in items:
            item.session.stash[KEY] = item.nodeid
    """,
    "the session by another name": """
        for item in items:
            if getattr(item, "session").items[0] is item:
                item.add_marker("first")
    """,
    "break": """
        for item in items:
            item.add_marker(pytest.mark.first)
            break
    """,
    "return in the loop": """
        for item in items:
            if item.name == "test_stop":
                return
            item.add_marker(pytest.mark.early)
    """,
    "an error ends the loop quietly": """
        try:
            for item in items:
                item.user_properties.append(("n", int(item.name)))
        except ValueError:
            pass
    """,
    "chance": """
        import random
        import pytest

        def pytest_collection_modifyitems(items):
            for item in items:
                if random.random() < 0.5:
                    item.add_marker(pytest.mark.skip(reason="bad luck"))
    """,
    "chance for all": """
        import random
        chosen = random.random()
        for item in items:
            item.user_properties.append(("chance", chosen))
    """,
    "a shared object is called": """
        ids = {}
        for item in items:
            item.user_properties.append(("n", ids.setdefault(item.name, item.nodeid)))
    """,
    "an unknown function": """
        from helpers import wants_database
        import pytest

        def pytest_collection_modifyitems(items):
            for item in items:
                if wants_database(item):
                    item.add_marker(pytest.mark.db)
    """,
    "an iterator of the module": """
        import itertools, pytest

        turns = itertools.cycle([True, False])

        def pytest_collection_modifyitems(items):
            for item in items:
                if True in turns:
                    item.add_marker(pytest.mark.even)
    """,
    "a generator of the module": """
        import pytest

        def numbers():
            yield from range(10)

        left = numbers()

        def pytest_collection_modifyitems(items):
            for item in items:
                if any(number > 3 for number in left):
                    item.add_marker(pytest.mark.some)
    """,
    "a list that another hook fills": """
        import pytest

        found = []

        def pytest_itemcollected(item):
            found.append(item.name)

        def pytest_collection_modifyitems(items):
            for item in items:
                if item.name in found:
                    item.add_marker(pytest.mark.found)
    """,
    "only the first call": """
        import pytest

        done = False

        def first_time():
            global done
            before, done = done, True
            return not before

        def pytest_collection_modifyitems(items):
            if first_time():
                for item in items:
                    item.add_marker(pytest.mark.first_call)
    """,
    "a mutable default": """
        def pytest_collection_modifyitems(items, calls=[]):
            if calls:
                return
            for item in items:
                item.add_marker("first_call")
    """,
    "something that tests share": """
        for item in items:
            item.cls.count = 1
    """,
    "a shared node is marked": """
        for item in items:
            if item.name == "test_a":
                item.parent.parent.add_marker(pytest.mark.has_a)
    """,
    "a shared function is marked": """
        for item in items:
            pytest.mark.slow(item.function)
    """,
    "a shared list becomes the item's": """
        shared = []
        for item in items:
            item.user_properties = shared
            item.user_properties.append(item.name)
    """,
    "a wrapper": """
        import pytest

        @pytest.hookimpl(wrapper=True)
        def pytest_collection_modifyitems(items):
            yield
            for item in items:
                item.add_marker("late")
    """,
    "a nested function": """
        def key(item):
            return item.name
        for item in items:
            item.add_marker(key(item))
    """,
    "an unknown decorator": """
        @once
        def pytest_collection_modifyitems(items):
            for item in items:
                item.add_marker("once")
    """,
    "a builtin that is not": """
        def any(values):
            return values

        def pytest_collection_modifyitems(items):
            for item in items:
                if any(item.name):
                    item.add_marker("some")
    """,
    "a star import": """
        from tests.fixtures import *

        def pytest_collection_modifyitems(items):
            for item in items:
                item.add_marker("some")
    """,
    "items by another name": """
        tests = items
        for item in tests:
            item.add_marker("some")
    """,
    "a queue gives something else each time": """
        import pytest
        from queues import jobs

        def pytest_collection_modifyitems(items):
            for item in items:
                item.add_marker(pytest.mark.job(number=jobs.get(item)))
    """,
    "a generator that is read later": """
        for item in items:
            item.names = (mark.name for mark in item.iter_markers())
    """,
    "skipping at collection": """
        for item in items:
            if "gpu" in item.keywords:
                pytest.skip("no GPU")
    """,
    "sorting by a key of the module": """
        import pytest

        def pytest_collection_modifyitems(items):
            for item in items:
                item.first = sorted(item.keywords, key=remember)[0]
    """,
}
