"""Settings of the processes that tests start: a queue of their own, and a lease that a test can wait for."""

import os

from portal.settings import *  # noqa: F403

CELERY_TASK_DEFAULT_QUEUE = os.environ["TEST_QUEUE"]
HOOKS_QUEUE = {"queue": f"{CELERY_TASK_DEFAULT_QUEUE}-hooks"}
CELERY_TASK_ROUTES = {"notifications.hooks": HOOKS_QUEUE, "notifications.hooks_beat": HOOKS_QUEUE}
DELIVERY_LEASE_SECONDS = float(os.environ.get("TEST_LEASE_SECONDS", "150"))
WEBHOOK_LEASE_SECONDS = float(os.environ.get("TEST_LEASE_SECONDS", "60"))
