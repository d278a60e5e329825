"""`manage.py play_story`: lets the other organisations of the demonstration answer, through the public API.

Reads `var/demo.json` and uses nothing but the keys in it. Safe to run twice: what has been answered stays as it is.
"""

from __future__ import annotations

import json
import time
from argparse import ArgumentParser
from collections.abc import Mapping
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from incidents.management.story import ACCEPTING, FROM, LEAD, SAID, SILENT, STORY, Act

PATIENCE_SECONDS = 10.0  # for a step that waits for the one before it
ANSWER_SECONDS = 10.0
NOT_NEEDED = "not_affected"
Json = dict[str, Any]


class Refused(Exception):
    """The portal answered, and said no; the text says why."""


class Speaker:
    """One organisation with its key."""

    def __init__(self, url: str, key: str) -> None:
        self.root, self.key = f"{url.rstrip('/')}/api/v1/", key

    def get(self, path: str) -> Json:
        return self._ask(path)

    def post(self, path: str, body: Mapping[str, Any]) -> Json:
        return self._ask(path, json.dumps(body).encode())

    def tasks(self, reference: str, organisation: str) -> dict[int, Json]:
        """The organisation's own tasks by step; none when it takes no part."""
        try:
            listed = self.get(f"incidents/{reference}/tasks/?limit=1000")["results"]
        except Refused:
            return {}
        return {task["step"]: task for task in listed if task["organisation"] == organisation}

    def _ask(self, path: str, body: bytes | None = None) -> Json:
        if not self.root.startswith(("http://", "https://")):
            raise CommandError(f"{self.root} is not an address of the portal.")
        headers = {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"}
        request = Request(self.root + path, body, headers)  # noqa: S310 - http or https, see above
        try:
            with urlopen(request, timeout=ANSWER_SECONDS) as answer:  # noqa: S310
                return json.load(answer)
        except HTTPError as error:
            if error.code == 401:
                raise CommandError("A key in demo.json is not valid any more: start the portal again.") from None
            raise Refused(_detail(error)) from None
        except (URLError, OSError, ValueError) as error:
            why = getattr(error, "reason", error)
            raise CommandError(f"The portal does not answer at {self.root}: {why}. Is `make run` running?") from None


def _detail(error: HTTPError) -> str:
    try:
        body = json.load(error)
        return str(body.get("detail") or body["title"])
    except (ValueError, KeyError, AttributeError):
        return f"status {error.code}"


class Command(BaseCommand):
    help = "Lets the other organisations answer in the newest open incident that Ashbourne leads."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--url", help="where the portal answers; default: what demo.json says")
        parser.add_argument("--pace", type=float, default=1.0, help="seconds between two acts; default 1")

    def handle(self, *args: Any, **options: Any) -> None:
        self.pace = max(0.0, options["pace"])
        demo = _demo()
        url = options["url"] or demo["url"]
        self.speakers = {each["organisation"]: Speaker(url, each["key"]) for each in demo["api_keys"]}
        if LEAD not in self.speakers:
            raise CommandError("demo.json has no key of Ashbourne: this is another partnership's.")
        self.reference = self._incident()
        self.stdout.write(f"{self.reference}: the others answer.")
        for number, act in enumerate(STORY):
            if number == len(STORY) // 2:
                self._say(f"{SILENT.title()} says nothing.")
            if act.organisation in self.speakers:
                self._play(act)
        for organisation in ACCEPTING:
            if organisation in self.speakers:
                self._accept_the_rest(organisation)
        self._sum_up()

    def _incident(self) -> str:
        """The newest incident under way that Ashbourne leads."""
        listed = self.speakers[LEAD].get("incidents/")["results"]
        led = [each for each in listed if each["lead"] == LEAD and each["status"] != "closed"]
        under_way = [each for each in led if each["status"] != "suspected"]
        if under_way:
            return str(under_way[0]["reference"])
        if led:
            raise CommandError(f"{led[0]['reference']} is only suspected: declare it, then run this again.")
        raise CommandError("Ashbourne leads no open incident: open one on the identity platform, then run this again.")

    def _play(self, act: Act) -> None:
        speaker = self.speakers[act.organisation]
        task = speaker.tasks(self.reference, act.organisation).get(act.step)
        if task is None:
            return
        step = f"step {act.step}, {task['title']}"
        name = act.organisation.title()
        if task["status"] not in FROM[act.verb]:
            self.stdout.write(f"{name} has answered {step}, already.")
            return
        if act.verb in {"start", "complete"} and not _is_ready(speaker, task):
            self._say(f"{name} waits with {step}: the steps before it are not settled.")
            return
        try:
            speaker.post(f"tasks/{task['id']}/{act.verb}/", _body(act))
        except Refused as refused:
            self._say(f"{name} could not answer {step}: {refused}")
            return
        self._say(f"{name} {SAID[act.verb]} {step}{': ' + act.words if act.words else '.'}")

    def _accept_the_rest(self, organisation: str) -> None:
        speaker = self.speakers[organisation]
        tasks = speaker.tasks(self.reference, organisation).values()
        waiting = [task for task in tasks if task["status"] == "waiting"]
        for task in waiting:
            speaker.post(f"tasks/{task['id']}/acknowledge/", {})
        if waiting:
            self._say(f"{organisation.title()} accepts {len(waiting)} further steps.")

    def _say(self, sentence: str) -> None:
        self.stdout.write(sentence)
        self.stdout.flush()
        time.sleep(self.pace)

    def _sum_up(self) -> None:
        lead = self.speakers[LEAD]
        tasks = lead.get(f"incidents/{self.reference}/")["tasks"]
        sides = lead.get(f"incidents/{self.reference}/participants/?limit=1000")["results"]
        silent = [each["organisation"].title() for each in sides if not each["acknowledged_at"]]
        self.stdout.write(
            f"{self.reference}: {len(sides)} organisations, {tasks['total']} steps, {tasks['settled']} settled, "
            f"{tasks['blocked']} blocked, {tasks['waiting']} without an answer. "
            f"Not heard from yet: {', '.join(silent) or 'nobody'}."
        )


def _demo() -> Json:
    path = settings.VAR_DIR / "demo.json"
    try:
        return json.loads(path.read_text())
    except FileNotFoundError:
        raise CommandError(f"{path} is not there: `make run` writes it.") from None
    except (OSError, ValueError) as trouble:
        raise CommandError(f"{path} cannot be read: {trouble}") from None


def _is_ready(speaker: Speaker, task: Json) -> bool:
    end = time.monotonic() + PATIENCE_SECONDS
    while not task["ready"] and time.monotonic() < end:
        time.sleep(0.2)
        task = speaker.get(f"tasks/{task['id']}/")
    return bool(task["ready"])


def _body(act: Act) -> Json:
    if act.verb == "block":
        return {"reason": act.words}
    if act.verb == "decline":
        return {"reason": act.words, "as": NOT_NEEDED}
    return {"note": act.words} if act.words else {}
