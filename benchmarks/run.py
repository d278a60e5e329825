"""Run the benchmarks and print one JSON object a line: `python -m benchmarks.run [J1 J2 …]`.

A job is a module that is run as `python -m benchmarks.j1`, in the environment of a serving process of role
`BULKHEAD_PROCESS=worker`, and prints its results with `benchmarks.result.report`. Each job gets a migrated, empty
database of its own on embedded servers in `var/test-bench` and an empty Valkey, so that no job sees another's rows.
DATABASE_URL is there too, for loading what the job wants to measure over. Only results go to standard output.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator

from redis import Redis

from benchmarks.result import BOUNDS, Result, holds
from portal.embedded import EmbeddedError, EmbeddedServers
from portal.var_folder import root, var_folder
from portal.vault.master import new_master_key

JOBS = {
    "J1": "benchmarks.j1",
    "J2": "benchmarks.j2",
    "J3": "benchmarks.j3",
    "J4": "benchmarks.j4",
    "J5": "benchmarks.j5",
    "blast": "benchmarks.blast",
    "fanout": "benchmarks.fanout",
    "growth": "benchmarks.growth",
}
JOB_SECONDS = 600


def tell(sentence: str) -> None:
    print(sentence, file=sys.stderr, flush=True)


def is_written(job: str) -> bool:
    return (root() / JOBS[job].replace(".", "/")).with_suffix(".py").is_file()


def results_of(job: str, environment: dict[str, str]) -> Iterator[Result]:
    """Run one job and yield what it reports.

    Raises:
        RuntimeError: it failed, ran for more than ten minutes, or printed something that is not a result.
    """
    command = [sys.executable, "-m", JOBS[job]]
    try:
        done = subprocess.run(
            command,
            env=environment,
            cwd=root(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
            timeout=JOB_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as trouble:
        raise RuntimeError(f"{job} was not done after {JOB_SECONDS} s") from trouble
    for line in done.stdout.splitlines():
        try:
            result = json.loads(line)
        except ValueError as trouble:
            raise RuntimeError(f"{job} printed a line that is no result: {line!r}") from trouble
        if set(result) != set(Result.__annotations__):
            raise RuntimeError(f"{job} printed a result with other fields: {line}")
        yield result
    if done.returncode:
        raise RuntimeError(f"{job} ended with status {done.returncode}")


def run_jobs(jobs: list[str], servers: EmbeddedServers) -> list[str]:
    """Run the jobs one after another and print their results; the names of those that failed."""
    failed = []
    keys = {"SECRET_KEY": "benchmark", "MASTER_KEY": new_master_key()}
    base = {**os.environ, "DJANGO_SETTINGS_MODULE": "portal.settings", **keys}
    owner = {**base, **servers.environment(), "BULKHEAD_PROCESS": "owner"}
    subprocess.run([sys.executable, "manage.py", "migrate", "--verbosity", "0"], env=owner, cwd=root(), check=True)
    for job in jobs:
        began = time.monotonic()
        database = f"bench_{job.lower()}"
        servers.copy_database(database)
        addresses = servers.environment(database)
        Redis.from_url(addresses["VALKEY_URL"]).flushall()
        try:
            for result in results_of(job, {**base, **addresses, "BULKHEAD_PROCESS": "worker"}):
                print(json.dumps(result), flush=True)
                if not holds(result):
                    tell(f"{result['name']} misses its bound of {BOUNDS[result['name']]}: {result['ratio']:.2f}")
        except RuntimeError as trouble:
            tell(str(trouble))
            failed.append(job)
        tell(f"{job}: {time.monotonic() - began:.0f} s")
    return failed


def main(wanted: list[str]) -> int:
    for job in wanted:
        if job not in JOBS or not is_written(job):
            tell(f"There is no benchmark {job!r}: there are {', '.join(filter(is_written, JOBS))}.")
            return 2
    jobs = wanted or [job for job in JOBS if is_written(job)]
    try:
        with EmbeddedServers(var_folder() / "test-bench") as servers:
            return 1 if run_jobs(jobs, servers) else 0
    except (EmbeddedError, subprocess.CalledProcessError) as trouble:
        tell(str(trouble))
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
