"""Flags that win over the configuration file: to change a key there would change nothing."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec.structs import replace

from pytest_orchestrate.cli.doctor.diagnosis import Finding
from pytest_orchestrate.cli.doctor.facts import Configured
from pytest_orchestrate.options import SETTINGS

#: Flag of pytest-xdist -> the key that it is read as.
OLD_FLAGS = {
    "-n": "orchestrate_workers",
    "--numprocesses": "orchestrate_workers",
    "--maxprocesses": "orchestrate_max_workers",
    "--max-worker-restart": "orchestrate_max_crashes",
    "--dist": "orchestrate_keep_together",
    "-d": "orchestrate_keep_together",
    "--tx": "orchestrate_worker_spec",
    "--no-loadscope-reorder": "orchestrate_order",
    "--dist=each": "orchestrate_run_on",
}


def overridden(configured: Configured) -> dict[str, str]:
    """Key -> the flag that says it, and where that is written; the strongest one counts."""
    found = {
        OLD_FLAGS.get(str(flag), OLD_FLAGS[flag.flag]): f"{flag} in {flag.place}"
        for flag in configured.old_flags
        if flag.flag in OLD_FLAGS
    }
    for source in configured.sources:
        given = {word.partition("=")[0]: word for word in source.words}
        for setting in SETTINGS:
            for flag in (setting.flag, setting.short):
                if flag in given and not setting.repeatable:
                    found[setting.key] = f"{given[flag]} in {source.place}"
    return found


def where_it_counts(findings: Iterable[Finding], configured: Configured) -> list[Finding]:
    """Say of changes that would change nothing which flag is to be changed instead."""
    by_flag = overridden(configured)
    found = []
    for finding in findings:
        flags = [by_flag[each.key] for each in finding.changes if each.key in by_flag]
        if flags:
            kept = tuple(each for each in finding.changes if each.key not in by_flag)
            instead = f"{', '.join(flags)} wins over that: change it there"
            advice = f"{finding.advice}; {instead}" if finding.advice else instead
            finding = replace(finding, changes=kept, advice=advice)  # noqa: PLW2901
        found.append(finding)
    return found
