"""Pages and API. Sockets have their own process (`asgi.py`): Django under ASGI costs several times more."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
os.environ.setdefault("BULKHEAD_PROCESS", "web")

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from servestatic import ServeStatic

import portal.celery
from portal.tenancy.headers import add_to_file

django_application = get_wsgi_application()
import portal.urls  # noqa: E402, F401 - every room is loaded before the first request, which is often an emergency

application = ServeStatic(
    django_application,
    root=str(settings.STATIC_ROOT),
    prefix=settings.STATIC_URL.strip("/"),
    max_age=60,
    allow_all_origins=False,
    add_headers_function=add_to_file,
)
