"""What an organisation decides of its own findings, and where each decision leads.

The database keeps the arrows (`sec.settle_finding`): a finding is decided once, by its own organisation.
"""

from __future__ import annotations

from contextlib import suppress
from urllib.parse import urlencode
from uuid import UUID

from django.db import connections
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from incidents.errors import Fault, Invalid, WrongMoment
from incidents.from_above import NeedsYou, register
from incidents.models import Incident
from incidents.opening import Opening, open_incident
from monitoring.findings.homes import home_of
from monitoring.findings.rules import RULES
from monitoring.findings.standing import more_than, stand_of
from monitoring.models import Finding
from partners.account_patterns import is_pattern
from partners.models import Organisation, SharedSystem
from portal.ledger.record import Actor

NAME = "finding"
LONGEST_WHY = 1000
State = Finding.State
UNDECIDED = (State.WAITING, State.FOLDED)


def settle(
    finding: Finding, outcome: str, *, shown: str | None, why: str = "", incident: Incident | None = None
) -> None:
    """Write the decision down, once. `shown` is its `stand_of` when it was shown; None does not ask.

    Raises:
        Invalid: a dismissal without a reason, or a long one.
        WrongMoment: somebody has decided before, or more has joined it than was shown.
    """
    if outcome == State.DISMISSED and not why.strip():
        raise Invalid([Fault("/because", _("Say why it is nothing."))])
    why = why.replace("\r\n", "\n")  # as a browser counts them
    if len(why) > LONGEST_WHY:
        raise Invalid([Fault("/because", _("Say why, in at most %(n)s letters.") % {"n": LONGEST_WHY})])
    with connections["default"].cursor() as cursor:
        cursor.execute(
            "SELECT sec.settle_finding(%s, %s, %s, %s, %s)",
            [finding.pk, outcome, why, incident.pk if incident else None, shown],
        )
        (answer,) = cursor.fetchone()
    finding.refresh_from_db()
    if answer == "before":
        raise WrongMoment(_("Somebody has decided this before."))
    if answer == "more":
        raise WrongMoment(more_than(finding, shown or ""))


def waiting_or_refused(finding: Finding, shown: str | None) -> None:
    """Raises WrongMoment when somebody has decided before, or more has joined it than was shown."""
    if finding.state not in UNDECIDED:
        raise WrongMoment(_("Somebody has decided this before."))
    if shown is not None and shown != stand_of(finding):
        raise WrongMoment(more_than(finding, shown))


def title_of(finding: Finding) -> str:
    """What happened in a few words, without the account: the gravest rule and where."""
    codes = [rule for rule in reversed(RULES) if rule.code in finding.rules]
    where = ", ".join(place_names(finding)[:2])
    return _("%(rule)s: %(where)s") % {"rule": codes[0].name if codes else _("Access"), "where": where}


def place_names(finding: Finding) -> list[str]:
    """Systems by the name that the reader knows, other places as they are."""
    systems = {each.slug: each.name for each in SharedSystem.objects.filter(pk__in=finding.systems)}
    return [systems.get(place, place) for place in finding.places]


def opening_of(finding: Finding) -> Opening:
    """What an incident because of it starts from: systems that the reader may name, and the account if one vouches."""
    systems = list(SharedSystem.objects.filter(pk__in=finding.systems).order_by("slug").values_list("slug", flat=True))
    account = finding.shown if is_pattern(finding.shown.casefold()) else ""
    realm = account.rpartition("@")[2].casefold()
    vouched = bool(realm) and SharedSystem.objects.filter(account_realms__contains=[realm]).exists()
    return Opening(
        title=title_of(finding)[:200],
        systems=tuple(systems),
        accounts=(account,) if vouched else (),
        detected_at=finding.first_at,
        source={"name": "Bulkhead, first sights", "reference": str(finding.pk)},
    )


def open_form_address(finding: Finding, shown: str) -> str:
    """The form of opening with everything filled in; it shows at once who would be reached, and sends nothing.

    `shown` is `stand_of` what the reader came from.
    """
    opening = opening_of(finding)
    said = [
        *(("systems", slug) for slug in opening.systems),
        *(("accounts", account) for account in opening.accounts),
        ("title", opening.title),
        ("because_of", f"{NAME}:{finding.pk}:{shown[:30]}"),
    ]
    return f"{reverse('incident-open')}?{urlencode(said)}"


def permission_form_address(finding: Finding) -> str:
    """The form of proposing a permission, filled in for the other side of this finding; of a list there is none."""
    if finding.folded:
        return ""
    other = home_of(finding) if finding.side == "place" else next(iter(finding.organisations), None)
    said = [
        ("other", str(other or "")),
        ("side", "grantor" if finding.side == "place" else "grantee"),
        ("accounts", finding.shown.casefold()),
        ("resources", ", ".join(finding.places)[:200]),
        *(("systems", str(pk)) for pk in finding.systems),
    ]
    return f"{reverse('permission-propose')}?{urlencode(said)}"


def joinable(finding: Finding) -> list[Incident]:
    """Incidents under way on one of its systems that the reader takes part in, newest first. One query."""
    under_way = Incident.objects.filter(systems__system_id__in=finding.systems, exercise=False)
    return list(under_way.exclude(status=Incident.Status.CLOSED).distinct().order_by("-opened_at")[:20])


def open_from(finding: Finding, *, actor: Actor, shown: str | None) -> Incident:
    """Open an incident because of it, and write that down.

    Raises:
        Invalid: nothing of it can be named in an incident.
        WrongMoment: somebody has decided before, or more has joined it than was shown.
    """
    waiting_or_refused(finding, shown)
    incident = open_incident(opening_of(finding), actor=actor)
    settle(finding, State.OPENED, incident=incident, shown=shown)
    return incident


def join(finding: Finding, reference: str, *, shown: str | None) -> Incident:
    """Say that it belongs to an incident under way.

    Raises:
        Invalid: no such incident on a system of it.
        WrongMoment: somebody has decided before, or more has joined it than was shown.
    """
    incident = next((each for each in joinable(finding) if each.reference == reference), None)
    if incident is None:
        raise Invalid([Fault("/incident", _("No incident under way on a system of this finding."))])
    settle(finding, State.JOINED, incident=incident, shown=shown)
    return incident


def _after_opening(finding_id: UUID, incident: Incident, shown: str) -> None:
    """The form said what it was opened because of.

    What is not one's own, or decided, is left as it is. One that more has joined meanwhile goes on waiting: the
    incident is open, and what came has still to be looked at.
    """
    finding = Finding.objects.filter(pk=finding_id, state__in=UNDECIDED).first()
    if finding is not None:
        with suppress(WrongMoment):
            settle(finding, State.OPENED, incident=incident, shown=shown)


def _needs_you(organisation_id: UUID) -> list[NeedsYou]:
    n = Finding.objects.filter(organisation_id=organisation_id, state=State.WAITING).count()
    if not n:
        return []
    words = ngettext("One first sight waits for a decision", "%(n)s first sights wait for a decision", n) % {"n": n}
    return [NeedsYou(words, reverse("first-sights"))]


def hang_in() -> None:
    register(NAME, needs_you=_needs_you, after_opening=_after_opening)


def organisations_by_id() -> dict[UUID, Organisation]:
    return {each.pk: each for each in Organisation.objects.only("slug", "name")}


def systems_by_slug() -> dict[str, str]:
    """Names of the systems that the reader may see."""
    return dict(SharedSystem.objects.values_list("slug", "name"))
