"""Every use of pytest's internals that are not public, each in one place.

Checked by reading and by tests against pytest 8.4.2 and 9.2.0. Each function says what it
relies on; when pytest changes, these are the files to read.
"""

from __future__ import annotations

from pytest_orchestrate.internals.cache import (
    last_failed_status,
    note_collected,
    set_last_failed_status,
    still_last_failed,
)
from pytest_orchestrate.internals.failures import CrashSite, crash_site, reason_of
from pytest_orchestrate.internals.importing import TestFileImports
from pytest_orchestrate.internals.junit import (
    XmlRecorder,
    drop_xml_recorder,
    junit_xml,
    put_xml_recorder,
    reopen_case,
)
from pytest_orchestrate.internals.notice import (
    goes_unnoticed,
    has_plain_status,
    hide_percentage,
    is_plain_terminal,
    keep_unnoticed,
    note_quietly,
)
from pytest_orchestrate.internals.output import (
    GatheredTerminal,
    capture_into,
    flush_terminal,
    let_live_logs_through,
    marked_up,
    muted_reporter,
    write_to,
)
from pytest_orchestrate.internals.reports import (
    affinity_of,
    only_own_serializers,
    plain_report_fields,
    report_id,
    restore_subtest,
    show_failure,
)
from pytest_orchestrate.internals.session import (
    basetemp,
    forget_cleanups,
    forget_collected,
    import_quietly,
    is_deselected_by_choice,
    late_collection,
    log_file_is_asked_for,
    path_without_settings,
    replace_collecting,
    show_collected,
    show_more_collected,
    show_selected,
    start_new_line,
    write_to_log_file,
)
from pytest_orchestrate.internals.teardown import (
    placeholder,
    placeholder_above,
    settle,
)
from pytest_orchestrate.internals.tree import (
    CollectorTree,
    WholeFiles,
    collecting_unnarrowed,
    modify_unchosen,
)

__all__ = [
    "CollectorTree",
    "CrashSite",
    "GatheredTerminal",
    "TestFileImports",
    "WholeFiles",
    "XmlRecorder",
    "affinity_of",
    "basetemp",
    "capture_into",
    "collecting_unnarrowed",
    "crash_site",
    "drop_xml_recorder",
    "flush_terminal",
    "forget_cleanups",
    "forget_collected",
    "goes_unnoticed",
    "has_plain_status",
    "hide_percentage",
    "import_quietly",
    "is_deselected_by_choice",
    "is_plain_terminal",
    "junit_xml",
    "keep_unnoticed",
    "last_failed_status",
    "late_collection",
    "let_live_logs_through",
    "log_file_is_asked_for",
    "marked_up",
    "modify_unchosen",
    "muted_reporter",
    "note_collected",
    "note_quietly",
    "only_own_serializers",
    "path_without_settings",
    "placeholder",
    "placeholder_above",
    "plain_report_fields",
    "put_xml_recorder",
    "reason_of",
    "reopen_case",
    "replace_collecting",
    "report_id",
    "restore_subtest",
    "set_last_failed_status",
    "settle",
    "show_collected",
    "show_failure",
    "show_more_collected",
    "show_selected",
    "start_new_line",
    "still_last_failed",
    "write_to",
    "write_to_log_file",
]
