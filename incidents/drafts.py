"""Drafts of playbooks: begun, saved, published, removed. Row security keeps them within their organisation."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import orjson
from django.db import transaction

from incidents.cacao.notes import Notes
from incidents.cacao.parts import check_instant
from incidents.models import Playbook, PlaybookDraft
from incidents.playbooks import keep_playbook
from incidents.writing.compose import composed, first_rest, identity_of
from incidents.writing.outline import MOST_ITEMS, Outline, as_json, empty_outline, from_json, new_id
from incidents.writing.reading_in import outline_of
from portal import clock
from portal.documents import pointer
from portal.ledger.record import Actor

MOST_DRAFTS = 50
LARGEST = 1024 * 1024  # bytes of a stored outline


class DraftChanged(Exception):
    """Somebody has saved the draft since the version that this was made from."""


class Overtaken(Exception):
    """A newer version than the one that the draft was begun from is kept: `newest`."""

    def __init__(self, newest: Playbook) -> None:
        super().__init__(newest.version)
        self.newest = newest


class TooMuch(Exception):
    """More than is kept; the message says of what."""


def begin(name: str, *, actor: Actor) -> PlaybookDraft:
    """A new draft with nothing in it."""
    outline = empty_outline(name)
    outline.rest = first_rest()
    outline.types = ["mitigation"]
    return _kept(outline, None, actor)


def begin_from(playbook: Playbook, *, actor: Actor) -> PlaybookDraft:
    """A draft of the next version of one's own playbook, or of a copy of somebody else's.

    Only who made a playbook gives out its next version (CACAO 2.0, 3.1): a copy is a playbook of its own that says what
    it was derived from.

    Raises:
        incidents.writing.reading_in.NotWritable: the editor would lose or change something of it.
    """
    outline = outline_of(playbook.document)
    if playbook.created_by_organisation_id != actor.organisation_id:
        outline.rest = {**outline.rest, "derived_from": [outline.id]}
        for name in ("created_by", "revoked"):  # what its maker said of it, not what is said of the copy
            outline.rest.pop(name, None)
        outline.id, outline.created, outline.modified = new_id("playbook"), "", ""
    return _kept(outline, playbook, actor)


def _kept(outline: Outline, based_on: Playbook | None, actor: Actor) -> PlaybookDraft:
    if PlaybookDraft.objects.count() >= MOST_DRAFTS:
        raise TooMuch(f"There are {MOST_DRAFTS} drafts already: publish or remove one first.")
    content = _fitting(outline)
    return PlaybookDraft.objects.create(
        id=uuid4(),
        organisation_id=actor.organisation_id,
        name=outline.name,
        content=content,
        version=1,
        based_on=based_on,
        changed_at=clock.now(),
        changed_by_id=actor.person_id,
    )


def _fitting(outline: Outline) -> dict[str, Any]:
    """The outline as it is stored. Raises: TooMuch."""
    if (count := sum(1 for _each in outline.items())) > MOST_ITEMS:
        raise TooMuch(f"A playbook has at most {MOST_ITEMS} steps here. This one has {count}.")
    content = as_json(outline)
    if len(orjson.dumps(content)) > LARGEST:
        raise TooMuch("The playbook is too large to be edited here.")
    return content


def outline_in(draft: PlaybookDraft) -> Outline:
    return from_json(draft.content)


def save(draft: PlaybookDraft, outline: Outline, *, seen: int, actor: Actor) -> None:
    """Store an outline that was made from version `seen`.

    Raises:
        DraftChanged: another version is stored meanwhile. TooMuch: it would be larger than is kept.
    """
    content = _fitting(outline)
    values = {"name": outline.name, "content": content, "changed_at": clock.now(), "changed_by_id": actor.person_id}
    changed = PlaybookDraft.objects.filter(pk=draft.pk, version=seen).update(version=seen + 1, **values)
    if not changed:
        raise DraftChanged
    draft.version = seen + 1


def document_of(outline: Outline, *, organisation_id: UUID) -> dict[str, Any]:
    """The CACAO document that publishing now would keep."""
    moment = clock.now().astimezone(UTC)
    if outline.modified:  # a new version is newer than the one it came from, whatever the clocks say
        moment = max(moment, _moment(outline.modified) + timedelta(milliseconds=1))
    stamp = moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03}Z"
    return composed(outline, created_by=identity_of(organisation_id), modified=stamp)


@transaction.atomic(using="default")
def publish(draft: PlaybookDraft, *, seen: int, actor: Actor, over: str = "") -> Playbook:
    """Keep the draft as a playbook that the whole partnership reads, and remove it.

    `over`: the newer version, by our id, that whoever publishes has been told of and replaces all the same.

    Raises:
        DraftChanged: somebody has saved it since. Overtaken: a newer version is kept than it was begun from.
        incidents.cacao.reading.PlaybookRefused: it is not finished; each problem names its place in the document.
    """
    locked = PlaybookDraft.objects.select_for_update(of=("self",)).filter(pk=draft.pk, version=seen).first()
    if locked is None:
        raise DraftChanged
    outline = outline_in(locked)
    if (newest := overtaking(outline, organisation_id=actor.organisation_id)) is not None:
        if str(newest.pk) != over:
            raise Overtaken(newest)
        outline.modified = newest.version
    document = document_of(outline, organisation_id=actor.organisation_id)
    playbook, _ = keep_playbook(document, organisation_id=actor.organisation_id, actor=actor, strict=True)
    locked.delete()
    return playbook


def overtaking(outline: Outline, *, organisation_id: UUID) -> Playbook | None:
    """The newest version of one's own playbook, where it came after the one that the outline was made from."""
    kept = Playbook.objects.filter(cacao_id=outline.id, created_by_organisation_id=organisation_id)
    newest = max(kept.defer("document"), key=lambda each: _moment(each.version), default=None)
    if newest is None or not outline.modified or _moment(newest.version) <= _moment(outline.modified):
        return None
    return newest


def _moment(version: str) -> datetime:
    return check_instant(version, (), Notes()) or datetime.min.replace(tzinfo=UTC)


def step_of(place: str) -> str:
    """The step that a pointer into a document lies in, '' for none."""
    start = pointer("workflow") + "/"
    return place.removeprefix(start).split("/")[0] if place.startswith(start) else ""
