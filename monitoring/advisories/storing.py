"""Advisories into the tables, by whichever way they came. What they are is one function of the database's to decide."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db import connections

from monitoring.advisories.judging import gravest
from monitoring.advisories.keys import keys_of_advisory
from monitoring.advisories.normal import Advisory, Refused

AT_ONCE = 500
# One statement each: who may, the function asks.
AS_ORGANISATION = "SELECT outcome FROM sec.keep_advisories(%s)"
AS_FEED = "SELECT outcome FROM sec.keep_feed(%s, %s, %s)"
AS_OPERATOR = "SELECT outcome FROM sec.advisories_kept(NULL, NULL, %s)"


def keep_as_organisation(advisories: Sequence[Advisory]) -> Counter[str]:
    """Keep what an organisation brings, in its open scope: how many are new, replaced, same or older.

    Raises:
        django.db.DatabaseError: 42501 when the role does not look after the register.
    """
    return _kept(AS_ORGANISATION, advisories)


def keep_as_feed(advisories: Sequence[Advisory], *, feed_id: UUID, whole: bool) -> Counter[str]:
    """Keep what a feed answered, in the worker's scope. `whole`: what is not in it any more is withdrawn.

    Raises:
        Refused: one of them is not for everybody.
    """
    _all_clear(advisories)
    if whole:
        return _done(AS_FEED, [str(feed_id), _rows(advisories), True])
    return _kept(AS_FEED, advisories, before=[str(feed_id)], after=[False])


def keep_as_operator(advisories: Sequence[Advisory]) -> Counter[str]:
    """Keep what the operator reads from a file, as the owner of the database.

    Raises:
        Refused: one of them is not for everybody.
    """
    _all_clear(advisories)
    return _kept(AS_OPERATOR, advisories)


def _all_clear(advisories: Sequence[Advisory]) -> None:
    if closed := [each for each in advisories if not each.is_clear]:
        raise Refused(
            f"{closed[0].ident} is TLP:{closed[0].tlp}: an organisation that it was sent to brings it, on the page."
        )


def _kept(
    sql: str, advisories: Sequence[Advisory], *, before: Sequence[Any] = (), after: Sequence[Any] = ()
) -> Counter[str]:
    found: Counter[str] = Counter()
    for start in range(0, len(advisories), AT_ONCE):
        found += _done(sql, [*before, _rows(advisories[start : start + AT_ONCE]), *after])
    return found


def _done(sql: str, parameters: Sequence[Any]) -> Counter[str]:
    with connections["default"].cursor() as cursor:
        cursor.execute(sql, parameters)
        return Counter(outcome for (outcome,) in cursor.fetchall())


def _rows(advisories: Sequence[Advisory]) -> str:
    return json.dumps([row_of(each) for each in advisories])


def row_of(advisory: Advisory) -> dict[str, Any]:
    """As `sec.advisories_kept` takes it. The digest is of what is said, so that a new number of a catalogue in which
    nothing changed changes nothing here."""
    said = {
        "source": str(advisory.source),
        "namespace": advisory.namespace[:500],
        "ident": advisory.ident[:200],
        "title": advisory.title,
        "summary": advisory.summary,
        "url": advisory.url,
        "tlp": advisory.tlp,
        "is_clear": advisory.is_clear,
        "severity": gravest(issue.severity for issue in advisory.issues),
        "aliases": advisory.aliases[:100],
        "issues": advisory.issues_as_json(),
        "published_at": advisory.published_at and advisory.published_at.isoformat(),
        "withdrawn_at": advisory.withdrawn_at and advisory.withdrawn_at.isoformat(),
    }
    digest = hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()
    return {
        **said,
        "version": advisory.version[:200],
        "modified_at": advisory.modified_at.isoformat(),
        "digest": digest,
        "keys": keys_of_advisory(advisory),
    }
