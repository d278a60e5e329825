"""Celery's way in to the incidents room."""

from celery import shared_task

from incidents.advance import advance_due


@shared_task(name="incidents.advance")
def advance_runs() -> int:
    return advance_due()
