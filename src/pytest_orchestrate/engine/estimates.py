"""What tests and files are expected to cost, from history and from this run."""

from __future__ import annotations

#: Expected seconds of a test when nothing at all is known.
BLIND_GUESS = 0.005


class FileCosts:
    """What is known of one file. Sums are seconds."""

    __slots__ = (
        "bodies",
        "bodies_sum",
        "collect",
        "entered",
        "entered_sum",
        "entry",
        "foreseen",
        "foreseen_sum",
        "name",
        "setups",
        "setups_sum",
    )

    def __init__(self, name: str) -> None:
        self.name = name
        #: Seconds to enter it according to history, or -1.
        self.entry = -1.0
        #: Seconds to collect it, or -1.
        self.collect = -1.0
        #: Tests with an estimate from history.
        self.foreseen = 0
        self.foreseen_sum = 0.0
        #: Call and tear-down of the tests that finished in this run.
        self.bodies = 0
        self.bodies_sum = 0.0
        #: Set-up of those that did not enter the file.
        self.setups = 0
        self.setups_sum = 0.0
        #: Set-up of those that did.
        self.entered = 0
        self.entered_sum = 0.0

    def seen_mean(self) -> float:
        """Mean seconds of its tests that finished, without what entering it cost."""
        mean = self.bodies_sum / self.bodies
        return mean + self.setups_sum / self.setups if self.setups else mean


class Estimates:
    """Expected seconds of tests, and of entering files.

    A test without history is expected to take the mean of the tests of its file that
    finished in this run, else of its file's estimates, else of the run, else a blind guess.
    The mean, not the median: what is wanted is the sum over many tests.

    Entering a file (import, higher-scope fixtures) costs what history says, else what the
    set-up of tests that entered it in this run exceeded that of their siblings by, else the
    mean of that over all files.
    """

    __slots__ = ("_by_name", "file_of", "files", "history", "run")

    def __init__(self) -> None:
        #: Per test: seconds according to history, or -1.
        self.history: list[float] = []
        #: Per test: index of its file.
        self.file_of: list[int] = []
        self.files: list[FileCosts] = []
        self._by_name: dict[str, int] = {}
        #: The sums over all files.
        self.run = FileCosts("")

    def file(self, name: str) -> int:
        """Index of the file with this name, made if need be."""
        index = self._by_name.get(name)
        if index is None:
            index = self._by_name[name] = len(self.files)
            self.files.append(FileCosts(name))
        return index

    def add(self, file: int, history: float | None) -> None:
        """The next test."""
        self.file_of.append(file)
        if history is None:
            self.history.append(-1.0)
            return
        self.history.append(history)
        for costs in (self.files[file], self.run):
            costs.foreseen += 1
            costs.foreseen_sum += history

    def of(self, test: int) -> float:
        """Expected seconds of a test."""
        history = self.history[test]
        return history if history >= 0.0 else self.unseen(self.file_of[test])

    def unseen(self, file: int) -> float:
        """Expected seconds of a test of this file that has no history."""
        costs = self.files[file]
        if costs.bodies:
            return costs.seen_mean()
        if costs.foreseen:
            return costs.foreseen_sum / costs.foreseen
        return self.usual()

    def usual(self) -> float:
        """Expected seconds of a test of which not even the file is known."""
        run = self.run
        if run.bodies:
            return run.seen_mean()
        if run.foreseen:
            return run.foreseen_sum / run.foreseen
        return BLIND_GUESS

    def entry(self, file: int) -> float:
        """Expected seconds to enter a file on a worker."""
        costs = self.files[file]
        if costs.entry >= 0.0:
            return costs.entry
        if not costs.entered:
            costs = self.run
            if not costs.entered:
                return 0.0
        usual = costs.setups_sum / costs.setups if costs.setups else 0.0
        return max(0.0, costs.entered_sum / costs.entered - usual)

    def collect(self, file: int) -> float:
        """Expected seconds to collect a file."""
        return max(0.0, self.files[file].collect)

    def learn(
        self, test: int, setup: float, body: float, *, enters: bool, first_of_worker: bool
    ) -> None:
        """A test finished. ``body``: call and tear-down.

        The set-up of a worker's very first test also holds what is set up once a worker
        (session fixtures), so it says nothing about the file.
        """
        costs = self.files[self.file_of[test]]
        run = self.run
        costs.bodies += 1
        costs.bodies_sum += body
        run.bodies += 1
        run.bodies_sum += body
        if not enters:
            costs.setups += 1
            costs.setups_sum += setup
            run.setups += 1
            run.setups_sum += setup
        elif not first_of_worker:
            costs.entered += 1
            costs.entered_sum += setup
            run.entered += 1
            run.entered_sum += setup
