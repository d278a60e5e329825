"""Pages and API. Sockets have a process of their own (`asgi.py`): Django under ASGI costs several times more a request."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
os.environ.setdefault("BULKHEAD_PROCESS", "web")

from django.conf import settings  # noqa: E402
from django.core.wsgi import get_wsgi_application  # noqa: E402
from servestatic import ServeStatic  # noqa: E402

import portal.celery  # noqa: E402, F401 - a shared task must find our app in every process

application = ServeStatic(
    get_wsgi_application(), root=str(settings.STATIC_ROOT), prefix=settings.STATIC_URL.strip("/"), max_age=60
)
