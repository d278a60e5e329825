"""Celery's way in to the monitoring room."""

from celery import shared_task

from monitoring.access.jobs import take_folder, take_handed_over
from monitoring.advisories.polling import poll_due
from monitoring.advisories.settling import match_due
from monitoring.advisories.telling import tell_due
from monitoring.findings.judging import judge_due


@shared_task(name="monitoring.advisories")
def advisories() -> int:
    """Ask the feeds that are due, match what is new and say what is urgent; how many exposures changed."""
    poll_due()
    changed = match_due()
    tell_due()
    return changed


@shared_task(name="monitoring.judge")
def judge() -> int:
    """Make findings of what nobody has looked at yet; of how many sights and changes."""
    return judge_due()


@shared_task(name="monitoring.access")
def access() -> int:
    """Go on with long bodies, then look into the watched folder; how many were taken to their end."""
    return take_handed_over() + take_folder()
