"""Settings: each value is read from the environment once, here, and a wrong one stops the start with a sentence."""

from __future__ import annotations

import os
from email.utils import parseaddr
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import environ

from portal import vapid
from portal.egress.exemptions import exempt_names, existing_file, networks
from portal.egress.hosts import host_of, host_patterns, is_listed
from portal.signing import read_key
from portal.vault.master import trouble_with

env = environ.Env()

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = Path(os.environ.get("BULKHEAD_VAR") or BASE_DIR / "var").resolve()

PROCESS = env.str("BULKHEAD_PROCESS", "web")
if PROCESS not in {"web", "live", "worker", "scheduler", "owner"}:
    raise SystemExit(f"BULKHEAD_PROCESS is {PROCESS!r}: it must be web, live, worker, scheduler or owner")

DEBUG = False
# The owner's commands sign nothing, so they need no key; a process that serves does.
SECRET_KEY = env.str("SECRET_KEY", "" if PROCESS != "owner" else "unused-by-the-owner")
# Wraps the keys that seal secrets in the database; the previous one is only there while keys are wrapped anew.
MASTER_KEY = env.str("MASTER_KEY", "")
MASTER_KEY_PREVIOUS = env.str("MASTER_KEY_PREVIOUS", "")
# Whoever has no SECRET_KEY (a type checker, say) serves nobody; the socket process and most owner's commands open none.
_OPENS_SECRETS = bool(SECRET_KEY) and PROCESS in {"web", "worker", "scheduler"}
if _trouble := trouble_with(current=MASTER_KEY, previous=MASTER_KEY_PREVIOUS, needed=_OPENS_SECRETS):
    raise SystemExit(_trouble)
DEMO = env.bool("DEMO", True)
PORTAL_URL = env.str("PORTAL_URL", "http://localhost:8000").rstrip("/")
LIVE_URL = env.str("LIVE_URL", "ws://localhost:8001").rstrip("/")
MAIL_URL = env.str("MAIL_URL", "")
# For how many days what was seen of access is kept: sights, changes, findings, names. Its pages say it.
ACCESS_KEEP_DAYS = env.int("ACCESS_KEEP_DAYS", 400)
if ACCESS_KEEP_DAYS < 30:
    raise SystemExit(f"ACCESS_KEEP_DAYS is {ACCESS_KEEP_DAYS}: at least 30 days are kept")
# For how many days what a tool sent as an alert is kept as it came. Its page and the API's answer say until when.
ALERT_KEEP_DAYS = env.int("ALERT_KEEP_DAYS", 30)
if not 1 <= ALERT_KEEP_DAYS <= 90:
    raise SystemExit(f"ALERT_KEEP_DAYS is {ALERT_KEEP_DAYS}: it must be from 1 to 90 days")
WATCH_PROCESSES = True  # say on every page when live, worker or scheduler has gone silent
DEMO_WEBHOOK_URL = env.str("DEMO_WEBHOOK_URL", "")  # where the demonstration's tool listens, on loopback
DEMO_PROVIDER_URL = env.str("DEMO_PROVIDER_URL", "")  # the demonstration's identity provider, on loopback
METRICS_TOKEN = env.str("METRICS_TOKEN", "")
# Calls out: who may be called without encryption or on a network of one's own, by exact host:port; networks that nobody
# may be sent to; a certificate authority of one's own beside the system's.
try:
    EGRESS_ALLOW = exempt_names(env.str("EGRESS_ALLOW", ""))
    EGRESS_DENY = networks(env.str("EGRESS_DENY", ""))
    EGRESS_CA_FILE = existing_file(env.str("EGRESS_CA_FILE", ""), name="EGRESS_CA_FILE")
    # Where a person's address of such a kind may lead; nothing in it switches the kind off.
    SLACK_HOSTS = host_patterns(env.str("SLACK_HOSTS", "hooks.slack.com,hooks.slack-gov.com"), name="SLACK_HOSTS")
    TEAMS_HOSTS = host_patterns(env.str("TEAMS_HOSTS", "*.logic.azure.com,*.api.powerplatform.com"), name="TEAMS_HOSTS")
    PUSH_HOSTS = host_patterns(
        env.str(
            "PUSH_HOSTS",
            "fcm.googleapis.com,updates.push.services.mozilla.com,*.notify.windows.com,*.push.apple.com",
        ),
        name="PUSH_HOSTS",
    )
