"""`make run`'s one process, run for real: everything it starts, in a folder and on ports of the test's own."""

import contextlib
import os
import queue
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from portal.children import Child, port_is_free, stop_all
from portal.processes import BadEnvironment, commands, environment_of, plan_from, shared_environment
from portal.var_folder import root
from tests.running import two_free_ports

# The portal is started once, by the first test that wants it, and stopped by the last one. A busy machine takes long.
pytestmark = pytest.mark.timeout(150)
SETTINGS = {
    "DATABASE_URL", "VALKEY_URL", "EMAIL_URL", "PORTAL_URL", "LIVE_URL", "SECRET_KEY", "MASTER_KEY", "PORT", "HOST",
    "DEMO",
}  # fmt: skip
CLEAN = {
    name: value for name, value in os.environ.items() if not name.startswith("DATABASE_URL") and name not in SETTINGS
}


def processes_with(var: Path) -> dict[int, str]:
    """Every living process that was started for this run-time folder, with its command line."""
    found = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                environment = (entry / "environ").read_bytes()
                command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            except OSError:
                continue
            if f"BULKHEAD_VAR={var}\0".encode() in environment and command:
                found[int(entry.name)] = command
    return found


class Portal:
    """A supervisor that runs, and what it has said."""

    def __init__(self, var: Path, **environ: str) -> None:
        self.var, self.port = var, two_free_ports()
        self.environ = {**CLEAN, "BULKHEAD_VAR": str(var), "PORT": str(self.port), "DEMO": "0", **environ}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "portal.supervisor"],
            cwd=root(), env=self.environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        self.lines: queue.Queue[str] = queue.Queue()
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        for line in self.process.stdout:
            self.lines.put(line.rstrip("\n"))

    def says(self, pattern: str, *, within: float) -> str:
        """Wait for a line that matches."""
        deadline, heard = time.monotonic() + within, []
        while time.monotonic() < deadline:
            try:
                heard.append(self.lines.get(timeout=0.1))
            except queue.Empty:
                continue
            if re.search(pattern, heard[-1]):
                return heard[-1]
        raise AssertionError(f"{pattern!r} was not said; this was: {heard}")

    def ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/readyz", timeout=5) as answer:
                return answer.status == 200
        except (urllib.error.URLError, ConnectionError):
            return False

    def number_of(self, words: str) -> int:
        """The process number of the oldest process whose command holds `words`."""
        return min(number for number, command in processes_with(self.var).items() if words in command)


@pytest.fixture(scope="module")
def portal(tmp_path_factory):
    portal = Portal(tmp_path_factory.mktemp("supervisor"))
    try:
        portal.says("^Bulkhead is ready: ", within=120)
        yield portal
    finally:
        portal.process.terminate()
        portal.process.wait(15)


