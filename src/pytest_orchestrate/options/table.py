"""The settings: one table from which flags, ini keys, ``--help`` and the documentation come.

``--orchestrate-NAME`` is the flag and ``orchestrate_NAME`` the ini key of the setting
``NAME``. An action (something to be done in this run only) has no ini key.
"""

from __future__ import annotations

from typing import Literal, NamedTuple, get_args

from pytest_orchestrate.options import choices

Kind = Literal["text", "whole number", "number", "switch", "list", "action"]

#: Formats of reports; ``report/formats`` has what writes each.
REPORT_FORMATS = ("json", "junit", "markdown", "html", "ctrf", "events")

#: The ini key that switches the plugin on; it has no flag, because ``-p`` is one.
ACTIVATION = "orchestrate"


# A named tuple: a frozen slotted dataclass takes five times as long to define, which every
# run would pay where the plugin is merely installed.
class Setting(NamedTuple):
    """One row of the table."""

    name: str
    #: What a typed ini file (TOML) may hold; text is always possible, except for a list.
    kind: Kind
    #: As one would write it; for a list its lines.
    default: str | tuple[str, ...]
    metavar: str
    #: What it accepts, in words; part of messages and of the documentation.
    accepted: str
    help: str
    choices: tuple[str, ...] = ()
    #: A short form of the flag, which exists only where the plugin was asked for.
    short: str | None = None

    @property
    def flag(self) -> str:
        """The command-line flag, which always exists."""
        return "--orchestrate-" + self.name.replace("_", "-")

    @property
    def key(self) -> str:
        """The ini key, which is also the name of the flag in ``config.option``."""
        return "orchestrate_" + self.name

    @property
    def repeatable(self) -> bool:
        """Whether the flag may be given several times."""
        return self.kind == "list"

    @property
    def has_ini_key(self) -> bool:
        """Whether it can stand in an ini file."""
        return self.kind != "action"