except ValueError as _wrong:
    raise SystemExit(str(_wrong)) from None
_PORTAL = urlsplit(PORTAL_URL)
SECURE = _PORTAL.scheme == "https"

ALLOWED_HOSTS = [_PORTAL.hostname or "localhost", "localhost", "127.0.0.1"]
CSRF_TRUSTED_ORIGINS = [PORTAL_URL]
LIVE_ORIGINS = [PORTAL_URL]

INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "rest_framework",
    "drf_spectacular",
    "django_htmx",
    "csp",
    "portal.tenancy",
    "portal.vault",
    "portal.ledger",
    "portal.files",
    "portal.api",
    "partners",
    "incidents",
    "notifications",
    "monitoring",
]

MIDDLEWARE = [
    "portal.tenancy.headers.SecurityHeaders",
    "csp.middleware.CSPMiddleware",
    "portal.tenancy.requests.PlainAddress",
    "portal.tenancy.door.DoorMiddleware",
    "portal.tenancy.requests.ScopeMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]

ROOT_URLCONF = "portal.urls"
WSGI_APPLICATION = "portal.wsgi.application"
ASGI_APPLICATION = "portal.asgi.application"
APPEND_SLASH = False

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.jinja2.Jinja2",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": False,
        "OPTIONS": {
            "environment": "portal.pages.environment",
            "context_processors": [
                "django.contrib.messages.context_processors.messages",
                "portal.pages.viewer",
            ],
        },
    },
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [],
        "APP_DIRS": True,
        "OPTIONS": {"context_processors": ["django.template.context_processors.request"]},
    },
]


def database(url_name: str) -> dict[str, Any]:
    """Read one database address; persistent connections, never a pool here (the socket process has its own)."""
    raw = os.environ.get(url_name)
    if not raw:
        return {
            "ENGINE": "portal.postgres",
            "NAME": f"{url_name} is not set",
            "USER": "",
            "HOST": "127.0.0.1",
            "PORT": "1",
        }
    read = environ.Env.db_url_config(raw)
    return {
        **read,
        "ENGINE": "portal.postgres",
        "CONN_MAX_AGE": 600,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {**read.get("OPTIONS", {}), "application_name": f"bulkhead-{PROCESS}"},
        "TEST": {"MIGRATE": True},
    }


