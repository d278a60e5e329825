"""The one process behind `make run`: it starts everything, keeps it running, and stops everything it started.

    python -m portal.supervisor

The environment it reads is in docs/architecture.md. Ends 0 after Ctrl-C or SIGTERM, and 1 with a sentence when it
cannot start.
"""

from __future__ import annotations

import http.client
import os
import shlex
import signal
import ssl
import subprocess
import sys
import time
from collections.abc import Mapping
from types import FrameType

from portal.children import Child, dies_with_parent, port_is_free, stop_all
from portal.embedded import EmbeddedError, EmbeddedServers
from portal.processes import (
    KEYS,
    LOOPBACK,
    WEB_WORKERS,
    BadEnvironment,
    Plan,
    commands,
    demo_provider_command,
    environment_of,
    mail_sink_command,
    plan_from,
    shared_environment,
)
from portal.var_folder import FolderTaken, hold, log_file, root, write_private

PATIENCE_SECONDS = 3.0  # all serving processes are safe to kill: what they were doing is in the database
READY_SECONDS = 120
LOOK_SECONDS = 0.1


class CannotStart(Exception):
    """The portal cannot be started here; the message is a sentence for the operator."""


class Stopped(BaseException):
    """Somebody asked us to stop: raised wherever we are by the first signal."""


def say(sentence: str) -> None:
    print(sentence, flush=True)


class Supervisor:
    """Everything that one `make run` has running."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.servers = EmbeddedServers(plan.var, postgres=plan.embed_postgres, valkey=plan.embed_valkey)
        self.children: list[Child] = []
        self.shared: dict[str, str] = {}

    def start(self, environ: Mapping[str, str]) -> None:
        """Start the servers, prepare the database, start the serving processes."""
        for port in (self.plan.port, self.plan.port + 1):
            if not port_is_free(port, self.plan.listen):
                raise CannotStart(f"Port {port} is taken by another program: stop it, or choose another with PORT=.")
        addresses: dict[str, str] = {}
        if self.plan.sink_mail:
            command, announced = mail_sink_command(environ, self.plan.var, demo=self.plan.demo)
            addresses |= announced
            notify = f"http{self.plan.secure}://localhost:{self.plan.port}/transports/notify"
            told = {"NOTIFY_REPORT_TO": f"{notify}/receipts/", "NOTIFY_REPLY_TO": f"{notify}/replies/"}
            self._run("mail_sink", command, {**self._for_the_sink(environ), **announced, **told})
        provider: list[str] = []
        if self.plan.provide_identities:
            provider, announced = demo_provider_command({**environ, **addresses})
            addresses |= announced
        self.servers.start()
        addresses |= self.servers.environment()
        self.shared = shared_environment(self.plan, environ, addresses=addresses)
        # For manage.py by hand while this runs: `set -a; . var/servers.env; manage.py …`
        names = [*addresses, "PORTAL_URL", "LIVE_URL", "SECRET_KEY", "MASTER_KEY"]
        lines = [f"{name}={shlex.quote(self.shared[name])}\n" for name in names]
        write_private(self.plan.var / "servers.env", "".join(lines))
        self._prepare()
        for name, command in commands(self.plan).items():
            # Celery would try to say goodbye to a broker that dies with us.
            last_will = signal.SIGKILL if name in {"worker", "hooks"} else signal.SIGTERM
            self._run(name, command, environment_of(name, self.shared), last_will)
        if provider:  # last, and waited for by nobody
            self._run("demo_provider", provider, self._without_keys(environ))

    def wait_until_ready(self) -> None:
        """Return when /readyz answers 200 in every web worker, keeping everything running meanwhile."""
        deadline = time.monotonic() + READY_SECONDS
        while not all(self._ready() for _ in range(4 * WEB_WORKERS)):  # whichever worker takes the connection
            if time.monotonic() > deadline:
                raise CannotStart(f"Bulkhead did not become ready in {READY_SECONDS} s: see {self.plan.var / 'log'}.")
            self.look()
            time.sleep(LOOK_SECONDS)

    def look(self) -> None:
        """Start again whatever has died since the last look."""
        for name in self.servers.revive():
            say(f"{name} died and is running again (see {self.plan.var / 'log' / name}.log).")
        for child in self.children:
            news = child.revive()
            if news:
                say(news)

    def stop(self) -> None:
        """Stop what was started: the serving processes at once and soon by force, then the servers."""
        stop_all(self.children, patience=PATIENCE_SECONDS)
        self.servers.stop()
        (self.plan.var / "servers.env").unlink(missing_ok=True)

    def _without_keys(self, environ: Mapping[str, str]) -> dict[str, str]:
        return {name: environ[name] for name in environ.keys() - KEYS}

    def _for_the_sink(self, environ: Mapping[str, str]) -> dict[str, str]:
        """It stands in for a text message service only when none is named, and never with that one's key."""
        kept = {name for name in environ if name == "NOTIFY_DAILY_LIMIT" or not name.startswith("NOTIFY_")}
        return {name: value for name, value in self._without_keys(environ).items() if name in kept}

    def _run(
        self, name: str, command: list[str], environment: dict[str, str], last_will: signal.Signals = signal.SIGTERM
    ) -> None:
        log = log_file(self.plan.var, name)
        child = Child(name, command, environment=environment, log=log, folder=root(), last_will=last_will)
        self.children.append(child)
        child.start()

    def _prepare(self) -> None:
        """Tables, demonstration and sign-in links, as the owner of the database."""
        command = [sys.executable, "manage.py", "prepare", *(["--demo"] if self.plan.demo else [])]
        prepared = subprocess.run(
            command,
            env=environment_of("owner", self.shared),
            cwd=root(),
            stdin=subprocess.DEVNULL,
            preexec_fn=dies_with_parent(signal.SIGTERM),
            check=False,
        )
        if prepared.returncode:
            raise CannotStart("The database could not be prepared: what stands above says why.")

    def _ready(self) -> bool:
        if self.plan.certificate:
            # Asks ourselves, by a name that the certificate need not carry.
            context = ssl._create_unverified_context()  # noqa: S323
            connection: http.client.HTTPConnection = http.client.HTTPSConnection(
                LOOPBACK, self.plan.port, timeout=5, context=context
            )
        else:
            connection = http.client.HTTPConnection(LOOPBACK, self.plan.port, timeout=5)
        try:
            connection.request("GET", "/readyz", headers={"Host": "localhost"})
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()


