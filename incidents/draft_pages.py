"""What the editor's page shows of a draft: its lists with their steps, what is missing, the picture."""

from __future__ import annotations

from collections import defaultdict
from typing import Any, NamedTuple
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from incidents.drafts import document_of
from incidents.models import Playbook, PlaybookDraft
from incidents.workflow_picture import drawn, in_words, minutes_words, who_of
from incidents.writing.depending import words_of_case
from incidents.writing.edits import LANES, MOST_LANES, title_of
from incidents.writing.faults import faults_of
from incidents.writing.outline import DEEPEST, Act, Block, Item, Lane, Outline, Variable
from portal.pages import local_time

KINDS = [
    ("act", lazy("A step")),
    ("together", lazy("Do these at the same time")),
    ("only_if", lazy("Only if …")),
    ("choose", lazy("Choose by …")),
    ("repeat", lazy("Repeat while …")),
]
BLOCK_WORDS = dict(KINDS)


def draft_page(draft: PlaybookDraft, outline: Outline, *, me: UUID) -> dict[str, Any]:
    """Everything that `playbooks/draft.html` wants. No query."""
    missing: defaultdict[str, list[str]] = defaultdict(list)
    for fault in faults_of(outline):
        missing[fault.key].append(fault.words)
    numbers = {act.id: at for at, act in enumerate(outline.acts(), start=1)}
    document = document_of(outline, organisation_id=me)
    flat = [(key, title, words) for key, title in titles_of(outline) for words in missing[key]]
    return {
        "draft": {
            "id": str(draft.pk),
            "name": outline.name or _("A playbook without a name"),
            "description": outline.description,
            "validity": validity_of(outline),
            "version": draft.version,
            "changed": local_time(draft.changed_at, "%-d %B %Y, %H:%M"),
            "steps": len(numbers),
            "variables": len(outline.variables),
            "new_version": bool(outline.created),
            "derived": bool(outline.rest.get("derived_from")),
        },
        "missing": [("", "", words) for words in missing[""]] + flat,
        "lane": _lane(outline.main, 0, _Seen(draft, missing, numbers, known_in(outline))),
        "picture": drawn(document, numbers, lambda key: f"#{key}" if numbers else ""),
        "kinds": KINDS,
    }


def validity_of(outline: Outline) -> list[str]:
    """When the playbook may be run, in words; none where that is always."""
    begins, ends = (str(outline.rest.get(name, ""))[:10] for name in ("valid_from", "valid_until"))
    return [
        *([_("It is revoked: once this version is published, nobody runs it.")] if outline.rest.get("revoked") else []),
        *([_("Valid from %(day)s.") % {"day": begins}] if begins else []),
        *([_("Valid until %(day)s.") % {"day": ends}] if ends else []),
    ]


def newer_words(draft: PlaybookDraft, newest: Playbook) -> dict[str, str]:
    """A version that has overtaken a draft: what is different in it from the one that the draft was begun from."""
    begun_from = f"?with={draft.based_on_id}" if draft.based_on_id else ""
    return {
        "id": str(newest.pk),
        "version": f"{newest.version[:10]} {newest.version[11:16]}",
        "href": reverse("playbook-detail", args=[newest.pk]),
        "difference_href": reverse("playbook-difference", args=[newest.pk]) + begun_from,
    }


def titles_of(outline: Outline) -> list[tuple[str, str]]:
    return [(item.id, title_of(item)) for item in outline.items()]


class _Seen(NamedTuple):
    """What every list and step is shown with: what is missing by item, steps' numbers, variables by name."""

    draft: PlaybookDraft
    missing: dict[str, list[str]]
    numbers: dict[str, int]
    known: dict[str, Variable]


def known_in(outline: Outline) -> dict[str, Variable]:
    return {each.name: each for each in outline.variables}


def _lane(lane: Lane, depth: int, seen: _Seen) -> dict[str, Any]:
    last = len(lane.items) - 1
    return {
        "id": lane.id,
        "case": lane.case,
        "kinds": KINDS if depth < DEEPEST else KINDS[:1],
        "items": [
            {**_item(item, depth, seen), "first": at == 0, "last": at == last} for at, item in enumerate(lane.items)
        ],
    }


def _item(item: Item, depth: int, seen: _Seen) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "id": item.id,
        "title": title_of(item),
        "number": seen.numbers.get(item.id),
        "facts": "",
        "href": reverse("draft-item", args=[seen.draft.pk, item.id]) if isinstance(item, Act | Block) else "",
        "missing": seen.missing[item.id],
        "block": "",
        "lanes": [],
        "more": False,
        "spare": False,
    }
    if isinstance(item, Act):
        due = _("%(who)s; accept in %(accept)s, finish in %(finish)s") % {
            "who": who_of(item.audience),
            "accept": minutes_words(item.acknowledge_minutes),
            "finish": minutes_words(item.finish_minutes),
        }
        return {**shown, "facts": due}
    if not isinstance(item, Block):
        return {**shown, "facts": _("Runs another playbook. It is kept as it is.")}
    most = {"only_if": 2, "repeat": 1, "together": MOST_LANES, "choose": MOST_LANES}[item.kind]
    return {
        **shown,
        "title": item.title or str(BLOCK_WORDS[item.kind]),
        "block": str(BLOCK_WORDS[item.kind]),
        "facts": in_words(item.condition),
        "lanes": [
            {**_lane(lane, depth + 1, seen), "words": words}
            for lane, words in zip(item.lanes, lane_words(item, seen.known), strict=True)
        ],
        "more": len(item.lanes) < most,
        "spare": len(item.lanes) > LANES[item.kind],
    }


def lane_words(block: Block, known: dict[str, Variable]) -> list[str]:
    """What each list of a block is called."""
    if block.kind == "only_if":
        return [_("If so"), _("If not")][: len(block.lanes)]
    if block.kind == "repeat":
        return [_("Each time")]
    if block.kind == "choose":
        variable = known.get(block.condition.removesuffix(":value"))
        cases = [words_of_case(variable, lane.case) or "…" for lane in block.lanes]
        return [_("If it is “%(case)s”") % {"case": each} for each in cases]
    return [_("List %(number)s") % {"number": at} for at, _lane in enumerate(block.lanes, start=1)]


def lists_of(outline: Outline) -> list[tuple[str, str]]:
    """Every list of the playbook by its id, with words that say which; the main one first."""
    found = [(outline.main.id, _("The playbook itself"))]
    for item in outline.items():
        if isinstance(item, Block):
            named = item.title or str(BLOCK_WORDS[item.kind])
            found += [
                (lane.id, f"{named}: {words}")
                for lane, words in zip(item.lanes, lane_words(item, known_in(outline)), strict=True)
            ]
    return found