_DEFAULT_ROLE = {"owner": "DATABASE_URL", "worker": "DATABASE_URL_WORKER", "scheduler": "DATABASE_URL_WORKER"}
DATABASES = {
    "default": database(_DEFAULT_ROLE.get(PROCESS, "DATABASE_URL_APP")),
    "auth": database("DATABASE_URL" if PROCESS == "owner" else "DATABASE_URL_AUTH"),
}
DATABASE_ROUTERS = ["portal.tenancy.door.DoorRouter"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "partners.Person"
# Nobody is authenticated by Django itself: `partners.sessions` starts every session, after a second factor.
AUTHENTICATION_BACKENDS = ["django.contrib.auth.backends.BaseBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "sign-in"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "/"

SESSION_ENGINE = "portal.tenancy.session_store"
SESSION_COOKIE_NAME = "__Host-bulkhead" if SECURE else "bulkhead"
SESSION_COOKIE_AGE = 12 * 3600
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = SECURE
CSRF_COOKIE_NAME = "__Host-csrf" if SECURE else "csrf"
CSRF_COOKIE_SECURE = SECURE
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "portal.pages.csrf_refused"
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if SECURE else None
MESSAGE_STORAGE = "django.contrib.messages.storage.cookie.CookieStorage"

CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:", "blob:"],
        "connect-src": ["'self'", LIVE_URL],
        "font-src": ["'self'"],
        "worker-src": ["'self'"],
        "manifest-src": ["'self'"],
        "form-action": ["'self'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
        "trusted-types": ["default"],
        "require-trusted-types-for": ["'script'"],
    }
}

STATIC_URL = "/static/"
STATIC_ROOT = VAR_DIR / "static"
STATICFILES_DIRS: list[Path] = []
# Uploaded files, under random names; every web process and the scheduler must see the same folder.
FILES_ROOT = Path(env.str("FILES_ROOT", "") or VAR_DIR / "files").resolve()

# Texts are written in English. `make texts` collects them; a translation stands in locale/ (docs/translating.md).
LANGUAGE_CODE = env.str("LANGUAGE_CODE", "en-gb")
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = "UTC"
LOCAL_TIME_ZONE = env.str("LOCAL_TIME_ZONE", "Europe/London")
USE_TZ = True
USE_I18N = True

DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
# What comes with a form is capped; pages that keep a file stream it to the store instead (`portal.files.receiving`).
FILE_UPLOAD_HANDLERS = ["portal.files.receiving.CappedFiles"]

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["portal.api.authentication.FromTheDoor"],
    "DEFAULT_PERMISSION_CLASSES": ["portal.api.permissions.HasScope"],
    "DEFAULT_PARSER_CLASSES": ["portal.api.parsing.StrictJSONParser"],
    "DEFAULT_RENDERER_CLASSES": ["portal.api.rendering.OrjsonRenderer"],
    "DEFAULT_SCHEMA_CLASS": "portal.api.schema.ProblemSchema",
    "EXCEPTION_HANDLER": "portal.api.problems.problem_response",
    "DEFAULT_PAGINATION_CLASS": None,
    "UNAUTHENTICATED_USER": None,
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Bulkhead",
    "VERSION": "1",
    "OAS_VERSION": "3.1.1",
    "DESCRIPTION": "Open incidents, read what your organisation may see, answer tasks.",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": [],
    "SERVE_AUTHENTICATION": [],
    "COMPONENT_SPLIT_REQUEST": True,
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "POSTPROCESSING_HOOKS": [],  # choices stay where they are used; as components their names would collide
}

CELERY_BROKER_URL = env.str("VALKEY_URL", "redis://127.0.0.1:1/0").replace("valkey://", "redis://")
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_TIME_LIMIT = 240
CELERY_TASK_SOFT_TIME_LIMIT = 210
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 300,
    "unacked_restore_interval": 5,
    "unacked_restore_throttle": 1,
    # A broker that is away must not hold a request: the sweep does the work within 2 s.
    "socket_connect_timeout": 1,
    "socket_timeout": 5,
    "max_retries": 0,
}
CELERY_TASK_PUBLISH_RETRY = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_DEFAULT_QUEUE = "bulkhead"
# Tools that hang must not hold up messages to people: webhooks have a queue and a process of their own.
HOOKS_QUEUE = {"queue": "bulkhead-hooks"}
CELERY_TASK_ROUTES = dict.fromkeys(
    ("notifications.hooks", "notifications.hooks_beat", "notifications.hooks_canary"), HOOKS_QUEUE
)
CELERY_WORKER_HIJACK_ROOT_LOGGER = False

_EMAIL = environ.Env.email_url_config(env.str("EMAIL_URL", "smtp://127.0.0.1:1025"))
EMAIL_HOST, EMAIL_PORT = _EMAIL["EMAIL_HOST"], _EMAIL["EMAIL_PORT"]
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = _EMAIL["EMAIL_HOST_USER"], _EMAIL["EMAIL_HOST_PASSWORD"]
EMAIL_USE_TLS, EMAIL_USE_SSL = _EMAIL.get("EMAIL_USE_TLS", False), _EMAIL.get("EMAIL_USE_SSL", False)
EMAIL_TIMEOUT = 10
# Text messages go over GOV.UK Notify when its key and template are set; the template's whole text is `((text))`.
NOTIFY_API_URL = env.str("NOTIFY_API_URL", "https://api.notifications.service.gov.uk")
NOTIFY_API_KEY = env.str("NOTIFY_API_KEY", "")
NOTIFY_SMS_TEMPLATE = env.str("NOTIFY_SMS_TEMPLATE", "")
NOTIFY_EMAIL_TEMPLATE = env.str("NOTIFY_EMAIL_TEMPLATE", "")
NOTIFY_EMAIL_FIRST = env.bool("NOTIFY_EMAIL_FIRST", True)  # else it is used while the mail server is down
NOTIFY_CALLBACK_TOKEN = env.str("NOTIFY_CALLBACK_TOKEN", "")
NOTIFY_REPLIES = env.bool(
    "NOTIFY_REPLIES", False
)  # whether people can answer our texts, and Notify brings us the answers
# The key pair by which push services know us (`python -m portal.vapid`).
VAPID_PRIVATE_KEY, VAPID_PUBLIC_KEY = env.str("VAPID_PRIVATE_KEY", ""), env.str("VAPID_PUBLIC_KEY", "")
if _trouble := vapid.trouble_with(private=VAPID_PRIVATE_KEY, public=VAPID_PUBLIC_KEY):
    raise SystemExit(_trouble)
