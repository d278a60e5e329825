"""`make check`: every step is named and timed, all of them run, and a failed one fails the whole.

python -m scripts.check [STEP …]
"""

from __future__ import annotations

import os
import subprocess
import sys
import time

from portal.embedded import EmbeddedError, EmbeddedServers
from portal.var_folder import root, var_folder

PYTHON = [sys.executable, "-m"]
MANAGE = [sys.executable, "manage.py"]
STEPS = {
    "formatting": [*PYTHON, "ruff", "format", "--check", "--quiet", "."],
    "lint": [*PYTHON, "ruff", "check", "--quiet", "."],
    "imports": ["lint-imports", "--no-logo", "--no-cache"],
    "types": [*PYTHON, "mypy"],
    "templates": ["djlint", "--lint", "--quiet", "--allow-empty-input", "templates"],
    "migrations": [*MANAGE, "makemigrations", "--check", "--dry-run"],
    "row security": [*PYTHON, "scripts.check_pgrls"],
}
NEED_DATABASE = {"migrations", "row security"}


def run(name: str, environment: dict[str, str]) -> bool:
    """Run one step and say how it ended; whether it passed."""
    began = time.monotonic()
    print(f"== {name}", flush=True)
    # The tools of this environment come first, whatever the caller's PATH has.
    path = f"{os.path.dirname(sys.executable)}{os.pathsep}{environment.get('PATH', '')}"
    done = subprocess.run(
        STEPS[name], cwd=root(), env={**environment, "PATH": path}, stdin=subprocess.DEVNULL, check=False
    )
    print(
        f"== {name}: {'passed' if done.returncode == 0 else 'FAILED'} in {time.monotonic() - began:.1f} s", flush=True
    )
    return done.returncode == 0


def main(wanted: list[str]) -> int:
    unknown = [name for name in wanted if name not in STEPS]
    if unknown:
        print(f"No step is called {unknown[0]!r}: there are {', '.join(STEPS)}.", file=sys.stderr)
        return 2
    steps = wanted or list(STEPS)
    failed = [name for name in steps if name not in NEED_DATABASE and not run(name, dict(os.environ))]
    with_database = [name for name in steps if name in NEED_DATABASE]
    if with_database:
        try:
            with EmbeddedServers(var_folder() / "check", durable=False, valkey=False) as servers:
                servers.copy_database("checked", "template0")  # an empty one: migrations change while they are written
                environment = {**os.environ, **servers.environment("checked")}
                failed += [name for name in with_database if not run(name, environment)]
        except EmbeddedError as trouble:
            print(trouble, file=sys.stderr)
            failed += with_database
    print(f"Failed: {', '.join(failed)}." if failed else "Every check passed.")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
