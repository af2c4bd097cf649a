"""GitLab's code-quality report."""

from __future__ import annotations

from collections.abc import Sequence

from cardgen.annotations.finding import Finding, fingerprints, written
from cardgen.problems import printable

SEVERITIES = {"error": "major", "warning": "minor"}


def code_quality(found: Sequence[Finding]) -> str:
    """Return findings as JSON for ``artifacts:reports:codequality``."""
    return written([_issue(finding, fingerprint) for finding, fingerprint in zip(found, fingerprints(found))])


def _issue(finding: Finding, fingerprint: str) -> dict[str, object]:
    hint = f" ({printable(finding.hint, 400)})" if finding.hint else ""
    return {
        "description": f"{finding.code}: {finding.text}{hint}",
        "check_name": f"cardgen/{finding.code}",
        "fingerprint": fingerprint,
        "severity": SEVERITIES[finding.severity],
        "location": {"path": finding.file or finding.name, "lines": {"begin": finding.line}},
    }
