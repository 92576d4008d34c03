"""The real projects whose test suites are run, and what each of them needs."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Project:
    """One released project and how its own developers run its tests.

    ``requirements`` is what the project declares for its tests, less pytest itself; ``declared``
    says where. ``seconds`` is about what plain pytest takes on a machine with two cores; ``kind``
    is what its suite does that others do not.
    """

    name: str
    version: str
    declared: str
    requirements: tuple[str, ...]
    seconds: float
    args: tuple[str, ...] = ()
    from_wheel: bool = False
    has_pytest_config: bool = True
    kind: str = "pure Python"
    #: Environment variables with which it is built.
    build_variables: tuple[tuple[str, str], ...] = ()

    @property
    def requirement(self) -> str:
        """The pinned release, as pip reads it."""
        return f"{self.name}=={self.version}"


QUICK_SECONDS = 10.0

PROJECTS = (
    Project(
        name="click",
        version="8.5.1",
        kind="parametrised tests, most of them deselected",
        declared="pyproject.toml, dependency group tests",
        requirements=(),
        seconds=7,
    ),
    Project(
        name="jinja2",
        version="3.1.6",
        declared="requirements/tests.in",
        requirements=("trio",),
        seconds=2,
    ),
    Project(
        name="attrs",
        version="26.1.0",
        kind="property tests",
        declared="pyproject.toml, dependency group tests",
        requirements=("cloudpickle", "hypothesis", "pympler", "pytest-xdist[psutil]"),
        seconds=8,
    ),
    Project(
        name="more-itertools",
        version="11.2.1",
        kind="unittest, 21,000 subtests in one file",
        declared="nowhere: its tests are unittest's and need nothing",
        requirements=(),
        seconds=18,
        has_pytest_config=False,
    ),
    Project(
        name="werkzeug",
        version="3.1.9",
        kind="web framework, files that are watched",
        declared="pyproject.toml, dependency group tests",
        requirements=(
            "cffi",
            "cryptography",
            "ephemeral-port-reserve",
            "pytest-timeout",
            "watchdog",
        ),
        seconds=5,
        # The servers that these tests start take part in no comparison of test outcomes.
        args=("--ignore=tests/test_serving.py",),
    ),
    Project(
        name="networkx",
        version="3.6.1",
        kind="numpy, 8,000 tests of a package that is installed",
        declared="pyproject.toml, extra default (numpy alone: the rest is large and optional)",
        requirements=("numpy>=1.25",),
        seconds=95,
        args=("--pyargs", "networkx"),
        from_wheel=True,
        has_pytest_config=False,
    ),
)


def _small(
    name: str,
    version: str,
    seconds: float,
    *requirements: str,
    has_pytest_config: bool = False,
    args: tuple[str, ...] = (),
) -> Project:
    return Project(
        name=name,
        version=version,
        declared="its test environment, less coverage and what a release needs",
        requirements=requirements,
        seconds=seconds,
        args=args,
        has_pytest_config=has_pytest_config,
    )


#: Suites that plain pytest has run before workers have even started, if one is not careful.
SMALL_PROJECTS = (
    _small("cachetools", "8.0.0", 0.7),
    _small(
        "humanize",
        "4.17.0",
        1.3,
        "freezegun",
        "pytest-benchmark",
        has_pytest_config=True,
        args=("--benchmark-disable",),  # it disables itself on workers
    ),
    _small("inflection", "0.5.1", 0.5),
    _small("itsdangerous", "2.2.0", 0.8, "freezegun", has_pytest_config=True),
    _small(
        "markdown-it-py",
        "4.3.0",
        2,
        "flit_core>=3.4,<5",
        "pytest-regressions",
        "pytest-timeout",
        "requests",
        has_pytest_config=True,
    ),
    _small("python-slugify", "9.2.0", 1.2, has_pytest_config=True),
    _small("semver", "3.1.1", 0.6),
    _small("tabulate", "0.10.0", 1.5),
    _small("tinydb", "4.9.0", 0.6, "pyyaml"),
    _small("tomlkit", "0.15.2", 1.2, "pyyaml"),
)
