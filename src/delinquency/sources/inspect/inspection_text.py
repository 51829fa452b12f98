"""A profile in words, for the terminal, and as JSON."""

import json
from collections.abc import Sequence
from dataclasses import asdict

from delinquency.sources.inspect.file_profile import FileProfile
from delinquency.sources.inspect.findings import Finding

MAX_ALIKE = 3
"""Findings with the same remedy that are told one by one; more become one line with an example."""
MAX_LINES = 30
"""Findings shown on the terminal; the page and the JSON have all."""


def as_text(profiles: Sequence[FileProfile]) -> str:
    """Return profiles as plain lines for the terminal."""
    lines = []
    for profile in profiles:
        lines.append(f"{profile.where}: {profile.n_rows:,} rows, {profile.n_columns} columns")
        if profile.bad_rate is not None:
            lines.append(f"  bad: {profile.n_bad:,} ({profile.bad_rate:.2%})")
        lines += [f"  {what}: {count:,}" for what, count in profile.duplicates.items() if count]
        lines += [f"  repaired, {what}: {count:,}" for what, count in profile.repairs.items()]
        told = _told(profile.findings)
        lines += [f"  {line}" for line in told[:MAX_LINES]]
        more = len(told) - MAX_LINES
        if more > 0:
            lines.append(f"  ... and {more} more on the page")
        if not profile.findings:
            lines.append("  nothing to stop for")
    return "\n".join(lines)


def as_json(profiles: Sequence[FileProfile]) -> str:
    """Return profiles as JSON."""
    return json.dumps([asdict(profile) for profile in profiles], indent=1, allow_nan=False)


def _told(findings: Sequence[Finding]) -> list[str]:
    """Return the lines of the findings, those with the same remedy in many columns as one."""
    alike: dict[tuple[str, str], list[Finding]] = {}
    for one in findings:
        own = "" if one.mend and one.column else f"{one.column} {one.text}"
        alike.setdefault((one.severity, one.mend + own), []).append(one)
    lines = []
    for group in alike.values():
        if len(group) <= MAX_ALIKE:
            lines += [_line(one) for one in group]
        else:
            lines.append(f"{_line(group[0])} So do {len(group) - 1} other columns.")
    return lines


def _line(finding: Finding) -> str:
    column = f"{finding.column}: " if finding.column else ""
    stop = "" if finding.text.endswith("?") else "."
    return f"{finding.severity.upper():4s} {column}{finding.text}{stop} {finding.mend}".rstrip()
