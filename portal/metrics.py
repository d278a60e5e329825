"""`/metrics` for Prometheus: counts and ages, and nothing that names an organisation, a person or an incident."""

# ruff: noqa: E402 - the folder has to be known before prometheus_client is imported

from __future__ import annotations

import hmac
import logging
import os
import shutil
from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.signals import got_request_exception, request_started
from django.db import Error, connections
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from portal.health import signs
from portal.tenancy.requests import own_scope
from portal.tenancy.scope import at_the_door

log = logging.getLogger(__name__)


def _shared_folder() -> str:
    """Where the workers of one server, which have one parent, add up their counts; '' where nothing can be written."""
    base = settings.VAR_DIR / "metrics"
    mine = base / str(os.getppid())
    try:
        mine.mkdir(mode=0o700, parents=True, exist_ok=True)
        for other in base.iterdir():
            if not _is_alive(other):
                shutil.rmtree(other, ignore_errors=True)
    except OSError:
        return ""
    return str(mine)


def _is_alive(folder: Path) -> bool:
    try:
        os.kill(int(folder.name), 0)
    except ProcessLookupError:
        return False
    except (ValueError, PermissionError):
        pass  # not ours to remove
    return True


if folder := os.environ.get("PROMETHEUS_MULTIPROC_DIR") or _shared_folder():
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = folder

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Metric, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

_own = CollectorRegistry()
REQUESTS = Counter("bulkhead_http_requests", "Requests that reached Django.", registry=_own)
FAULTS = Counter("bulkhead_http_faults", "Requests that ended in an exception of ours.", registry=_own)
FORWARDED = ("HTTP_FORWARDED", "HTTP_X_FORWARDED_FOR", "HTTP_X_REAL_IP")
QUEUES = "SELECT queue, state, waiting, oldest_due_seconds FROM sec.queues()"


def _count_request(sender: object, **kwargs: Any) -> None:
    REQUESTS.inc()


def _count_fault(sender: object, **kwargs: Any) -> None:
    FAULTS.inc()


request_started.connect(_count_request, dispatch_uid="metrics-requests")
got_request_exception.connect(_count_fault, dispatch_uid="metrics-faults")


class DatabaseCollector(Collector):
    """What the database knows; a scrape while it is away says so and nothing else."""

    def collect(self) -> Iterator[Metric]:
        up = GaugeMetricFamily("bulkhead_database_up", "1 when the database answered this scrape.")
        try:
            with at_the_door(), connections["auth"].cursor() as cursor:
                cursor.execute(QUEUES)
                queues = cursor.fetchall()
            beats, ways = signs()
        except Error:
            log.warning("the database did not answer a scrape", exc_info=True)
            up.add_metric([], 0)
            yield up
            return
        up.add_metric([], 1)
        yield up
        rows = GaugeMetricFamily("bulkhead_queue_rows", "Rows of each queue by state.", labels=["queue", "state"])
        oldest = GaugeMetricFamily(
            "bulkhead_queue_oldest_due_seconds", "For how long the oldest due row has waited.", labels=["queue"]
        )
        waits: dict[str, float] = {}
        for queue, state, count, waited in queues:
            rows.add_metric([queue, state], count)
            waits[queue] = max(waits.get(queue, 0.0), waited or 0.0)
        for queue, waited in waits.items():
            oldest.add_metric([queue], waited)
        yield rows
        yield oldest
        ages = GaugeMetricFamily(
            "bulkhead_heartbeat_age_seconds", "Since a process last said that it is alive.", labels=["process"]
        )
        for process, ago in sorted(beats.items()):
            ages.add_metric([process], ago)
        yield ages
        canaries = GaugeMetricFamily(
            "bulkhead_canary_age_seconds", "Since a way out last took its canary.", labels=["transport"]
        )
        shut = GaugeMetricFamily("bulkhead_way_out_shut", "1 while nothing is sent that way.", labels=["transport"])
        for way in ways:
            if way.canary_seconds is not None:
                canaries.add_metric([way.transport], way.canary_seconds)
            if way.is_known:  # of one that nothing watches nobody knows that it is open
                shut.add_metric([way.transport], way.word in {"shut", "used up"})
        yield canaries
        yield shut


@require_safe
@own_scope
def metrics(request: HttpRequest) -> HttpResponse:
    """For a scraper on this machine, or one that has METRICS_TOKEN as its Bearer token. To others it does not exist."""
    if not _may_read(request):
        raise Http404
    registry = CollectorRegistry()
    if folder:
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    registry.register(DatabaseCollector())
    body = generate_latest(registry) if folder else generate_latest(_own) + generate_latest(registry)
    return HttpResponse(body, content_type=CONTENT_TYPE_LATEST)


def _may_read(request: HttpRequest) -> bool:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if settings.METRICS_TOKEN and scheme.lower() == "bearer":
        return hmac.compare_digest(token.encode(), settings.METRICS_TOKEN.encode())
    # Behind a proxy on this machine everybody comes from loopback: what was forwarded is not local.
    return _is_loopback(request.META.get("REMOTE_ADDR", "")) and not any(name in request.META for name in FORWARDED)


def _is_loopback(address: str) -> bool:
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return False
