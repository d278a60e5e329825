"""What happened, in sentences: the ledger's events of one incident as its reader may see them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from incidents.decisions import words as decisions
from incidents.decisions.known import cards_of
from incidents.duties import feed as duties
from incidents.feed_filters import kinds_of
from incidents.not_trusted import Suspicion, mark_of
from incidents.own_books import words as own_books
from incidents.personal_data import words as personal_data
from incidents.planned_cuts import words as planned_cuts
from incidents.services import words as services
from incidents.statements import words as statements
from incidents.techniques import words as techniques
from incidents.words import BY, INCIDENT_STATUS, SAID, STANDINGS, organisations
from partners.models import Isolation, Rung
from portal.ledger.models import Event
from portal.postgres.prepared import Prepared

SHOWN = 20
_READ = ("pos", "at", "kind", "data", "subject_id", "actor_kind", "actor_organisation_id")
_NEWEST = Prepared(Event, "incident_id = %s AND kind = ANY (%s)", order="pos DESC", limit=SHOWN, columns=_READ)
_NEWEST_OF_OURS = Prepared(
    Event,
    "incident_id = %s AND kind = ANY (%s) AND actor_organisation_id = %s",
    order="pos DESC",
    limit=SHOWN,
    columns=_READ,
)
Data = Mapping[str, Any]


def _task(form: str) -> Callable[[Data, Mapping[str, str]], str]:
    def words(data: Data, names: Mapping[str, str]) -> str:
        said = _(form) % {"title": data["title"], "name": names.get(data["organisation"], data["organisation"])}
        said = f"{said}: {data['reason']}" if data.get("reason") else said
        return _by_telephone(said, data, names)

    return words


def _by_telephone(words: str, data: Data, names: Mapping[str, str]) -> str:
    """An answer that somebody else wrote down for an organisation says for whom, and that it was told by telephone."""
    if data.get("by") != "telephone":
        return words
    name = names.get(data["organisation"], data["organisation"])
    return _("for %(name)s, told by telephone: %(words)s") % {"name": name, "words": words}


def _completed(data: Data, names: Mapping[str, str]) -> str:
    said = _task("did “%(title)s”")(data, names)
    return said + _(", and confirmed in words what it stops") if data.get("confirmed") else said


def _own_action(form: str) -> Callable[[Data, Mapping[str, str]], str]:
    def words(data: Data, names: Mapping[str, str]) -> str:
        said = _(form) % {"title": data["title"]}
        return f"{said} ({data['touches']})" if data["touches"] else said

    return words


def _joined(data: Data, names: Mapping[str, str]) -> str:
    listed = ", ".join(names.get(slug, slug) for slug in data["organisations"])
    return _("%(names)s joined") % {"names": listed}


def _opened(data: Data, names: Mapping[str, str]) -> str:
    count = len(data["organisations"])
    return ngettext("opened the incident: one organisation", "opened the incident: %(n)s organisations", count) % {
        "n": count
    }


def _told(data: Data, names: Mapping[str, str]) -> str:
    name = names.get(data["organisation"], data["organisation"])
    people = data.get("people", 1)
    return ngettext("told one person at %(name)s", "told %(n)s people at %(name)s", people) % {
        "n": people,
        "name": name,
    }


def _climbed(data: Data, names: Mapping[str, str]) -> str:
    name = names.get(data["organisation"], data["organisation"])
    return _("called the %(rung)s at %(name)s: nobody had answered") % {"rung": Rung(data["rung"]).label, "name": name}


def _names(form: str) -> Callable[[Data, Mapping[str, str]], str]:
    def words(data: Data, names: Mapping[str, str]) -> str:
        to, was = data["organisation"], data["was"]
        return _(form) % {"name": names.get(to, to), "was": names.get(was, was)}

    return words


def _step(form: str) -> Callable[[Data, Mapping[str, str]], str]:
    return lambda data, names: (
        _(form)
        % {
            "step": Isolation.Step(data["step"]).label,
            "name": names.get(data["organisation"], data["organisation"]),
        }
    )


def _said(data: Data, names: Mapping[str, str]) -> str:
    said = _("%(by)s, not signed in: “%(said)s”") % {"by": BY[data["by"]], "said": SAID[data["said"]]}
    if data.get("aside"):
        return _("%(said)s, while the exercise was put aside: it does not count") % {"said": said}
    return said if data["trusted"] else _("%(said)s, over a way that is not trusted") % {"said": said}


def _called(data: Data, names: Mapping[str, str]) -> str:
    name = names.get(data["organisation"], data["organisation"])
    if data["outcome"] == "reached":
        form = _("rang %(name)s: they acknowledge") if data["acknowledged"] else _("rang %(name)s and told them")
    else:
        form = _("rang %(name)s in vain")
    return form % {"name": name}


def _mail(words: str, data: Data, names: Mapping[str, str]) -> str:
    return words % {"name": names.get(data["organisation"], data["organisation"]), "domain": data["domain"]}


# Each kind of event that a person reads, in words. What is not here is for machines and stays out of the feed.
WORDS: dict[str, Callable[[Data, Mapping[str, str]], str]] = {
    "incident.opened": _opened,
    "incident.joined": _joined,
    "incident.moved": lambda data, names: (
        _("moved the incident to “%(status)s”") % {"status": INCIDENT_STATUS[data["status"]]}
    ),
    "incident.widened": lambda data, names: (
        _("added %(systems)s to the incident") % {"systems": ", ".join(data["systems"])}
    ),
    "incident.looked_at": lambda data, names: _("a person has looked at this incident, which a tool had opened"),
    "alert.joined": lambda data, names: _("another alert: “%(title)s”") % {"title": data["title"]},
    "alert.resolved": lambda data, names: (
        _("%(tool)s says that “%(title)s” is resolved") % {"tool": data["tool"], "title": data["title"]}
    ),
    "mail.distrusted": lambda data, names: _mail(_("marked mail of %(name)s (%(domain)s) as not trusted"), data, names),
    "mail.distrust_renewed": lambda data, names: _mail(
        _("goes on distrusting mail of %(name)s (%(domain)s) for seven days"), data, names
    ),
    "mail.trusted": lambda data, names: _mail(_("trusts mail of %(name)s (%(domain)s) again"), data, names),
    "incident.closed": lambda data, names: _("closed the incident and stood everybody down"),
    "incident.handed_over": _names("leads now, in place of %(was)s"),
    "lead.offered": lambda data, names: (
        _names("asked %(name)s to take the lead: nobody at %(was)s has answered")(data, names)
        if data["offer"] == "silent"
        else _names("asked %(name)s to take the lead")(data, names)
    ),
    "lead.declined": _names("declined to take the lead"),
    "lead.kept": _names("took its offer back and goes on leading"),
    "answer.given": _said,
    "headsup.sent": lambda data, names: (
        _("told %(n)s outside, without names: “%(text)s”")
        % {"n": organisations(data["organisations"]), "text": data["text"]}
    ),
    "update.asked": lambda data, names: (
        _("asked %(name)s: “%(text)s”")
        % {"name": names.get(data["organisation"], data["organisation"]), "text": data["text"]}
    ),
    "update.given": lambda data, names: _("answers: “%(text)s”") % {"text": data["text"]},
    "update.sent": lambda data, names: _("update: %(text)s") % {"text": data["text"]},
    "exercise.suspended": lambda data, names: _("the exercise was put aside"),
    "exercise.resumed": lambda data, names: _("the exercise goes on"),
    "organisation.left_untold": lambda data, names: (
        _("left %(name)s untold: %(because)s") % {"name": data["name"], "because": data["because"]}
    ),
    "organisation.seen": lambda data, names: _("has seen the notice"),
    "organisation.told": _told,
    "call.repeated": lambda data, names: (
        _("nudged %(name)s: the open message again") % {"name": names.get(data["organisation"], data["organisation"])}
    ),
    "call.hurried": lambda data, names: (
        _("had the next contact of %(name)s called at once")
        % {"name": names.get(data["organisation"], data["organisation"])}
    ),
    "call.wanted": lambda data, names: (
        _("%(name)s has to be rung") % {"name": names.get(data["organisation"], data["organisation"])}
    ),
    "call.ended": _called,
    "ladder.climbed": _climbed,
    "delivery.dead": lambda data, names: _("a message could not be delivered"),
    "delivery.sent_again": lambda data, names: _("sent a message again that had not arrived"),
    "tasks.ready": lambda data, names: _("further steps are ready"),
    "tasks.called_off": lambda data, names: _("steps that the plan did not come to were called off"),
    "incident.asked": lambda data, names: _("asks the lead how the plan goes on: %(step)s") % {"step": data["step"]},
    "incident.decided": lambda data, names: (
        _("decided “%(step)s”: %(words)s. %(why)s") % {"step": data["step"], "words": data["words"], "why": data["why"]}
    ),
    "standing.changed": lambda data, names: _("is now %(word)s") % {"word": STANDINGS[data["word"]]},
    "organisation.isolated": _step("took the step “%(step)s” against %(name)s"),
    "organisation.reconnected": _step("ended the step “%(step)s” against %(name)s"),
    "task.acknowledged": _task("accepted “%(title)s”"),
    "task.started": _task("started “%(title)s”"),
    "task.completed": _completed,
    "task.verified": _task("checked “%(title)s” of %(name)s"),
    "task.blocked": _task("is blocked at “%(title)s”"),
    "task.declined": _task("refused “%(title)s”"),
    "task.not_affected": _task("does not need “%(title)s”"),
    "task.cancelled": _task("called off “%(title)s” of %(name)s"),
    "task.undone": _task("took back the answer to “%(title)s”"),
    "own_action.written": _own_action("did without being asked: “%(title)s”"),
    "own_action.taken_back": _own_action("took back what it wrote down: “%(title)s”"),
    "work_order.ready": lambda data, names: _("work orders wait for your own tool"),
    "work_order.taken": lambda data, names: _("your own tool “%(key)s” has taken “%(title)s”") % data,
    "work_order.given_again": lambda data, names: _("gave “%(title)s” to your own tool again") % data,
    "work_order.answered": lambda data, names: _tool_said(data),
    **duties.FEED,
    **techniques.FEED,
    **personal_data.FEED,
    **decisions.FEED,
    **statements.FEED,
    **planned_cuts.FEED,
    **own_books.FEED,
    **services.FEED,
}


def _tool_said(data: Mapping[str, Any]) -> str:
    words = {
        "done": _("your own tool “%(key)s” has done “%(title)s”"),
        "failed": _("your own tool “%(key)s” could not do “%(title)s”"),
        "refused": _("your own tool “%(key)s” does not run “%(title)s”"),
    }
    said = words[data["outcome"]] % data
    return _("%(words)s; that came too late") % {"words": said} if data.get("late") else said


def feed_of(
    incident_id: UUID,
    *,
    names: Mapping[str, str],
    by_id: Mapping[UUID, str],
    found: Sequence[Suspicion] = (),
    part: str = "",
    me: UUID | None = None,
) -> list[dict[str, Any]]:
    """The newest events that the reader may see, newest first: `{"seq", "at", "who", "words", "mark", "card"}`. One
    query, and another where an update is among them.

    `names` are organisations by slug, `by_id` the same by id. `seq` is the global position: it only orders the rows.
    `found` are the suspicions that mark what was written meanwhile. `part`: one of `feed_filters.WORDS`; "mine" is what
    `me` did.
    """
    kinds = kinds_of(part, list(WORDS))
    events = _NEWEST_OF_OURS.records(incident_id, kinds, me) if part == "mine" else _NEWEST.records(incident_id, kinds)
    cards = cards_of({each.subject_id for each in events if each.kind == "update.sent" and each.subject_id})
    return [
        line_of(
            each, names=names, by_id=by_id, found=found, card=cards.get(each.subject_id) if each.subject_id else None
        )
        for each in events
    ]


def line_of(
    event: Event,
    *,
    names: Mapping[str, str],
    by_id: Mapping[UUID, str],
    found: Sequence[Suspicion] = (),
    card: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """One line of the feed. The composer asks for it before there is an event. `card`: what heads an update."""
    return {
        "seq": event.pos or 0,
        "at": event.at,
        "who": _who(event, names, by_id),
        "words": WORDS[event.kind](event.data, names),
        "mark": mark_on(event, found, by_id),
        "card": card,
    }


def mark_on(event: Event, found: Sequence[Suspicion], by_id: Mapping[UUID, str]) -> str:
    """The mark on what people and keys wrote; what Bulkhead itself says needs none."""
    if event.actor_kind == "system":
        return ""
    return mark_of(found, event.actor_organisation_id, event.at, by_id)


def _who(event: Event, names: Mapping[str, str], by_id: Mapping[UUID, str]) -> str:
    """Whom the sentence is about: who acted, or whose standing has changed."""
    if event.kind in {"standing.changed", "incident.handed_over"}:  # not always whoever acted
        return names.get(event.data["organisation"], event.data["organisation"])
    if event.actor_kind == "system" or event.actor_organisation_id is None:
        return _("Bulkhead")
    return by_id.get(event.actor_organisation_id, "")
