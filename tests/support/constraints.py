"""Checks the log of a run against requirements, resources and exclusiveness.

Written from the promises, and imports nothing of the package: a test is sent to a worker only
when what it requires has ended as it has to; what workers have been sent and not finished never
needs more of a resource than there is, where the tests of one worker count as the neediest of
them, because they run one after another; what a test has needed for its class or module counts with
its worker until that begins a test of another one, has torn down or is gone, and a worker that has
nothing to do is told to tear down; and nobody has anything beside an exclusive test. Of a
resource of the machine a run uses what it was granted and has not returned, and it has that only
while it uses it; what was not granted has to be wanted, if somebody has nothing else to do.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.support.records import Json

GOOD = ("passed", "xpassed")


class Constraints:
    """What is known of the constraints of a run's tests."""

    def __init__(self) -> None:
        self._of: dict[int, Json] = {}
        self._capacities: dict[str, int] = {}
        self._workers = 1
        self._hosted: set[str] = set()
        #: Slots of the machine that the run has.
        self._granted: set[tuple[str, int]] = set()
        #: Names of what the machine is asked for.
        self._wanted: list[set[str]] = []
        #: It has been asked, and has said neither yes nor no.
        self.is_answer_due = False
        #: Worker -> what fixtures of classes and modules use there.
        self._up: dict[int, list[Json]] = {}
        #: Workers that have been told to tear down, and have not answered.
        self.tearing: set[int] = set()
        #: Test -> slots of the machine that it was sent with.
        self._sent: dict[int, set[tuple[str, int]]] = {}

    def know(self, event: Json) -> None:
        """Take in a ``RunBegan`` or ``TestsCollected``."""
        if event["event"] == "RunBegan":
            self._workers = event["workers"]
            return
        for name, amount in event.get("resources", {}).items():
            self._capacities.setdefault(name, amount)
        self._hosted.update(event.get("hosted", ()))
        for each in event.get("constraints", ()):
            self._of[each["test"]] = each

    def begin(self, number: int, test: int, nodeid: str) -> None:
        """Take in that a worker begins a test."""
        up = [each for each in self._up.get(number, ()) if nodeid.startswith(each["scope"] + "::")]
        demands = self._of.get(test, {}).get("demands", ()) if self._workers > 1 else ()
        self._up[number] = up + [each for each in demands if each.get("scope")]

    def tear_down(self, number: int) -> list[str]:
        """Take in a ``TearDown``; returns what is wrong with it."""
        found = [] if self._up.get(number) else ["and nothing is up there"]
        if number in self.tearing:
            found.append("which has not answered the last one")
        self.tearing.add(number)
        return found

    def torn_down(self, number: int) -> list[str]:
        """Take in a ``TornDown``; returns what is wrong with it."""
        self._up[number] = []
        found = [] if number in self.tearing else ["which was not told to tear down"]
        self.tearing.discard(number)
        return found

    def leave(self, number: int) -> None:
        """Take in that a worker is gone."""
        self._up[number] = []
        self.tearing.discard(number)

    def keeps_in_vain(self, number: int) -> bool:
        """Whether a worker that has nothing to do keeps something, and was not told to let go."""
        return bool(self._up.get(number)) and number not in self.tearing

    def answer(self, event: Json) -> list[str]:
        """Take in a ``SlotsGranted`` or ``SlotsBusy``; returns what is wrong with it."""
        found: list[str] = []
        self.is_answer_due = False
        if event["event"] == "SlotsBusy":
            return found if self._wanted else ["SlotsBusy, though nothing is wanted"]
        for slot in _slots(event["slots"]):
            if slot in self._granted:
                found.append(f"{slot} was granted twice")
            self._granted.add(slot)
        if set(event["slots"]) not in self._wanted:
            found.append(f"{sorted(event['slots'])} were granted, and nobody wanted that")
        return found

    def take_back(self, command: Json) -> list[str]:
        """Take in a ``ReturnSlots``; returns what is wrong with it."""
        found = [
            f"{s} was returned, and never granted" for s in _slots(command["slots"]) - self._granted
        ]
        self._granted -= _slots(command["slots"])
        return found

    def want(self, command: Json) -> None:
        """Take in a ``WantSlots``."""
        self._wanted = [{demand["name"] for demand in demands} for demands in command["any_of"]]
        self.is_answer_due = bool(self._wanted)

    def waits_for_machine(self, test: int) -> bool:
        """Whether the machine is asked for what a test needs, or a worker waits for an answer."""
        return self.is_answer_due or self._of_machine(test) in self._wanted

    def idle_slots(self, has: Mapping[int, list[int]]) -> list[tuple[str, int]]:
        """Slots of the machine that the run has, and nobody uses. ``has``: tests by worker."""
        used = [self._sent.get(test, set()) for tests in has.values() for test in tests]
        return sorted(self._granted.difference(*used))

    def send(self, test: int, slots: Mapping[str, list[int]]) -> list[str]:
        """Take in that a test is sent with these slots; returns what is wrong with that."""
        hosted = self._of_machine(test)
        self._sent[test] = _slots({name: each for name, each in slots.items() if name in hosted})
        found = [f"with {slot}, which is not granted" for slot in self._sent[test] - self._granted]
        if {name for name, _ in self._sent[test]} != hosted:
            found.append(f"without slots of all of {sorted(hosted)}")
        return found

    def _of_machine(self, test: int) -> set[str]:
        demands = self._of.get(test, {}).get("demands", ())
        return {demand["name"] for demand in demands if demand["name"] in self._hosted}

    def may_run(self, test: int, ended: Mapping[int, str]) -> bool:
        """Whether nothing that a test requires stands against it."""
        each = self._of.get(test, {})
        if each.get("refused"):
            return False
        return all(self._is_met(need, ended) for need in each.get("needs", ()))

    def is_hopeless(self, test: int, ended: Mapping[int, str]) -> bool:
        """Whether a test is refused, or requires what has not ended well, or a lost place."""
        each = self._of.get(test, {})
        if each.get("refused"):
            return True
        for need in each.get("needs", ()):
            bad = [t in ended and not _is_good(need, ended[t]) for t in need["targets"]]
            if need.get("colocate") or (all(bad) if need.get("any") else any(bad)):
                return True
        return False

    def violations(
        self, test: int, ended: Mapping[int, str], has: Mapping[int, list[int]]
    ) -> list[str]:
        """What is wrong with sending a test. ``has``: what each worker has, this included."""
        found = []
        if not self.may_run(test, ended):
            found.append("before what it requires has ended well")
        if self._workers == 1:
            return found
        for name in {demand["name"] for demand in self._of.get(test, {}).get("demands", ())}:
            taken = [self._taken(name, tests, number) for number, tests in has.items()]
            writers = sum(amount for amount, shared in taken if not shared)
            readers = any(amount for amount, shared in taken if shared)
            if writers + readers > self._capacities.get(name, 1):
                found.append(f"though there is not enough of {name}")
        alone = [number for number, tests in has.items() if any(map(self._is_exclusive, tests))]
        busy = [number for number, tests in has.items() if tests]
        if alone and busy != alone:
            found.append(f"though workers {busy} are busy and {alone} to be alone")
        return found

    def _is_exclusive(self, test: int) -> bool:
        return bool(self._of.get(test, {}).get("exclusive"))

    def _taken(self, name: str, tests: list[int], number: int) -> tuple[int, bool]:
        demands = [
            demand
            for test in tests
            for demand in self._of.get(test, {}).get("demands", ())
            if demand["name"] == name
        ]
        demands += [demand for demand in self._up.get(number, ()) if demand["name"] == name]
        amounts = [demand.get("amount", 1) for demand in demands]
        return max(amounts, default=0), all(demand.get("shared", False) for demand in demands)

    @staticmethod
    def _is_met(need: Json, ended: Mapping[int, str]) -> bool:
        good = [test in ended and _is_good(need, ended[test]) for test in need["targets"]]
        return any(good) if need.get("any") else all(good)


def _slots(slots: Mapping[str, list[int]]) -> set[tuple[str, int]]:
    return {(name, number) for name, numbers in slots.items() for number in numbers}


def _is_good(need: Mapping[str, Any], outcome: str) -> bool:
    return outcome in GOOD or (need.get("when") == "ran" and outcome != "not run")
