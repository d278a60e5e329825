"""Migrate the database of DATABASE_URL and have pgrls judge its row security.

What it finds must stand in the `[allowed]` table of pgrls.toml, each line of which carries a reason, or be mended. The
length of that table is printed, and a line that fits nothing any more fails the check, so that the list only shrinks.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
from fnmatch import fnmatchcase
from typing import NamedTuple

from portal.var_folder import root

MATTERS = {"error", "warning"}


class Allowed(NamedTuple):
    """One line of the allow-list."""

    rules: frozenset[str]
    place: str
    reason: str

    def fits(self, finding: dict[str, str]) -> bool:
        return finding["rule_id"] in self.rules and fnmatchcase(finding["location"], self.place)


def allow_list(text: str) -> list[Allowed]:
    """Read `"RULE RULE place" = "reason"` lines.

    Raises:
        ValueError: a line has no rule, or no reason.
    """
    lines = []
    for key, reason in tomllib.loads(text).get("allowed", {}).items():
        *rules, place = key.split()
        if not rules or not isinstance(reason, str) or not reason.strip():
            raise ValueError(f'pgrls.toml: "{key}" must name a rule and a place, and give a reason')
        lines.append(Allowed(frozenset(rules), place, reason))
    return lines


def findings(address: str) -> list[dict[str, str]]:
    """What pgrls finds in that database and takes for more than a remark."""
    environment = {**os.environ, "DATABASE_URL": address.replace("postgres://", "postgresql://", 1)}
    command = ["pgrls", "lint", "--format", "json"]
    done = subprocess.run(command, cwd=root(), env=environment, capture_output=True, text=True, check=False)
    try:
        found = json.loads(done.stdout)["violations"]
    except (ValueError, KeyError):
        raise SystemExit(f"pgrls gave no answer: {done.stderr.strip()}") from None
    return [finding for finding in found if finding["severity"] in MATTERS]


def main() -> int:
    allowed = allow_list((root() / "pgrls.toml").read_text())
    subprocess.run([sys.executable, "manage.py", "migrate", "--verbosity", "0"], cwd=root(), check=True)
    found = findings(os.environ["DATABASE_URL"])
    open_findings = [finding for finding in found if not any(line.fits(finding) for line in allowed)]
    stale = [line for line in allowed if not any(line.fits(finding) for finding in found)]
    print(f"pgrls: {len(found)} findings, {len(allowed)} lines in the allow-list.")
    for finding in open_findings:
        print(f"{finding['rule_id']} {finding['location']}: {finding['message']}")
    for line in stale:
        print(
            f"pgrls.toml allows {' '.join(sorted(line.rules))} {line.place}, where nothing is found: take the line out."
        )
    return 1 if open_findings or stale else 0


if __name__ == "__main__":
    sys.exit(main())
