"""Reading a file of alert rules and writing it into the database, as the owner. Safe to repeat."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from uuid import uuid4

from django.db import transaction

from monitoring.models import Alert, AlertRule
from monitoring.rules import SEVERITIES, fingerprint_of
from monitoring.tools import TOOLS
from partners.models import Organisation
from portal import clock
from portal.documents import Problem, Refused, pointer, read_json

RULE_FIELDS: dict[str, type] = {
    "organisation": str,
    "name": str,
    "source": str,
    "conditions": list,
    "mapping": dict,
    "action": str,
    "dedupe": str,
    "window_minutes": int,
    "is_active": bool,
    "tool": str,
    "severities": dict,
    "hosts": dict,
    "playbook": str,
    "joins": str,
}
NEEDED = ("organisation", "name", "source", "action")
ALERT_FIELDS: dict[str, type] = {"organisation": str, "source": str, "title": str, "reason": str, "body": dict}
MAPPED = ("title", "systems", "accounts", "severity", "reference")
LONGEST_WINDOW = 60 * 24 * 30  # minutes
Place = tuple[str | int, ...]


class RulesRefused(Refused):
    """The file cannot be loaded; `problems` are JSON pointers with a sentence each."""


@transaction.atomic
def load_rules(path: Path | str) -> Counter[str]:
    """Load `{"rules": […], "waiting": […]}`; counts what was added, changed and kept.

    A rule is found again by organisation and name, and stands in the order of the file. `waiting` are alerts that
    wait for a person from the start; one that has come in before is not added again.

    Raises:
        RulesRefused: with every problem found; nothing was written.
    """
    document = read_rules(path)
    organisations = dict(Organisation.objects.values_list("slug", "pk"))
    problems = [
        Problem(pointer(section, nth, "organisation"), "There is no organisation of this name.")
        for section in ("rules", "waiting")
        for nth, entry in enumerate(document[section])
        if entry["organisation"] not in organisations
    ]
    if problems:
        raise RulesRefused(problems)
    done: Counter[str] = Counter()
    for position, entry in enumerate(document["rules"], start=1):
        values = {name: value for name, value in entry.items() if name not in {"organisation", "name"}}
        done[_put(organisations[entry["organisation"]], entry["name"], {**values, "position": position})] += 1
    for entry in document["waiting"]:
        done[_wait(organisations[entry["organisation"]], entry)] += 1
    return done


def _put(organisation_id: Any, name: str, values: dict[str, Any]) -> str:
    rule = AlertRule.objects.filter(organisation_id=organisation_id, name=name).first()
    if rule is None:
        AlertRule.objects.create(organisation_id=organisation_id, name=name, **values)
        return "rules added"
    different = [field for field, value in values.items() if getattr(rule, field) != value]
    if not different:
        return "rules kept"
    for field in different:
        setattr(rule, field, values[field])
    rule.version += 1
    rule.save(update_fields=[*different, "version"])
    return "rules changed"


def _wait(organisation_id: Any, entry: Mapping[str, Any]) -> str:
    fingerprint = fingerprint_of(None, entry["body"])
    if Alert.objects.filter(organisation_id=organisation_id, fingerprint=fingerprint).exists():
        return "alerts kept"
    Alert.objects.create(
        id=uuid4(),
        organisation_id=organisation_id,
        source=entry["source"],
        title=entry["title"],
        body=entry["body"],
        fingerprint=fingerprint,
        received_at=clock.now(),
        outcome=Alert.Outcome.QUEUED,
        reason=entry.get("reason", ""),
    )
    return "alerts added"


def is_wanted(path: Path | str) -> bool:
    """Whether there is no rule yet, and every organisation of the file is here."""
    document = read_rules(path)
    named = {entry["organisation"] for section in document.values() for entry in section}
    here = set(Organisation.objects.values_list("slug", flat=True))
    return here.issuperset(named) and not AlertRule.objects.exists()


def read_rules(path: Path | str) -> dict[str, Any]:
    """The file's content, checked but for the names of organisations.

    Raises:
        RulesRefused: see `load_rules`.
    """
    try:
        document = read_json(Path(path).read_bytes())
    except OSError as error:
        raise RulesRefused([Problem("", f"The file cannot be read: {error.strerror}.")]) from None
    except Refused as refused:
        raise RulesRefused(refused.problems) from None
    problems = list(_problems(document))
    if problems:
        raise RulesRefused(problems)
    return {"rules": document.get("rules", []), "waiting": document.get("waiting", [])}


def _problems(document: Any) -> Iterator[Problem]:
    if not isinstance(document, dict):
        yield Problem("", "The file must be a JSON object.")
        return
    yield from (Problem(pointer(key), "There is no such section.") for key in document if key not in SECTIONS)
    for section, check in SECTIONS.items():
        entries = document.get(section, [])
        if not isinstance(entries, list):
            yield Problem(pointer(section), "This must be a list.")
            continue
        for nth, entry in enumerate(entries):
            if isinstance(entry, dict):
                yield from check(entry, (section, nth))
            else:
                yield Problem(pointer(section, nth), "This must be an object.")


def rule_problems(values: Mapping[str, Any]) -> list[Problem]:
    """What is wrong with the columns of a rule that somebody writes on a page; pointers begin with the column."""
    return list(_rule({"organisation": "-", **values}, ()))


def _waiting(entry: dict[str, Any], at: Place) -> Iterator[Problem]:
    yield from _fields(entry, ALERT_FIELDS, ("organisation", "source", "title", "body"), at)


def _rule(entry: dict[str, Any], at: Place) -> Iterator[Problem]:
    found = list(_fields(entry, RULE_FIELDS, NEEDED, at))
    yield from found
    if found:
        return
    if entry["action"] not in AlertRule.Action.values:
        yield Problem(pointer(*at, "action"), f"One of: {', '.join(AlertRule.Action.values)}.")
    if not 1 <= entry.get("window_minutes", 60) <= LONGEST_WINDOW:
        yield Problem(pointer(*at, "window_minutes"), f"Between 1 and {LONGEST_WINDOW}.")
    for name in ("dedupe", "joins"):
        if entry.get(name) and not entry[name].startswith("/"):
            yield Problem(pointer(*at, name), "A JSON pointer begins with “/”.")
    if entry.get("tool") and entry["tool"] not in TOOLS:
        yield Problem(pointer(*at, "tool"), f"One of: {', '.join(TOOLS)}.")
    yield from _words(entry, at)
    for nth, condition in enumerate(entry.get("conditions", [])):
        yield from _condition(condition, (*at, "conditions", nth))
    for name, field in entry.get("mapping", {}).items():
        if name not in MAPPED:
            yield Problem(pointer(*at, "mapping", name), f"One of: {', '.join(MAPPED)}.")
        else:
            yield from _mapped(field, (*at, "mapping", name))


def _words(entry: dict[str, Any], at: Place) -> Iterator[Problem]:
    for word, severity in entry.get("severities", {}).items():
        if type(severity) is not int or severity not in SEVERITIES or word != word.lower():
            yield Problem(pointer(*at, "severities", word), "A word in small letters, and 1 to 6.")
    for host, slug in entry.get("hosts", {}).items():
        if not isinstance(slug, str) or not slug:
            yield Problem(pointer(*at, "hosts", host), "The name of a system.")


def _condition(condition: Any, at: Place) -> Iterator[Problem]:
    tests = {"equals", "contains", "exists"}
    if not isinstance(condition, dict) or set(condition) - tests != {"pointer"} or len(condition) != 2:
        yield Problem(pointer(*at), "A condition has a pointer and one of: contains, equals, exists.")
    elif not isinstance(condition["pointer"], str) or not condition["pointer"].startswith("/"):
        yield Problem(pointer(*at, "pointer"), "A JSON pointer begins with “/”.")
    elif not isinstance(condition.get("exists", True), bool):
        yield Problem(pointer(*at, "exists"), "True or false.")


def _mapped(field: Any, at: Place) -> Iterator[Problem]:
    if isinstance(field, list):
        for nth, each in enumerate(field):
            yield from _mapped(each, (*at, nth))
        return
    if not isinstance(field, dict) or len({"pointer", "value"} & set(field)) != 1:
        yield Problem(pointer(*at), "A field has either a pointer or a value.")
        return
    where = field.get("pointer", "/")
    if set(field) - {"pointer", "value", "words"} or not isinstance(field.get("words", {}), dict):
        yield Problem(pointer(*at), "A field has a pointer or a value, and perhaps words.")
    elif not isinstance(where, str) or not where.startswith("/"):
        yield Problem(pointer(*at, "pointer"), "A JSON pointer begins with “/”.")


def _fields(entry: dict[str, Any], kinds: dict[str, type], needed: tuple[str, ...], at: Place) -> Iterator[Problem]:
    for name, value in entry.items():
        if name not in kinds:
            yield Problem(pointer(*at, name), "There is no such field.")
        elif type(value) is not kinds[name]:
            yield Problem(pointer(*at, name), f"This must be of type {kinds[name].__name__}.")
    for name in needed:
        if not entry.get(name):
            yield Problem(pointer(*at, name), "This is needed.")


SECTIONS = {"rules": _rule, "waiting": _waiting}
