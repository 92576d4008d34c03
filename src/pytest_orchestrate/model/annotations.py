"""What markers say of a test: what it requires, provides and needs, and how urgent it is."""

from __future__ import annotations

from typing import Literal

import msgspec


class Requirement(msgspec.Struct, frozen=True, omit_defaults=True):
    """One ``requires`` marker."""

    #: As written; a function or class object stands here as its path, such as ``test_a.py::f``.
    targets: tuple[str, ...]
    #: ``passed``: it must end well; ``ran``: any outcome will do.
    when: Literal["passed", "ran"] = "passed"
    #: One of the targets is enough.
    any: bool = False
    #: Of a parametrised target only the instance with the same parameters.
    same_params: bool = False
    #: On the same worker.
    colocate: bool = False
    #: Where it is written: ``tests/test_a.py:12``.
    where: str = ""


class Provided(msgspec.Struct, frozen=True, omit_defaults=True):
    """One name of a ``provides`` marker: by it others may require the test."""

    name: str
    where: str = ""


class Order(msgspec.Struct, frozen=True, omit_defaults=True):
    """When a test is to run, seen from others that run; their outcomes do not matter."""

    #: From 0 on: after those of lower numbers. Below 0: after all others, -1 being the last.
    ordinal: int | None = None
    #: Targets, as those of ``requires``.
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    where: str = ""

    @property
    def priority(self) -> int:
        """1 if it is to run before those that have no number, else 0."""
        return int(not self.is_relative and self.ordinal is not None and self.ordinal >= 0)

    @property
    def is_relative(self) -> bool:
        """Whether it says so by naming others; then its number does not count."""
        return bool(self.before or self.after)


class Demand(msgspec.Struct, frozen=True, omit_defaults=True):
    """One ``resource`` marker."""

    name: str
    amount: int = 1
    #: Together with others that share it, never with one that does not.
    shared: bool = False
    where: str = ""
    #: Node id of the class or module whose fixtures use it as well; empty: only the test does.
    scope: str = ""


class Annotations(msgspec.Struct, frozen=True, omit_defaults=True):
    """All that markers say of one test."""

    requires: tuple[Requirement, ...] = ()
    provides: tuple[Provided, ...] = ()
    demands: tuple[Demand, ...] = ()
    #: Nothing else runs meanwhile.
    exclusive: bool = False
    priority: int = 0
    #: Parameter values as pytest writes them into the id, by argument name; for ``same_params``.
    params: dict[str, str] = {}
    order: Order | None = None


class Requirable(msgspec.Struct, frozen=True, omit_defaults=True):
    """What tests may require of what was collected, beside the tests that are to run."""

    #: Node ids of tests that were deselected.
    deselected: list[str] = []
    #: Position among these and those of ``seen``, which come behind them -> the names that the
    #: test provides; of those with any.
    provided: dict[int, list[str]] = {}
    #: Node id of a class with tests -> the classes of the project that it inherits from, each as
    #: the target that means it, such as ``tests/base.py::Base``.
    bases: dict[str, list[str]] = {}
    #: Node ids of tests that were found when a name was looked for in vain; one may be meant.
    seen: list[str] = []
