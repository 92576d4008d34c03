"""A real project whose test suite is run."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

#: ``usual`` are those that are run where nothing is asked for; ``kinds`` are of other kinds,
#: and run by hand; ``small`` have been run by plain pytest before workers have even started,
#: if one is not careful.
Group = Literal["usual", "kinds", "small"]


@dataclass(frozen=True)
class Project:
    """One released project and how its own developers run its tests.

    ``requirements`` is what the project declares for its tests, less pytest itself; ``declared``
    says where. ``seconds`` is about what plain pytest takes on a machine with two cores; ``kind``
    is what its suite does that others do not.

    ``args`` leave out what says nothing, or what differs between two plain runs as well; ``part``
    says in words what is left. ``short_args`` take their place where a suite is run too often to be
    run whole, and then ``short_part`` says it.
    """

    name: str
    version: str
    declared: str
    requirements: tuple[str, ...]
    seconds: float
    kind: str
    group: Group = "kinds"
    args: tuple[str, ...] = ()
    part: str = ""
    short_args: tuple[str, ...] = ()
    short_part: str = ""
    #: The pytest that it needs, where its tests do not run under every one.
    pytest: str = ""
    from_wheel: bool = False
    has_pytest_config: bool = True
    #: Environment variables with which it is built.
    build_variables: tuple[tuple[str, str], ...] = ()

    @property
    def requirement(self) -> str:
        """The pinned release, as pip reads it."""
        return f"{self.name}=={self.version}"

    @property
    def shortened(self) -> Project:
        """The same with less of its suite, where that is long."""
        if not self.short_args:
            return self
        return replace(self, args=self.short_args, part=self.short_part)

    @property
    def title(self) -> str:
        """Name and version, and what is run of it, and under which pytest."""
        notes = ", ".join(filter(None, (self.part, self.pytest)))
        return f"{self.name} {self.version}{f' ({notes})' if notes else ''}"