def refusal(**environ: str) -> str:
    """What a supervisor says that ends 1 at once, on one line."""
    done = subprocess.run(
        [sys.executable, "-m", "portal.supervisor"],
        cwd=root(), env={**CLEAN, **environ}, capture_output=True, text=True, timeout=30, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert len(done.stderr.strip().splitlines()) == 1
    return done.stderr


def test_it_serves_on_the_loopback_interface_only(portal):
    assert portal.ready()
    for entry in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        address, state = entry.split()[1], entry.split()[3]
        if state == "0A" and int(address.split(":")[1], 16) in {portal.port, portal.port + 1}:
            assert address.startswith("0100007F:")


def test_no_serving_process_knows_the_owners_login(portal):
    serving = [
        number
        for number, command in processes_with(portal.var).items()
        if re.search("granian|uvicorn|celery|scheduler", command)
    ]
    assert len(serving) >= 4
    for number in serving:
        environment = Path(f"/proc/{number}/environ").read_bytes()
        assert b"DATABASE_URL_AUTH=" in environment
        assert b"DATABASE_URL=" not in environment


def test_a_second_start_names_the_first(portal):
    said = refusal(BULKHEAD_VAR=str(portal.var), PORT=str(two_free_ports()))
    assert f"process {portal.process.pid}" in said
    assert portal.ready()


def test_a_taken_port_gives_one_sentence(tmp_path, portal):
    assert f"Port {portal.port} is taken" in refusal(BULKHEAD_VAR=str(tmp_path), PORT=str(portal.port))
    port = two_free_ports()
    with socket.create_server(("127.0.0.1", port + 1)):
        assert f"Port {port + 1} is taken" in refusal(BULKHEAD_VAR=str(tmp_path), PORT=str(port))


def test_a_crashed_child_is_started_again(portal):
    before = portal.number_of("manage.py scheduler")
    os.kill(before, signal.SIGKILL)
    portal.says("^scheduler was ended by SIGKILL; starting it again", within=5)
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        if any("manage.py scheduler" in command for command in processes_with(portal.var).values()):
            break
        time.sleep(0.1)
    assert portal.number_of("manage.py scheduler") != before


def test_a_crashed_database_is_started_again_where_it_was(portal):
    note = portal.var / "postgres" / "postmaster.pid"
    os.kill(int(note.read_text().splitlines()[0]), signal.SIGKILL)
    portal.says("^postgres died and is running again", within=15)
    deadline = time.monotonic() + 10
    while not portal.ready() and time.monotonic() < deadline:
        time.sleep(0.1)
    assert portal.ready()


def test_sigterm_stops_everything_within_five_seconds(portal):
    database = int((portal.var / "postgres" / "postmaster.pid").read_text().splitlines()[0])
    began = time.monotonic()
    portal.process.terminate()
    assert portal.process.wait(15) == 0
    assert time.monotonic() - began < 5
    assert processes_with(portal.var) == {}
    with pytest.raises(ProcessLookupError):
        os.kill(database, 0)
    assert not (portal.var / "postgres" / "postmaster.pid").exists()  # it was asked, not killed
    assert port_is_free(portal.port)
    assert port_is_free(portal.port + 1)


def child_that(does: str, tmp_path: Path) -> Child:
    log = tmp_path / "child.log"
    return Child("child", [sys.executable, "-c", does], environment=CLEAN, log=log, folder=tmp_path)


def test_each_crash_waits_longer_than_the_one_before(tmp_path):
    child = child_that("raise SystemExit(3)", tmp_path)
    child.start()
    waits = []
    while len(waits) < 2:
        news = child.revive()
        if news:
            waits.append(float(re.search(r"ended with status 3; starting it again in ([\d.]+) s", news)[1]))
        time.sleep(0.01)
    assert waits == [0.5, 1]


def test_what_ignores_term_is_killed_with_everything_it_started(tmp_path):
    stubborn = (
        "import os, signal, time; signal.signal(15, signal.SIG_IGN); os.fork(); print('on', flush=True); time.sleep(60)"
    )
    child = child_that(stubborn, tmp_path)
    child.start()
    while child.log.read_text().count("on") < 2:
        time.sleep(0.01)
    stop_all([child], patience=0.2)
    assert group_is_gone(child.process.pid)


def group_is_gone(number: int) -> bool:
    """Whether nobody of the process group lives; an orphan is a zombie until the machine's first process reaps it."""
    states = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            with contextlib.suppress(OSError):
                state, _, group = (entry / "stat").read_text().rpartition(")")[2].split()[:3]
                states += [state] if int(group) == number else []
    return set(states) <= {"Z"}


@pytest.mark.parametrize(
    ("environ", "sentence"),
    [
        ({"PORT": "http"}, "PORT is 'http'"),
        ({"PORT": "65535"}, "the socket takes the next"),
        ({"TLS_CERT": "a.pem"}, "TLS_CERT and TLS_KEY belong together"),
        ({"TLS_CERT": "absent.pem", "TLS_KEY": "absent.key"}, "not a file"),
        ({"DATABASE_URL": "postgres://portal_owner:x@db/bulkhead"}, "DATABASE_URL_APP"),
    ],
)
def test_a_variable_that_cannot_be_used_gives_a_sentence(environ, sentence):
    with pytest.raises(BadEnvironment, match=sentence):
        plan_from(environ)


def test_a_database_of_ones_own_is_seeded_only_when_asked():
    logins = ("", "_APP", "_AUTH", "_WORKER")
    own = {f"DATABASE_URL{suffix}": "postgres://u:p@db/bulkhead" for suffix in logins}
    assert not plan_from(own).demo
    assert plan_from({**own, "DEMO": "1"}).demo
    assert plan_from({}).demo
    assert not plan_from({"DEMO": "0"}).demo


def test_a_host_name_opens_every_interface_and_goes_into_the_addresses(monkeypatch, tmp_path):
    monkeypatch.setenv("BULKHEAD_VAR", str(tmp_path))
    plan = plan_from({"HOST": "portal.example", "PORT": "9000"})
    shared = shared_environment(plan, {}, addresses={})
    assert (shared["PORTAL_URL"], shared["LIVE_URL"]) == ("http://portal.example:9000", "ws://portal.example:9001")
    assert all("0.0.0.0" in commands(plan)[name] for name in ("web", "live"))
    assert not any("0.0.0.0" in command for command in commands(plan_from({"HOST": "localhost"})).values())


def test_addresses_of_what_was_started_win_over_stray_ones(monkeypatch, tmp_path):
    monkeypatch.setenv("BULKHEAD_VAR", str(tmp_path))
    stray = {"DATABASE_URL_APP": "postgres://stray", "SECRET_KEY": "given"}
    ours = {"DATABASE_URL_APP": "postgres://ours", "DATABASE_URL_WORKER": "postgres://worker"}
    web = environment_of("web", shared_environment(plan_from({}), stray, addresses=ours))
    assert web["DATABASE_URL_APP"] == "postgres://ours"
    assert web["SECRET_KEY"] == "given"
    assert "DATABASE_URL_WORKER" not in web
