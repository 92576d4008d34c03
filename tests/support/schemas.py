"""What the schemas of others say of reports."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element

import jsonschema
import xmlschema

FOLDER = Path(__file__).parents[1] / "schemas"
#: What readers of JUnit XML know, or pass over, and the schema does not: element -> attributes.
BEYOND = {"testsuites": ["skipped"], "testcase": ["file", "line"]}


def junit_violations(root: Element) -> list[str]:
    """What the schema of Jenkins says, once what goes beyond it has been taken away."""
    for tag, names in BEYOND.items():
        for element in root.iter(tag):
            for name in names:
                element.attrib.pop(name, None)
    for element in root.iter("testcase"):
        for properties in element.findall("properties"):
            element.remove(properties)
    return [str(error) for error in _junit().iter_errors(root)]


def ctrf_violations(document: dict[str, Any]) -> list[str]:
    """What the schema of CTRF says."""
    return [error.message for error in _ctrf().iter_errors(document)]


@cache
def _junit() -> Any:
    return xmlschema.XMLSchema(FOLDER / "junit-10.xsd")


@cache
def _ctrf() -> Any:
    schema = json.loads((FOLDER / "ctrf.schema.json").read_text(encoding="utf-8"))
    return jsonschema.Draft7Validator(schema)
