"""What a hook may call and touch while it treats one item: the tables behind ``item_local``."""

from __future__ import annotations


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


#: Builtins that give a value and change nothing.
BUILTINS = _words(
    "all any bool dict float frozenset getattr hasattr int isinstance issubclass len list max min "
    "repr set sorted str tuple type"
)

#: The builtins among them that make a new container.
CONTAINERS = frozenset(("dict", "list", "set", "sorted"))

#: Builtin errors that end a run.
ERRORS = _words(
    "AssertionError AttributeError Exception KeyError LookupError NotImplementedError RuntimeError "
    "TypeError ValueError"
)

#: Functions of modules, by their full names.
FUNCTIONS = _words(
    "asyncio.iscoroutinefunction fnmatch.fnmatch fnmatch.fnmatchcase inspect.iscoroutinefunction "
    "inspect.isasyncgenfunction inspect.isgeneratorfunction os.environ.get os.fspath os.getenv "
    "pathlib.Path pathlib.PurePath pathlib.PurePosixPath pathlib.PureWindowsPath platform.machine "
    "platform.system re.fullmatch re.match re.search sys.platform.startswith"
)

#: Functions of modules whose full names begin so; marks come from ``pytest.mark``.
FUNCTION_PREFIXES = ("os.path.", "pytest.mark.")

#: Methods that only read: of strings, paths, patterns, dicts and sets, of pytest's configuration
#: and of its nodes.
READING = _words(
    "as_posix casefold count decode difference encode endswith exists find format fullmatch "
    "get_closest_marker getini getoption getparent getvalue hasplugin has_plugin index "
    "intersection is_dir is_file is_relative_to isascii isdigit isdisjoint isidentifier islower "
    "issubset issuperset isupper items iter_markers iter_markers_with_node iter_parents join "
    "joinpath keys listchain listextrakeywords listnames lower lstrip match partition relative_to "
    "relto removeprefix removesuffix replace reportinfo resolve rfind rpartition rsplit rstrip "
    "search split splitlines startswith strip title union upper values with_name "
    "with_suffix"
)

#: Methods that change what they are called on.
CHANGING = _words(
    "add add_marker add_report_section append appendleft clear difference_update discard extend "
    "extendleft insert intersection_update pop popitem popleft put remove reverse setdefault sort "
    "symmetric_difference_update update write writelines"
)

#: What of an item is its own. Its ``obj``, ``cls``, ``module``, ``parent`` and the like are
#: shared with others (a method that is inherited: with tests of other files).
OWN_ATTRIBUTES = _words(
    "_report_sections extra_keyword_matches fixturenames keywords own_markers stash user_properties"
)

#: Attributes that lead to all tests. ``items`` counts where it is not called as a method.
REVEALING = _words(
    "__dict__ __globals__ _getframe _notfound _session perform_collect session testscollected "
    "testsfailed"
)

#: Calls that give something else each time, or reach names behind the analysis' back.
UNREPEATABLE = _words("__import__ delattr eval exec globals input iter locals next setattr vars")
UNREPEATABLE_MODULES = _words("builtins ctypes gc inspect itertools numpy random secrets time uuid")

#: Calls whose result remembers how far it was read, or changes when it is read.
STATEFUL = _words(
    "Counter count cycle defaultdict enumerate filter iter iterdir glob map open repeat reversed "
    "rglob scandir zip"
)
