"""What is gathered while a run goes on is what its log says."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_orchestrate.history.overview import overview, slowest
from pytest_orchestrate.history.recording import Recording
from pytest_orchestrate.history.store import History
from pytest_orchestrate.history.transfer import exported

names = st.sampled_from(["test_a.py::one", "test_a.py::two[\udc80]", "ä.py::drei", "test_b.py::x"])
workers = st.sampled_from(["gw0", "gw1"])
durations = st.floats(-1, 3) | st.sampled_from([0.0, math.nan, math.inf])
outcomes = st.sampled_from(["passed", "failed", "error", "skipped", "interrupted"])
attempts = st.fixed_dictionaries(
    {
        "record": st.just("attempt"),
        "nodeid": names,
        "occurrence": st.integers(0, 1),
        "worker": workers,
        "order": st.integers(0, 9),
        "outcome": outcomes,
        "setup": durations,
        "call": durations,
        "teardown": durations,
        "started": st.floats(1e9, 2e9),
        "longrepr": st.sampled_from([None, "E \udcff"]),
    }
)
others = st.one_of(
    st.fixed_dictionaries(
        {
            "record": st.just("fixture"),
            "worker": workers,
            "file": st.sampled_from([None, "test_a.py"]),
            "name": st.just("database"),
            "scope": st.sampled_from(["module", "class", "session"]),
            "setup": durations,
        }
    ),
    st.fixed_dictionaries(
        {
            "record": st.just("amend"),
            "nodeid": names,
            "worker": workers,
            "outcome": st.just("error"),
        }
    ),
    st.fixed_dictionaries(
        {
            "record": st.just("files"),
            "worker": workers,
            "costs": st.dictionaries(names, st.none() | durations, max_size=2),
        }
    ),
    st.fixed_dictionaries({"record": st.just("note"), "text": names}),
    st.fixed_dictionaries({"record": st.just("interrupted"), "test": st.integers(0, 9)}),
    st.fixed_dictionaries({"record": st.just("end"), "exitstatus": st.integers(0, 5)}),
)
BEGIN = {
    "record": "run",
    "run": "r",
    "started": 1.5e9,
    "mode": "workers",
    "workers": 2,
    "facts": {},
}


ODD: dict[str, Any] = {"record": "worker", "worker": 7}


@settings(max_examples=20)
@given(records=st.lists(attempts | others, max_size=12))
def test_the_run_and_its_log_make_the_same_history(
    tmp_path_factory: pytest.TempPathFactory, records: list[dict[str, Any]]
) -> None:
    here, there = (History.open(tmp_path_factory.mktemp("run")) for _ in range(2))
    recording = Recording.create(here.directory, "r", "on")
    for each in [BEGIN, *records]:
        record = {"record": each["record"], **each}  # the first key of each line
        (recording.attempt if record["record"] == "attempt" else recording.write)(record)
    recording.close(here)
    assert there.fold(recording.path)
    assert exported(here) == exported(there)
    assert slowest(here) == slowest(there)
    assert not here.fold(recording.path)
    for history in (here, there):
        assert history.warnings == []
        history.close()


@pytest.mark.parametrize("records", [[BEGIN, ODD], [ODD, BEGIN], [ODD]])
def test_of_a_run_that_says_something_odd_the_log_is_read(
    tmp_path: Path, records: list[dict[str, Any]]
) -> None:
    history = History.open(tmp_path)
    recording = Recording.create(tmp_path, "r", "on")
    for record in records:
        recording.write(record)
    recording.close(history)
    (warning,) = history.warnings
    assert recording.path.name in warning
    history.close()


def test_a_run_that_is_not_to_be_kept_is_not_added(tmp_path: Path) -> None:
    history = History.open(tmp_path)
    recording = Recording.create(tmp_path, "r", "off")
    recording.write(BEGIN)
    recording.close(history)
    assert overview(history) is None
    history.close()
