"""What `portal.supervisor` starts: each process's command and the environment it gets, worked out from ours."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from secrets import token_urlsafe
from uuid import uuid4

from portal import vapid
from portal.children import free_port
from portal.mail_sink_canaries import CANARY_EMAIL, CANARY_SLACK, CANARY_SMS, CANARY_TEAMS, CANARY_WEBHOOK
from portal.roles import ALL_ROLES, OWNER
from portal.signing import new_key, written
from portal.var_folder import secret, var_folder
from portal.vault.master import new_master_key

LOOPBACK = "127.0.0.1"
EVERYWHERE = "0.0.0.0"  # noqa: S104 - only when HOST asks for it
WEB_WORKERS = 2
# Enough that slow readers and writers do not hold every thread; each keeps a database connection or two.
WEB_THREADS = 6
# A serving process is handed the addresses it logs in with, and no other.
LOGINS = {
    "web": {"DATABASE_URL_APP", "DATABASE_URL_AUTH"},
    "live": {"DATABASE_URL_APP", "DATABASE_URL_AUTH"},
    "worker": {"DATABASE_URL_WORKER", "DATABASE_URL_AUTH"},
    "hooks": {"DATABASE_URL_WORKER", "DATABASE_URL_AUTH"},
    "scheduler": {"DATABASE_URL_WORKER", "DATABASE_URL_AUTH"},
    "owner": {OWNER.variable},
}
MASTER_KEYS = {"MASTER_KEY", "MASTER_KEY_PREVIOUS"}
KEYS = MASTER_KEYS | {"VAPID_PRIVATE_KEY", "CANARY_WEBHOOK_KEY"}  # which no server and no stand-in is handed
# What sends may sign for text messages; what listens knows the word by which receipts are known.
SENDS, LISTENS = {"worker", "scheduler"}, {"web"}
# Whoever has such an address may post there, and the key signs. Pages say what was tried, not what is set.
CANARIES = {"CANARY_SLACK", "CANARY_TEAMS", "CANARY_WEBHOOK", "CANARY_WEBHOOK_KEY"}
OPEN_SECRETS = {"web", "worker", "hooks", "scheduler", "owner"}
ROLES = {"hooks": "worker"}  # processes that act as another, by the name of that one


class BadEnvironment(Exception):
    """A variable cannot be used as it is; the message is a sentence for the operator."""


@dataclass(frozen=True)
class Plan:
    """What the environment asks for."""

    port: int
    host: str | None
    demo: bool
    embed_postgres: bool
    embed_valkey: bool
    sink_mail: bool
    provide_identities: bool
    certificate: str | None
    key: str | None
    var: Path

    @property
    def listen(self) -> str:
        return EVERYWHERE if self.host else LOOPBACK

    @property
    def secure(self) -> str:
        return "s" if self.certificate else ""

    @property
    def portal_url(self) -> str:
        return f"http{self.secure}://{self.host or 'localhost'}:{self.port}"

    @property
    def live_url(self) -> str:
        return f"ws{self.secure}://{self.host or 'localhost'}:{self.port + 1}"


def plan_from(environ: Mapping[str, str]) -> Plan:
    """Read PORT, HOST, DEMO, DATABASE_URL, VALKEY_URL, EMAIL_URL, TLS_CERT and TLS_KEY.

    Raises:
        BadEnvironment: a value cannot be used, or one that belongs to another is absent.
    """
    raw = environ.get("PORT") or "8000"
    if not raw.isdecimal() or not 1 <= int(raw) < 65535:
        raise BadEnvironment(
            f"PORT is {raw!r}: it must be a number from 1 to 65534, because the socket takes the next."
        )
    certificate, key = environ.get("TLS_CERT") or None, environ.get("TLS_KEY") or None
    if bool(certificate) != bool(key):
        raise BadEnvironment("TLS_CERT and TLS_KEY belong together: set both or neither.")
    for name, path in (("TLS_CERT", certificate), ("TLS_KEY", key)):
        if path and not Path(path).is_file():
            raise BadEnvironment(f"{name} names {path}, which is not a file.")
    external = bool(environ.get("DATABASE_URL"))
    absent = sorted(name for name in set().union(*LOGINS.values()) if external and not environ.get(name))
    if absent:
        raise BadEnvironment(f"DATABASE_URL is set, so {', '.join(absent)} must be too (see `manage.py roles`).")
    templates = environ.get("NOTIFY_SMS_TEMPLATE") or environ.get("NOTIFY_EMAIL_TEMPLATE")
    if bool(templates) != bool(environ.get("NOTIFY_API_KEY")):
        raise BadEnvironment(
            "NOTIFY_API_KEY and NOTIFY_SMS_TEMPLATE (or NOTIFY_EMAIL_TEMPLATE) belong together: set both or neither."
        )
    if environ.get("NOTIFY_REPLIES", "").lower() in {"1", "true", "yes", "on"} and not environ.get(
        "NOTIFY_CALLBACK_TOKEN"
    ):
        raise BadEnvironment("NOTIFY_REPLIES needs NOTIFY_CALLBACK_TOKEN: the word by which the service is known.")
    demo = environ.get("DEMO", "") == "1" if external else environ.get("DEMO", "") != "0"
    host = None if environ.get("HOST", "") in {"", "localhost", LOOPBACK} else environ["HOST"]
    return Plan(
        port=int(raw),
        host=host,
        demo=demo,
        embed_postgres=not external,
        embed_valkey=not environ.get("VALKEY_URL"),
        sink_mail=not environ.get("EMAIL_URL"),
        # It lets anybody be anybody, so it is for this machine's own browser only.
        provide_identities=demo and host is None and find_spec("oidc_provider_mock") is not None,
        certificate=str(Path(certificate).resolve()) if certificate else None,
        key=str(Path(key).resolve()) if key else None,
        var=var_folder(),
    )


def shared_environment(plan: Plan, environ: Mapping[str, str], *, addresses: Mapping[str, str]) -> dict[str, str]:
    """The environment of every process before `environment_of` narrows it; `addresses` are of what we started."""
    defaults = {
        "PORTAL_URL": plan.portal_url,
        "LIVE_URL": plan.live_url,
        "SECRET_KEY": environ.get("SECRET_KEY") or secret(plan.var, "secret_key"),
        "MASTER_KEY": environ.get("MASTER_KEY") or secret(plan.var, "master_key", make=new_master_key),
    }
    if not environ.get("VAPID_PUBLIC_KEY"):
        private = environ.get("VAPID_PRIVATE_KEY") or secret(plan.var, "vapid_key", make=vapid.new_private_key)
        defaults |= {"VAPID_PRIVATE_KEY": private, "VAPID_PUBLIC_KEY": _public_of(private)}
    ours = {
        "DJANGO_SETTINGS_MODULE": "portal.settings",
        "PYTHONUNBUFFERED": "1",
        "BULKHEAD_VAR": str(plan.var),
        "DEMO": "1" if plan.demo else "0",
    }
    given = {name: value for name, value in environ.items() if value}
    return {**defaults, **given, **addresses, **ours}


def _public_of(private: str) -> str:
    try:
        return vapid.public_of(private)
    except ValueError:
        raise BadEnvironment("VAPID_PRIVATE_KEY is wrong: make a pair with `python -m portal.vapid`.") from None


def environment_of(process: str, shared: Mapping[str, str]) -> dict[str, str]:
    """The shared environment less the logins and keys that this process has no business with."""
    withheld = {role.variable for role in ALL_ROLES} - LOGINS[process]
    if process not in OPEN_SECRETS:
        withheld |= MASTER_KEYS
    withheld |= (set() if process in SENDS else {"NOTIFY_API_KEY", "VAPID_PRIVATE_KEY"}) | (
        set() if process in LISTENS else {"NOTIFY_CALLBACK_TOKEN"}
    )
    withheld |= set() if process in SENDS | {"hooks"} else CANARIES
    withheld |= set() if process == "owner" else {"DEMO_WEBHOOK_KEY"}  # whoever signs has it sealed
    kept = {name: value for name, value in shared.items() if name not in withheld}
    return {**kept, "BULKHEAD_PROCESS": ROLES.get(process, process)}


def commands(plan: Plan) -> dict[str, list[str]]:
    """The command of each serving process, in the order of starting."""
    python = [sys.executable, "-m"]
    listen = ["--host", plan.listen]
    web_tls = live_tls = []
    if plan.certificate and plan.key:
        web_tls = ["--ssl-certificate", plan.certificate, "--ssl-keyfile", plan.key, "--ssl-protocol-min", "tls1.2"]
        live_tls = ["--ssl-certfile", plan.certificate, "--ssl-keyfile", plan.key]
    return {
        "web": [
            *python, "granian", "--interface", "wsgi", "--no-ws", *listen, "--port", str(plan.port), *web_tls,
            "--workers", str(WEB_WORKERS), "--blocking-threads", str(WEB_THREADS),
            "--blocking-threads-idle-timeout", "600", "--respawn-failed-workers", "--workers-kill-timeout", "2",
            "portal.wsgi:application",
        ],
        "live": [
            *python, "uvicorn", *listen, "--port", str(plan.port + 1), *live_tls, "--ws", "websockets-sansio",
            "--ws-per-message-deflate", "false", "--ws-max-size", "4096", "--loop", "uvloop",
            "--http", "httptools", "--no-access-log",
            "--no-server-header", "--timeout-graceful-shutdown", "2", "portal.asgi:application",
        ],
        "worker": [
            *python, "celery", "-A", "portal.celery", "worker", "--concurrency", "2", "--loglevel", "WARNING",
            "--without-gossip", "--without-mingle",
        ],
        # A worker for webhooks alone, so that a tool which hangs holds up no message to people.
        "hooks": [
            *python, "celery", "-A", "portal.celery", "worker", "--queues", "bulkhead-hooks", "--hostname", "hooks@%h",
            "--concurrency", "2", "--loglevel", "WARNING", "--without-gossip", "--without-mingle",
        ],
        "scheduler": [sys.executable, "manage.py", "scheduler"],
    }  # fmt: skip


def mail_sink_command(environ: Mapping[str, str], var: Path, *, demo: bool) -> tuple[list[str], dict[str, str]]:
    """The mail sink's command on free ports, and what announces it. It takes text messages too, unless the environment
    names a service for them, and the webhooks of the demonstration; mail that comes back is left under `var`."""
    smtp, http, tools = free_port(), free_port(), free_port()
    ports = {"--smtp-port": smtp, "--http-port": http, "--tools-port": tools}
    command = [sys.executable, "-m", "portal.mail_sink", *(str(each) for pair in ports.items() for each in pair)]
    announced = {
        "EMAIL_URL": f"smtp://{LOOPBACK}:{smtp}",
        "MAIL_URL": f"http://{LOOPBACK}:{http}/",
        "CANARY_EMAIL": CANARY_EMAIL,
    }
    announced |= {"BOUNCE_ADDRESS": "bounces@bulkhead.example", "BOUNCE_MAILDIR": str(var / "bounces")}
    if not environ.get("NOTIFY_API_KEY"):
        announced |= {
            "NOTIFY_API_URL": announced["MAIL_URL"],
            "NOTIFY_API_KEY": f"stand_in-{uuid4()}-{uuid4()}",
            "NOTIFY_SMS_TEMPLATE": str(uuid4()),
            "NOTIFY_CALLBACK_TOKEN": token_urlsafe(32),
            "NOTIFY_REPLIES": "1",
            "SUNK_WAYS": "email,sms",
            "CANARY_SMS": CANARY_SMS,
        }
    if not environ.get("CANARY_WEBHOOK"):
        announced |= {
            "CANARY_WEBHOOK": f"http://{LOOPBACK}:{tools}{CANARY_WEBHOOK}",
            "CANARY_WEBHOOK_KEY": written(new_key()),
        }
    if demo:
        announced |= {
            "DEMO_WEBHOOK_URL": f"http://{LOOPBACK}:{tools}/ashbourne",
            "DEMO_WEBHOOK_KEY": written(new_key()),
        }
    # Chat goes into the sink alone, so that an exercise does too; a browser of this machine is a real one, and its push
    # service is asked.
    here = f"{LOOPBACK}:{http}"
    chat = {name for name in ("SLACK_HOSTS", "TEAMS_HOSTS") if name not in environ}
    announced |= dict.fromkeys(chat, here)
    canaries = {"SLACK_HOSTS": ("CANARY_SLACK", CANARY_SLACK), "TEAMS_HOSTS": ("CANARY_TEAMS", CANARY_TEAMS)}
    announced |= {name: f"http://{here}{path}" for hosts, (name, path) in canaries.items() if hosts in chat}
    announced["EGRESS_ALLOW"] = _allowed(environ, http, tools)
    if len(chat) == 2:
        announced["SUNK_WAYS"] = f"{announced.get('SUNK_WAYS', 'email')},slack,teams"
    return command, announced


def _allowed(environ: Mapping[str, str], *ports: int) -> str:
    """What may be called without encryption, and ports of our own beside it."""
    return ",".join(filter(None, (environ.get("EGRESS_ALLOW", ""), *(f"{LOOPBACK}:{port}" for port in ports))))


def demo_provider_command(environ: Mapping[str, str]) -> tuple[list[str], dict[str, str]]:
    """The command of the demonstration's identity provider on a free port, and what announces and allows it."""
    port = free_port()
    command = [sys.executable, "-m", "portal.demo_provider", "--port", str(port)]
    return command, {"DEMO_PROVIDER_URL": f"http://{LOOPBACK}:{port}", "EGRESS_ALLOW": _allowed(environ, port)}
