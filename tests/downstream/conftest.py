"""The bench on which the tests of other plugins stand."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.downstream.neighbours import RECORDER, Bench

OF_AN_OUTER_RUN = ("PYTEST_", "COV_", "COVERAGE_", "DJANGO_", "HYPOTHESIS_")
NO_XDIST = "raise ModuleNotFoundError(\"No module named 'xdist'\", name='xdist')\n"


@pytest.fixture(params=[True, False], ids=["beside_xdist", "without_xdist"])
def bench(
    request: pytest.FixtureRequest, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> Bench:
    """Return a bench: once where all that is installed is loaded, once where xdist is missing."""
    beside_xdist: bool = request.param
    prepare(pytester, monkeypatch, autoload=beside_xdist, xdist=beside_xdist)
    return Bench(pytester, autoload=beside_xdist)


@pytest.fixture
def alone(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Bench:
    """Return a bench where a plugin that a test names is the only one, and xdist is missing."""
    prepare(pytester, monkeypatch, autoload=False, xdist=False)
    return Bench(pytester, autoload=False)


@pytest.fixture(params=[True, False], ids=["beside_xdist", "without_xdist"])
def either(
    request: pytest.FixtureRequest, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> Bench:
    """Return a bench like ``alone``, once with nothing but xdist beside the plugin."""
    prepare(pytester, monkeypatch, autoload=False, xdist=request.param)
    return Bench(pytester, autoload=False, beside=("xdist",) if request.param else ())


def prepare(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, *, autoload: bool, xdist: bool
) -> None:
    """Prepare the environment of runs in subprocesses."""
    for name in os.environ:
        if name.startswith(OF_AN_OUTER_RUN):
            monkeypatch.delenv(name)
    plugins = pytester.mkdir("plugins")
    recorder = Path(__file__).with_name("recorder.py").read_text(encoding="utf-8")
    (plugins / f"{RECORDER}.py").write_text(recorder, encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(plugins), str(pytester.path)]))
    monkeypatch.setenv("DOWNSTREAM_RECORD", str(pytester.path / "record.json"))
    if xdist:
        pytest.importorskip("xdist")
    else:
        (plugins / "xdist.py").write_text(NO_XDIST, encoding="utf-8")
    if not autoload:
        monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
