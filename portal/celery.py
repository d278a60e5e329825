"""The Celery app. Jobs take ids, open the scope they need, and are safe to run twice."""

from celery import Celery

app = Celery("bulkhead")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(related_name="jobs")
app.set_default()
