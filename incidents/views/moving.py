"""What people say of a radius while it runs: walk again, a link that nobody knew, what is wrong, what is clear."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from incidents import moving, why_here
from incidents.errors import NotYours, WrongMoment
from incidents.models import Incident, LinkDispute, Participant
from incidents.rewalk import ask_again, current_document
from incidents.views.boards import radius_answer
from incidents.views.finding import incident_or_404, overseen_or_404
from partners.acting import actor_of, may_answer, may_open, signed_in
from partners.approvals import NotAllowed
from partners.models import Dependency
from partners.stepping_up import fresh
from portal.pages import refuse

LONGEST, LONGEST_NAME = 2000, 120


class Unusable(Exception):
    """A field cannot be read; the sentence says what to do."""


@require_POST
@signed_in(may=may_open)
@fresh
def radius_say(request: HttpRequest, reference: str) -> HttpResponse:
    """Walk again, name a link, take or refuse a proposal. For whoever oversees the incident; else there is no page."""
    incident = overseen_or_404(reference, me=request.visitor.organisation_id)  # type: ignore[attr-defined]
    acts = {"walk": _walk, "name": _name, "count": _count, "refuse": _refuse}
    wrong = _named_wrong if request.POST.get("act") == "name" else None
    return _done(request, incident, acts, wrong) or redirect("incident-radius", reference=reference)


@require_POST
@signed_in
def participant_say(request: HttpRequest, reference: str, slug: str) -> HttpResponse:
    """What an organisation says of itself and of the links on its paths; of others nobody says it for them."""
    incident = incident_or_404(reference)
    me = request.visitor.organisation_id  # type: ignore[attr-defined]
    if not Participant.objects.filter(incident=incident, slug=slug, organisation_id=me).exists():
        raise Http404
    if request.POST.get("act") == "dispute":  # words that move nothing: no passkey is asked
        return _done(request, incident, {"dispute": _dispute}) or _back(reference, slug)
    return _participant_state(request, incident, slug)


@signed_in(may=may_open)
@fresh
def _participant_state(request: HttpRequest, incident: Incident, slug: str) -> HttpResponse:
    acts = {"clear": _clear, "withdraw": _withdraw, "propose": _propose}
    return _done(request, incident, acts) or _back(incident.reference, slug)


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def dispute_detail(request: HttpRequest, dispute_id: UUID) -> HttpResponse:
    """One *this is wrong*: for who said it and for whoever runs an end of the link, who answers."""
    dispute = LinkDispute.objects.select_related("said_by", "answered_by").filter(pk=dispute_id).first()
    if dispute is None:
        raise Http404
    visitor = request.visitor  # type: ignore[attr-defined]
    if request.method == "POST":
        try:
            words = _words(request, missing=_("Say what you found."))
            why_here.answer(dispute.pk, outcome=request.POST.get("outcome", ""), words=words)
        except Unusable as wrong:
            return refuse(request, 422, str(wrong))
        except NotAllowed as wrong:
            return refuse(request, 409, str(wrong))
        messages.success(request, _("Answered. Who said it reads this."))
        return redirect("dispute", dispute_id=dispute.pk)
    seen = Dependency.objects.filter(pk=dispute.dependency_id).exists()
    context = {
        "dispute": dispute,
        "link_href": reverse("dependency-detail", args=[dispute.dependency_id]) if seen else "",
        "may_answer": may_answer(visitor) and dispute.said_by_id != visitor.organisation_id,
    }
    return render(request, "incidents/dispute.html", context)


def _back(reference: str, slug: str) -> HttpResponse:
    return redirect("incident-participant", reference=reference, slug=slug)


def _done(
    request: HttpRequest,
    incident: Incident,
    acts: Mapping[str, Callable[[HttpRequest, Incident], str]],
    wrong: Callable[[HttpRequest, Incident, str, int], HttpResponse] | None = None,
) -> HttpResponse | None:
    """Do what the form asks and say so, or answer why not: on a page of its own, or as `wrong` does."""
    act = acts.get(request.POST.get("act", ""))
    try:
        if act is None:
            raise Unusable(_("This form says nothing that can be done here."))
        messages.success(request, act(request, incident))
    except Unusable as refused:
        status, said = 422, str(refused)
    except NotYours as refused:
        return refuse(request, 403, str(refused))
    except (WrongMoment, NotAllowed) as refused:
        status, said = 409, str(refused)
    else:
        return None
    return wrong(request, incident, said, status) if wrong else refuse(request, status, said)


def _words(request: HttpRequest, name: str = "words", *, missing: str = "") -> str:
    said = request.POST.get(name, "").strip()
    if "\0" in said or len(said) > LONGEST:
        raise Unusable(_("Write at most %(n)s characters, without odd signs.") % {"n": LONGEST})
    if missing and not said:
        raise Unusable(missing)
    return said


def _id(request: HttpRequest, name: str, missing: str) -> UUID:
    try:
        return UUID(request.POST.get(name, ""))
    except ValueError:
        raise Unusable(missing) from None


def _walk(request: HttpRequest, incident: Incident) -> str:
    walked = ask_again(incident_id=incident.pk, actor=actor_of(request.visitor))  # type: ignore[attr-defined]
    if walked.number is None:
        return _("Walked again: the register gives the same radius.")
    return _("Walked again: version %(n)s. Whoever is newly reached joins in a moment.") % {"n": walked.number}


def _name(request: HttpRequest, incident: Incident) -> str:
    source = _id(request, "source", _("Choose the reached system that the link starts from."))
    called = _words(request, "to", missing=_("Write where the link leads: an organisation or a system."))
    document = current_document(incident)
    if document is None or len(called) > LONGEST_NAME:
        raise Unusable(_("Write a name of at most %(n)s characters.") % {"n": LONGEST_NAME})
    to = moving.end_called(called, document)
    moving.name_link(incident, source=source, to=to, called=called)
    if to[0] == "new":
        return _("%(name)s is new in the register, reviewed by nobody. The reach is walked again in a moment.") % {
            "name": called
        }
    return _("Written into the register, reviewed by nobody. The reach is walked again in a moment.")


def _named_wrong(request: HttpRequest, incident: Incident, said: str, status: int) -> HttpResponse:
    """The page again, with what is wrong at the form and what was typed still in it."""
    typed = {"words": said, "source": request.POST.get("source", ""), "to": request.POST.get("to", "")[:LONGEST_NAME]}
    return radius_answer(request, incident, trouble=typed, status=status)


def _count(request: HttpRequest, incident: Incident) -> str:
    moving.decide_link(_id(request, "claim", _("Choose a proposal.")), counts=True, words="")
    return _("The link counts. The reach is walked again in a moment.")


def _refuse(request: HttpRequest, incident: Incident) -> str:
    words = _words(request, missing=_("Say why it does not count."))
    moving.decide_link(_id(request, "claim", _("Choose a proposal.")), counts=False, words=words)
    return _("Not counted. Who proposed it reads why.")


def _dispute(request: HttpRequest, incident: Incident) -> str:
    words = _words(request, missing=_("Say what is wrong with the link."))
    why_here.dispute(incident, link=_id(request, "link", _("Choose a link.")), words=words)
    return _("Written down. Whoever runs an end of the link has it among its work. The link counts until then.")


def _clear(request: HttpRequest, incident: Incident) -> str:
    why_here.clear(incident, words=_words(request, "why", missing=_("Say what was looked at, and by whom.")))
    return _("Stated under your name. No link and no step is gone by it.")


def _withdraw(request: HttpRequest, incident: Incident) -> str:
    why_here.withdraw(incident, words=_words(request, "why", missing=_("Say why it is withdrawn.")))
    return _("Withdrawn. What was known before counts again.")


def _propose(request: HttpRequest, incident: Incident) -> str:
    words = _words(request, missing=_("Say how you are connected."))
    moving.propose_link(
        incident, source=str(_id(request, "source", _("Choose a system of this incident."))), words=words
    )
    return _("Proposed to the lead. It counts when the lead takes it.")
