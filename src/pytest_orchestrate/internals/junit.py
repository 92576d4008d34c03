"""JUnit XML: what pytest switches off in workers, and where the controller keeps it."""

from __future__ import annotations

from typing import Any

import pytest


class XmlRecorder:
    """Stands for ``LogXML`` in a worker, where pytest switches it off.

    ``record_testsuite_property`` and ``record_xml_attribute`` look it up in the stash.
    """

    def __init__(self, family: str) -> None:
        self.family = family
        self.properties: list[tuple[str, str]] = []
        self.attributes: list[tuple[str, str]] = []

    def add_global_property(self, name: str, value: object) -> None:
        """Keep a property of the whole suite."""
        self.properties.append((str(name), str(value)))

    def node_reporter(self, _nodeid: object) -> XmlRecorder:
        """Stand for the reporter of a test as well."""
        return self

    def add_attribute(self, name: str, value: object) -> None:
        """Keep an attribute of the running test."""
        self.attributes.append((str(name), str(value)))

    def take_attributes(self) -> list[tuple[str, str]]:
        """Return what was recorded since the last call."""
        taken, self.attributes = self.attributes, []
        return taken


def put_xml_recorder(config: pytest.Config) -> XmlRecorder | None:
    """Put a recorder where the XML fixtures look for one, if ``--junitxml`` was given."""
    if not getattr(config.option, "xmlpath", None):
        return None
    from _pytest.junitxml import xml_key

    recorder = XmlRecorder(config.getini("junit_family"))
    stash: Any = config.stash
    stash[xml_key] = recorder
    return recorder


def drop_xml_recorder(config: pytest.Config) -> None:
    """Take the recorder away again; pytest would try to unregister it."""
    from _pytest.junitxml import xml_key

    if xml_key in config.stash:
        del config.stash[xml_key]


def junit_xml(config: pytest.Config) -> Any:
    """Return the controller's ``LogXML``, or None."""
    from _pytest.junitxml import xml_key

    return config.stash.get(xml_key, None)


def reopen_case(config: pytest.Config, report: pytest.TestReport) -> None:
    """Let a late tear-down error go into the test case that was finished without it.

    In plain pytest a tear-down error comes with the other reports of its test, and one case
    holds them all. ``_NodeReporter.finalize`` leaves only a ``to_xml`` of the finished case;
    here it becomes a reporter again. A failed test has a second case for its error also in plain
    pytest, and what a tear-down report writes anyway (output, properties) is left out.
    """
    xml = junit_xml(config)
    if xml is None:
        return
    identity = getattr(report, "id", report.nodeid)
    key = identity, getattr(report, "node", None)
    if key in xml.node_reporters:
        return
    probe = xml.node_reporter(report)
    probe.record_testreport(report)
    named = probe.attrs.get("classname"), probe.attrs.get("name")
    for finished in reversed(xml.node_reporters_ordered[:-1]):
        if "to_xml" not in vars(finished):
            continue
        case = finished.to_xml()
        if (case.get("classname"), case.get("name")) == named:
            break
    else:
        case = None
    xml.node_reporters_ordered.remove(probe)
    del xml.node_reporters[key]
    if case is None or case.find("failure") is not None:
        return
    vars(finished).clear()
    finished.__init__(identity, xml)
    finished.attrs = dict(case.attrib)
    finished.duration = float(finished.attrs.pop("time"))
    finished.nodes = [
        child for child in case if child.tag not in ("properties", "system-out", "system-err")
    ]
    xml.node_reporters[key] = finished
