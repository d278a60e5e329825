"""Celery's way in to the incidents room."""

from celery import shared_task

from incidents.advance import advance_due
from incidents.rewalk_due import rewalk_due


@shared_task(name="incidents.advance")
def advance_runs() -> int:
    return advance_due()


@shared_task(name="incidents.rewalk")
def rewalk_runs() -> int:
    return rewalk_due()
