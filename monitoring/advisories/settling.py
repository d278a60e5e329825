"""The job that matches: what changed is taken, judged and written in one transaction, as the worker.

Its cost goes with what is new: the index brings together new documents with the components that share a key with them,
and changed systems with the documents that share one with theirs; nothing else is looked at.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import connections

from monitoring.advisories.judging import Subject, subject_of
from monitoring.advisories.keys import keys_of_component, keys_of_organisation
from monitoring.advisories.platforms import Installed, installed
from monitoring.advisories.together import together
from portal.tenancy.scope import queue_scope

log = logging.getLogger(__name__)

SYSTEMS, ADVISORIES = 50, 200
BATCHES = 40
GONE = "the component is not in the register any more"
OPENLY = "it is said openly by now"


def match_due() -> int:
    """Match until nothing is due; how many exposures changed. Safe to run twice at once: one waits for the other."""
    changed = 0
    for _batch in range(BATCHES):
        done, some = _match_some()
        changed += some
        if not done:
            break
    return changed


def match_everything() -> None:
    """Match until nothing is due, however much that is. For a command: a job comes again, and shares its worker."""
    while _match_some()[0]:
        continue


def _match_some() -> tuple[bool, int]:
    """One transaction: whether there was anything to do, and how many exposures changed."""
    with queue_scope():
        systems = _all("SELECT * FROM sec.systems_to_watch(%s)", [SYSTEMS])
        if systems:
            aliases: dict[str, list[str]] = {}
            for name, also in _all("SELECT name, also FROM monitoring_advisoryalias", []):
                aliases.setdefault(name, []).append(also)
            watched = [_watched(*row, aliases=aliases) for row in systems]
            _all("SELECT sec.watch(%s)", [json.dumps(watched)])
        ((advisories,),) = _all("SELECT sec.advisories_to_match(%s)", [ADVISORIES])
        if not systems and not advisories:
            return False, 0
        pairs = _all(
            "SELECT * FROM sec.pairs_to_judge(%s::uuid[], %s::uuid[])", [[row[0] for row in systems], advisories]
        )
        judged = [each for pair in pairs for each in _judged(pair)]
        if not judged:
            return True, 0
        ((changed,),) = _all("SELECT sec.settle_exposures(%s)", [json.dumps(judged, default=str)])
        return True, int(changed)


def _judged(pair: Sequence[Any]) -> list[dict[str, Any]]:
    """What comes of one pair; nothing of one that cannot be judged, so that no document holds up all others."""
    try:
        return judge_pair(*pair)
    except (TypeError, KeyError, ValueError, AttributeError):
        log.exception("system %s, component %s, %s cannot be judged", *pair[:3])
        return []


def _watched(
    system_id: Any,
    components: Any,
    names: Sequence[str],
    domains: Sequence[str],
    *,
    aliases: Mapping[str, Sequence[str]],
) -> dict[str, Any]:
    """The keys of one system: of each component, and of the organisations behind it."""
    subjects = [{"component": each["id"], "keys": keys_of_component(each, aliases)} for each in _parsed(components)]
    subjects.append({"component": None, "keys": keys_of_organisation(names, domains, aliases)})
    return {"system": str(system_id), "subjects": subjects}


def judge_pair(
    system_id: Any,
    component_id: Any,
    label: str,
    keys: Sequence[str],
    names: Sequence[str],
    components: Any,
    documents: Any,
) -> list[dict[str, Any]]:
    """What `sec.settle_exposures` takes of one component and one label: the exposure that everybody concerned reads,
    and one for each organisation that brought a document which is not clear."""
    listed = _parsed(components)
    component = next((each for each in listed if each["id"] == str(component_id)), None)
    gone = GONE if component_id is not None and component is None else ""
    subject = subject_of(component, keys) if component else Subject(frozenset(keys), is_organisation=True)
    beside = [each for other in listed if other is not component and (each := _platform(other)) is not None]
    open_to_all = [each for each in _parsed(documents) if each["confined_to"] is None]
    base = {"system": str(system_id), "component": component_id and str(component_id), "label": label}
    base |= {"about": _about(component, names), "installed": _installed(component)}
    openly = {**base, "confined_to": None, **together(open_to_all, subject, beside, gone=gone)}
    judged = [openly]
    for organisation in sorted({each["confined_to"] for each in _parsed(documents)} - {None}):
        its_own = [each for each in _parsed(documents) if each["confined_to"] == organisation]
        reason = gone or (OPENLY if openly["state"] == "open" else "")
        judged.append({**base, "confined_to": organisation, **together(its_own, subject, beside, gone=reason)})
    return judged


def _platform(component: Mapping[str, Any]) -> Installed | None:
    return installed(component["cpe"], component["product_version"]) if component["cpe"] else None


def _about(component: Mapping[str, Any] | None, names: Sequence[str]) -> str:
    if component is None:
        return names[0] if names else ""
    vendor, product = component["vendor"], component["product"]
    return product if product.casefold().startswith(vendor.casefold()) else f"{vendor} {product}"


def _installed(component: Mapping[str, Any] | None) -> str:
    if component is None:
        return ""
    return str(component["product_version"] or subject_of(component, ()).version)


def _parsed(value: Any) -> Any:
    """jsonb as Django's raw cursor gives it: text."""
    return json.loads(value) if isinstance(value, str) else value


def _all(sql: str, parameters: Sequence[Any]) -> list[tuple[Any, ...]]:
    with connections["default"].cursor() as cursor:
        cursor.execute(sql, parameters)
        return cursor.fetchall()