SENT_WAYS = ["email", *(["sms"] if NOTIFY_SMS_TEMPLATE else [])]  # the kinds of contact points that something sends to
# Kinds that come beside those, and never count as having reached somebody: channels that many read, and browsers.
BESIDE_WAYS = [
    *(["teams"] if TEAMS_HOSTS else []),
    *(["slack"] if SLACK_HOSTS else []),
    *(["push"] if PUSH_HOSTS and VAPID_PUBLIC_KEY else []),
]
SUNK_WAYS = env.list("SUNK_WAYS", default=["email"] if MAIL_URL else [])  # those of which nothing leaves this machine
BOUNCE_ADDRESS = env.str("BOUNCE_ADDRESS", "")  # where mail comes back to, e.g. bounces@…; what stands behind + is ours
ACCESS_FOLDER = env.str("ACCESS_FOLDER", "")  # <organisation>/<source>/<file>: logs that are taken when they lie there
BOUNCE_MAILDIR = env.str("BOUNCE_MAILDIR", "")  # a folder in which a mail server leaves it
# Text messages a day: the service's own limit, of which a part is kept for first messages; of one incident; of one
# person about it.
TEXTS_A_DAY, TEXTS_RESERVED = env.int("TEXTS_A_DAY", 1000), env.int("TEXTS_RESERVED", 200)
TEXTS_PER_INCIDENT, TEXTS_PER_PERSON = env.int("TEXTS_PER_INCIDENT", 500), env.int("TEXTS_PER_PERSON", 20)
# Where a message goes each minute to see whether messages get out, by kind of contact point; '' for none.
# A browser has none: each has chosen a push service of its own, and none of those has a nobody to send to.
CANARIES = {
    "email": env.str("CANARY_EMAIL", ""),
    "sms": env.str("CANARY_SMS", ""),
    "teams": env.str("CANARY_TEAMS", ""),
    "slack": env.str("CANARY_SLACK", ""),
}
# One that takes webhooks of the installation's own, and the key (`whsec_…`) that they are signed with.
CANARY_WEBHOOK, CANARY_WEBHOOK_KEY = env.str("CANARY_WEBHOOK", ""), env.str("CANARY_WEBHOOK_KEY", "")
for _name, _hosts in (("teams", TEAMS_HOSTS), ("slack", SLACK_HOSTS)):
    if CANARIES[_name] and not is_listed(host_of(CANARIES[_name]), _hosts):
        _name = _name.upper()
        raise SystemExit(f"CANARY_{_name} leads to a host that {_name}_HOSTS does not list.")
if CANARY_WEBHOOK and not (host_of(CANARY_WEBHOOK) and read_key(CANARY_WEBHOOK_KEY)):
    raise SystemExit("CANARY_WEBHOOK needs an address and CANARY_WEBHOOK_KEY: whsec_ and base64 of 24 to 64 bytes.")
DEFAULT_FROM_EMAIL = env.str("MAIL_FROM", "Bulkhead <notices@bulkhead.example>")
# Whom a push service writes to when something is wrong with our messages.
VAPID_SUBJECT = env.str("VAPID_SUBJECT", "") or f"mailto:{parseaddr(DEFAULT_FROM_EMAIL)[1]}"

SILENCED_SYSTEM_CHECKS = [
    "models.W042",
    "auth.W004",  # an address is unique within its organisation; nobody is found by address alone
]
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"console": {"class": "logging.StreamHandler"}},
    "root": {"handlers": ["console"], "level": "WARNING"},
}
