"""SARIF 2.1.0, which GitHub code scanning and many editors read."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from cardgen.annotations.finding import Finding, fingerprints, title, written
from cardgen.problems import CardgenError, page, printable

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
ROOT = "%SRCROOT%"


def log(found: Sequence[Finding], version: str) -> str:
    """Return findings as a SARIF log; the rules are the codes that were found, with the text of their pages."""
    codes = sorted({finding.code for finding in found})
    driver = {"name": "cardgen", "semanticVersion": version, "rules": [_rule(code) for code in codes]}
    results = [_result(finding, codes.index(finding.code), mark) for finding, mark in zip(found, fingerprints(found))]
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {ROOT: {"description": {"text": "The root of the repository."}}},
        "automationDetails": {"id": "cardgen/"},
        "results": results,
    }
    return written({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]})


def uri(path: str) -> str:
    """Return a path with slashes as a relative URI.

    >>> uri("models/größe 1:2.yaml")
    'models/gr%C3%B6%C3%9Fe%201%3A2.yaml'
    """
    return quote(path.encode("utf-8", "surrogateescape"), safe="/.-_~")


def _rule(code: str) -> dict[str, Any]:
    name = "".join(word.capitalize() for word in re.findall(r"[A-Za-z0-9]+", title(code)))
    try:
        markdown = page(code)
    except CardgenError:
        markdown = code
    text = re.sub(r"^# .*\n+", "", markdown).strip() or code
    return {
        "id": code,
        "name": name,
        "shortDescription": {"text": f"{title(code)}."},
        "fullDescription": {"text": " ".join(text.split("\n\n")[0].split())},
        "help": {"text": text, "markdown": markdown},
    }


def _result(finding: Finding, rule: int, fingerprint: str) -> dict[str, Any]:
    hint = f"\nhint: {printable(finding.hint, 400)}" if finding.hint else ""
    result: dict[str, Any] = {
        "ruleId": finding.code,
        "ruleIndex": rule,
        "level": finding.severity,
        "message": {"text": f"{finding.text}{hint}"},
        "partialFingerprints": {"cardgen/v1": fingerprint},
    }
    if finding.file is not None:
        where = {"uri": uri(finding.file), "uriBaseId": ROOT}
        region = {"startLine": finding.line, "startColumn": finding.column}
        result["locations"] = [{"physicalLocation": {"artifactLocation": where, "region": region}}]
    return result