def stop_on_signals() -> None:
    """Have the first INT, TERM or HUP raise Stopped; later ones are ignored, because stopping is under way."""

    def stop(number: int, frame: FrameType | None) -> None:
        for each in wanted:
            signal.signal(each, signal.SIG_IGN)
        raise Stopped

    hung_up = [] if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN else [signal.SIGHUP]  # nohup ignores it
    wanted = [signal.SIGINT, signal.SIGTERM, *hung_up]
    for each in wanted:
        signal.signal(each, stop)


def run(environ: Mapping[str, str]) -> int:
    """Run until a signal comes; the exit status."""
    began = time.time()
    set_up_began = float(environ.get("BULKHEAD_SET_UP_BEGAN") or began)
    supervisor: Supervisor | None = None
    status = 0
    stop_on_signals()
    try:
        plan = plan_from(environ)
        with hold(plan.var / "run.lock"):
            supervisor = Supervisor(plan)
            try:
                supervisor.start(environ)
                supervisor.wait_until_ready()
                address = supervisor.shared["PORTAL_URL"]
                say(f"Set up in {max(0.0, began - set_up_began):.1f} s, ready {time.time() - began:.1f} s after that.")
                say(f"Bulkhead is ready: {address}")
                while True:
                    supervisor.look()
                    time.sleep(LOOK_SECONDS)
            finally:
                for number in (signal.SIGINT, signal.SIGTERM):
                    signal.signal(number, signal.SIG_IGN)
                supervisor.stop()
    except (BadEnvironment, CannotStart, EmbeddedError, FolderTaken) as trouble:
        print(trouble, file=sys.stderr, flush=True)
        status = 1
    except OSError as trouble:  # a folder that cannot be written, a full disk
        print(f"Bulkhead cannot run here: {trouble}", file=sys.stderr, flush=True)
        status = 1
    except Stopped:
        say("Bulkhead has stopped.")
    return status


if __name__ == "__main__":
    given = dict(os.environ)
    for key in KEYS:  # PostgreSQL and Valkey inherit the rest, and under root they run as somebody else
        os.environ.pop(key, None)
    sys.exit(run(given))
