"""Celery's way in to the partners room."""

from celery import shared_task

from partners.importing.checking import check_due


@shared_task(name="partners.check_imports")
def check_imports() -> int:
    return check_due()