SETTINGS: tuple[Setting, ...] = (
    Setting(
        "workers",
        "whole number",
        "auto",
        "N",
        "a number of workers, 'auto', or 0 for none",
        "How many workers run tests. 'auto' uses as many as the usable cores and the work "
        "justify, and none where starting them would cost more than it saves. 0 runs the tests "
        "in this process.",
        short="--workers",
    ),
    Setting(
        "max_workers",
        "whole number",
        "0",
        "N",
        "a whole number from 1 on, or 0 for no limit",
        "How many workers there are at most, whether 'auto' decides or a number is given.",
    ),
    Setting(
        "worker_spec",
        "list",
        (),
        "SPEC",
        "[COUNT*]SPEC, where SPEC is an execnet specification such as popen, "
        "popen//python=python3.12 or ssh=user@host",
        "Start workers of this execnet specification, with an optional multiplier "
        "(2*popen//python=python3.12). All specifications together say how many workers there "
        "are.",
    ),
    Setting(
        "start",
        "text",
        "auto",
        "CHOICE",
        "auto, fork, spawn",
        "How local workers come to be: each in an interpreter of its own ('spawn'), or forked "
        "from a process that has imported pytest and its plugins once ('fork', Linux only). "
        "'auto' forks where that is safe, and spawns elsewhere; 'fork' does the same, and says "
        "why where it could not. It is not safe where a plugin has started threads or "
        "processes, or has opened sockets or files for writing, and under coverage.",
        choices=get_args(choices.Start),
    ),
    Setting(
        "preload",
        "text",
        "",
        "MODULES",
        "names of modules, separated by spaces",
        "Modules that are imported once before workers are forked, such as 'numpy pandas', "
        "instead of in every worker. Nothing is imported where workers are spawned.",
    ),
    Setting(
        "collect",
        "text",
        "auto",
        "CHOICE",
        "auto, sharded, full",
        "What each worker collects: a share of the test files ('sharded'), everything ('full'), "
        "or a share where no hook may depend on seeing all tests ('auto').",
        choices=get_args(choices.Collect),
    ),
    Setting(
        "resources",
        "list",
        (),
        "LINE",
        "lines NAME = AMOUNT, with a whole number from 1 on; for cpu and memory also 'auto', and "
        "for memory a size such as 16GiB; for others the flag 'host' may follow",
        "How much there is of what tests ask for with @pytest.mark.resource. Without any line "
        "there is 1 of each; with lines, a name that is not among them is refused. cpu and "
        "memory are always there, as much of them as this machine has. With 'db = 1 host' all "
        "runs of this user on this machine share the one db.",
    ),
    Setting(
        "priorities",
        "list",
        (),
        "LINE",
        "lines NAME = NUMBER, where NAME is a mark of the project and NUMBER a whole number",
        "Priorities of the project's own marks: with 'smoke = 100', tests marked smoke go first.",
    ),
    Setting(
        "order",
        "text",
        "fastest",
        "CHOICE",
        "fastest, declared, failures-first",
        "Which tests go first, of those that may run and have the same priority: those with "
        "which the run ends earliest ('fastest'), those that pytest collected first, as far "
        "as several workers allow ('declared'), or those that are likely to fail, by how they "
        "ended in earlier runs and by the files that git says have changed ('failures-first').",
        choices=get_args(choices.Order),
    ),
    Setting(
        "keep_together",
        "text",
        "off",
        "CHOICE",
        "off, group, class, file",
        "Which tests run on one worker, in the order in which pytest collected them: those that "
        "are marked with the same @pytest.mark.xdist_group(NAME) ('group'), those of a class, or "
        "of a file as far as they are in no class ('class'), those of a file ('file'), or only "
        "those for which that is fastest ('off').",
        choices=get_args(choices.KeepTogether),
    ),
    Setting(
        "run_on",
        "text",
        "one",
        "CHOICE",
        "one, each",
        "Whether a test runs on one worker ('one'), or on every worker ('each'): with workers of "
        "several interpreters or machines (worker_spec), the whole suite on each of them.",
        choices=get_args(choices.RunOn),
    ),
    Setting(
        "stop_on",
        "text",
        "nothing",
        "CHOICE",
        "nothing, critical",
        "With 'critical', the first failure of a test with the priority of critical (100) or "
        "above ends the run, as -x does for any failure.",
        choices=get_args(choices.StopOn),
    ),
    Setting(
        "on_blocked",
        "text",
        "skip",
        "CHOICE",
        "skip, fail, run",
        "What becomes of a test when something that it requires did not end well: it is skipped, "
        "it fails without being run, or it is run all the same.",
        choices=get_args(choices.OnBlocked),
    ),
    Setting(
        "missing",
        "text",
        "select",
        "CHOICE",
        "select, skip, fail, run",
        "What becomes of a test that requires a test which was not selected. 'select': what -k, "
        "-m, --lf, --sw and the arguments have left out is run, too; where --deselect or a plugin "
        "has left it out the test is skipped. 'skip', 'fail', 'run': the test is "
        "skipped, fails without being run, or is run all the same.",
        choices=get_args(choices.Missing),
    ),
    Setting(
        "markers",
        "list",
        (),
        "LINE",
        "lines MARKER = NAME, or MARKER = off, where MARKER is one of requires, provides, "
        "resource, exclusive, priority, critical, high, low, and 'off' also for dependency, "
        "depends and order",
        "Other names for the markers of this plugin, where a project uses one of these names "
        "for something else ('requires = needs'). 'off' leaves a marker to the project. A name "
        "that the project's own 'markers' declare is left to the project without this.",
    ),
    Setting(
        "verify_collection",
        "action",
        (),
        "",
        "nothing",
        "Run the tests twice, with full and with sharded collection, and compare how each one "
        "ended.",
    ),
    Setting(
        "plan",
        "action",
        (),
        "",
        "nothing, or =json",
        "Run no test, but print who would run what when: tests are collected as in a run, and the "
        "scheduler decides on a simulated clock, with what history expects them to take. As JSON "
        "it is all that is written to standard output; what else pytest says goes to standard "
        "error.",
        choices=("json",),
    ),
    Setting(
        "replay",
        "action",
        (),
        "RUN[:gwN]",
        "the id of a recorded run, its beginning, or 'last'; with :gwN one of its workers",
        "Run the tests of a recorded run again, on the same workers in the same order; with :gwN "
        "those of one worker, and what these require.",
    ),
    Setting(
        "max_crashes",
        "whole number",
        "4",
        "N",
        "a whole number from 0 on, and 'in all' behind it where it is not meant per worker",
        "How many crashed workers are replaced, per worker ('4') or in the whole run ('4 in "
        "all'). After one more the run stops, and what has not run is reported as not run.",
    ),
    Setting(
        "grace",
        "number",
        "5",
        "SECONDS",
        "a number of seconds above 0",
        "How long running tests may go on after Ctrl-C before their workers are ended.",
    ),
    Setting(
        "silence",
        "number",
        "60",
        "SECONDS",
        "a number of seconds, or 0 for never",
        "After how many seconds without a word from a worker it is named, with the test that it "
        "runs and its stacks. 0 is never.",
    ),
    Setting(
        "live",
        "text",
        "auto",
        "CHOICE",
        "auto, on, off",
        "On a terminal, shows at its bottom what runs, how far the run is and how long it may "
        "still take, in place of pytest's letters: unless it is a CI job's or the run is expected "
        "to be over at once ('auto'), whenever that is possible ('on'), or never ('off'). It is "
        "not possible with -s, without workers, and where another plugin has taken over the "
        "terminal.",
        choices=get_args(choices.Live),
    ),
    Setting(
        "failures",
        "text",
        "end",
        "CHOICE",
        "end, at-once",
        "When a failure is shown with its traceback and output: after the last test, as pytest "
        "does ('end'), or as soon as its test is over, and then not again ('at-once').",
        choices=get_args(choices.Failures),
    ),
    Setting(
        "record",
        "text",
        "on",
        "CHOICE",
        "on, no-output, off",
        "What is written down of a run: everything ('on'), everything but what tests print and "
        "how they failed ('no-output'), or nothing ('off').",
        choices=get_args(choices.Record),
    ),
    Setting(
        "report",
        "list",
        (),
        "FORMAT:PATH",
        f"FORMAT:PATH, where FORMAT is one of {', '.join(REPORT_FORMATS)}, and PATH a file, "
        "relative to the root directory of pytest unless absolute",
        "Write a report of the run in this format to this file, when the run is over. Nothing is "
        "written where tests are only collected or planned. '~' and environment variables in the "
        "path are expanded, and folders that are missing are made.",
    ),
    Setting(
        "report_environment",
        "list",
        (
            "CI",
            "LANG",
            "LC_ALL",
            "PYTEST_ADDOPTS",
            "PYTHONDONTWRITEBYTECODE",
            "PYTHONHASHSEED",
            "PYTHONOPTIMIZE",
            "PYTHONPATH",
            "TZ",
            "VIRTUAL_ENV",
        ),
        "NAME",
        "names of environment variables",
        "The environment variables that are written down of a run, if they are set. What looks "
        "like a secret in them is not.",
    ),
    Setting(
        "ci",
        "text",
        "auto",
        "CHOICE",
        "auto, off",
        "What is told to the service that the run is a job of. With 'auto' a job of GitHub Actions "
        "gets a summary, and annotations of its failures unless the plugin "
        "pytest-github-actions-annotate-failures makes them.",
        choices=get_args(choices.TellCI),
    ),
    Setting(
        "dir",
        "text",
        ".pytest_orchestrate",
        "PATH",
        "a path, relative to the root directory of pytest unless absolute",
        "The folder of recorded runs and of their history. '~' and environment variables in it "
        "are expanded.",
    ),
    Setting(
        "keep",
        "list",
        (
            "runs = 20",
            "size = 200MB",
            "artifact_runs = 10",
            "artifact_days = 30",
            "artifact_size = 1GB",
        ),
        "LINE",
        "the lines 'runs = N', 'artifact_runs = N', 'artifact_days = N' (from 1 on), 'size = SIZE' "
        "and 'artifact_size = SIZE' (such as 200MB or 1GiB)",
        "How many recorded runs are kept, and how much room they may take; likewise the artifacts "
        "of runs. The oldest go first. A line that is not given keeps its default.",
    ),
    Setting(
        "artifacts",
        "text",
        "on-failure",
        "CHOICE",
        "on-failure, always",
        "Of which tests the folder is kept that the fixture 'artifacts' has given them.",
        choices=get_args(choices.KeepArtifacts),
    ),
)
