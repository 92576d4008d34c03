"""The settings that are a choice: what each may be."""

from __future__ import annotations

from typing import Literal

#: How much is written down of a run.
Record = Literal["on", "no-output", "off"]
KeepArtifacts = Literal["on-failure", "always"]
Start = Literal["auto", "fork", "spawn"]
Collect = Literal["auto", "sharded", "full"]
#: What becomes of a test whose requirements did not end well.
OnBlocked = Literal["skip", "fail", "run"]
#: What becomes of a test that requires what was not selected.
Missing = Literal["select", "skip", "fail", "run"]
#: Which tests stay on one worker.
KeepTogether = Literal["off", "group", "class", "file"]
#: On how many workers a test runs.
RunOn = Literal["one", "each"]
Order = Literal["fastest", "declared", "failures-first"]
#: What is told to the service that the run is a job of.
TellCI = Literal["auto", "off"]
#: Where a status region is shown.
Live = Literal["auto", "on", "off"]
#: When the section of a failure is printed.
Failures = Literal["end", "at-once"]
#: Which failure ends the run.
StopOn = Literal["nothing", "critical"]
