"""Tests written for asyncio, hypothesis and Django run on workers as in plain pytest."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.downstream.neighbours import WAIT_FOR_ALL, Bench, Outcome


def test_asyncio_runs_coroutines_in_the_loops_they_ask_for(
    bench: Bench, pytester: pytest.Pytester
) -> None:
    pytest.importorskip("pytest_asyncio")
    bench.use("asyncio")
    pytester.makeini("[pytest]\nasyncio_mode = auto\nasyncio_default_fixture_loop_scope = module\n")
    pytester.makepyfile(
        **{
            f"test_{name}": """
                import asyncio

                import pytest
                import pytest_asyncio

                pytestmark = pytest.mark.asyncio(loop_scope="module")
                LOOPS = set()

                @pytest_asyncio.fixture(scope="module", loop_scope="module")
                async def loop_of_the_module():
                    yield asyncio.get_running_loop()
                    assert asyncio.get_running_loop() in LOOPS

                @pytest.mark.parametrize("number", range(4))
                async def test_loop(loop_of_the_module, number):
                    LOOPS.add(asyncio.get_running_loop())
                    await asyncio.sleep(0)
                    assert LOOPS == {loop_of_the_module}
                    assert number != 2

                def test_ordinary():
                    pass
            """
            for name in "ab"
        }
    )
    for run in bench.same():
        run.result.assert_outcomes(passed=8, failed=2)


def test_hypothesis_reports_examples_and_statistics(
    bench: Bench, pytester: pytest.Pytester
) -> None:
    pytest.importorskip("hypothesis")
    bench.use("hypothesispytest")
    pytester.makepyfile(
        **{
            f"test_{name}": f"""
                from hypothesis import event, given, settings, strategies

                @settings(max_examples=20)
                @given(strategies.integers())
                def test_holds_{name}(number):
                    event("drawn in {name}")

                @given(strategies.integers())
                def test_fails_{name}(number):
                    assert number < 100
            """
            for name in "ab"
        }
    )
    args = ("--hypothesis-show-statistics", "--hypothesis-seed=1")
    for run in bench.same(*args):
        run.result.assert_outcomes(passed=2, failed=2)
        _, _, statistics = run.output.partition("Hypothesis Statistics")
        for name in "ab":
            assert f"test_{name}.py::test_holds_{name}:" in statistics
            assert f"test_{name}.py::test_fails_{name}:" in statistics
            assert f"drawn in {name}" in statistics
        assert run.output.count("number=100,") == 2


def test_django_gives_each_worker_a_database_of_its_own(
    bench: Bench, pytester: pytest.Pytester
) -> None:
    pytest.importorskip("pytest_django")
    pytest.importorskip("django")
    bench.use("django")
    pytester.makeini("[pytest]\nDJANGO_SETTINGS_MODULE = project.settings\npythonpath = .\n")
    pytester.makeconftest(WAIT_FOR_ALL)
    project = pytester.mkpydir("project")
    (project / "settings.py").write_text(
        "from pathlib import Path\n"
        "HERE = Path(__file__).parent\n"
        "SECRET_KEY = 'for tests only'\n"
        "INSTALLED_APPS = ['shelf']\n"
        "ROOT_URLCONF = 'shelf.urls'\n"
        "DEFAULT_AUTO_FIELD = 'django.db.models.BigAutoField'\n"
        "DATABASES = {'default': {\n"
        "    'ENGINE': 'django.db.backends.sqlite3',\n"
        "    'NAME': HERE / 'books.sqlite3',\n"
        "    'TEST': {'NAME': HERE / 'testing.sqlite3'},\n"
        "}}\n",
        encoding="utf-8",
    )
    shelf = pytester.mkpydir("shelf")
    (shelf / "models.py").write_text(
        "from django.db import models\n"
        "class Book(models.Model):\n"
        "    title = models.CharField(max_length=50, unique=True)\n",
        encoding="utf-8",
    )
    (shelf / "urls.py").write_text(
        "from django.http import HttpResponse\n"
        "from django.urls import path\n"
        "from shelf.models import Book\n"
        "def index(request):\n"
        "    return HttpResponse(','.join(book.title for book in Book.objects.all()))\n"
        "urlpatterns = [path('', index)]\n",
        encoding="utf-8",
    )
    pytester.makepyfile(
        **{
            f"test_{name}": """
                import pytest
                from django.db import connection
                from shelf.models import Book

                @pytest.mark.parametrize("number", range(3))
                @pytest.mark.django_db(transaction=True)
                def test_committed(number, record_property, client):
                    record_property("database", connection.settings_dict["NAME"])
                    Book.objects.create(title="the same in every test")
                    assert client.get("/").content == b"the same in every test"

                @pytest.mark.django_db
                def test_rolled_back():
                    Book.objects.create(title="the same in every test")
                    assert Book.objects.count() == 1

                def test_needs_permission():
                    with pytest.raises(RuntimeError, match="Database access not allowed"):
                        Book.objects.count()
            """
            for name in "abc"
        }
    )

    plain, distributed = bench.same()
    distributed.result.assert_outcomes(passed=15)

    def databases(run: Outcome) -> set[str]:
        return {Path(name).name for name in run.recorded("database").values()}

    assert databases(plain) == {"testing.sqlite3"}
    assert databases(distributed) == {"testing.sqlite3_gw0", "testing.sqlite3_gw1"}
    assert not list(project.glob("*.sqlite3*")), "a test database was left behind"
