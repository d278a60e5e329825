"""Settings of the processes that tests start: a queue of their own, and a lease that a test can wait for."""

import os

from portal.settings import *  # noqa: F403

CELERY_TASK_DEFAULT_QUEUE = os.environ["TEST_QUEUE"]
DELIVERY_LEASE_SECONDS = float(os.environ.get("TEST_LEASE_SECONDS", "150"))
