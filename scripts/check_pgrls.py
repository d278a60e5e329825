"""Migrate the database of DATABASE_URL and have pgrls judge its row security.

The allow-list in pgrls.toml is printed by its length, and every line of it must carry a reason.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys

from portal.var_folder import root

ENTRY = re.compile(r'^\s*(?:"[^"]+",?\s*)+(?P<reason>#.*)?$')


def allow_list(text: str) -> tuple[int, list[str]]:
    """The number of exempted objects and rules, and the lines that give no reason.

    An entry stands on a line of its own, as `"name",  # why`.
    """
    entries, bare = 0, []
    for line in text.splitlines():
        match = ENTRY.match(line)
        if match:
            entries += 1
            if not (match["reason"] or "").lstrip("# "):
                bare.append(line.strip())
        elif re.search(r"(allowlist|disable)\s*=\s*\[.*\S", line) and not line.rstrip().endswith("["):
            bare.append(line.strip())
    return entries, bare


def main() -> int:
    entries, bare = allow_list((root() / "pgrls.toml").read_text())
    print(f"Allow-list of pgrls.toml: {entries} entries.")
    for line in bare:
        print(f'No reason stands beside {line}: write `"name",  # why` on a line of its own.', file=sys.stderr)
    migrate = subprocess.run([sys.executable, "manage.py", "migrate", "--verbosity", "0"], cwd=root(), check=False)
    if bare or migrate.returncode:
        return 1
    address = os.environ["DATABASE_URL"].replace("postgres://", "postgresql://", 1)
    environment = {**os.environ, "DATABASE_URL": address}
    return subprocess.run(
        ["pgrls", "lint", "--fail-on", "warning"], cwd=root(), env=environment, check=False
    ).returncode


if __name__ == "__main__":
    sys.exit(main())
