"""Emergency enrolment: letting somebody in whose every way in is lost.

They ring. Two persons of two other organisations do it: the first rings the registered number back and asks, the second
approves. Then the first reads a code over the telephone, once, and the code signs in for the organisation's own tasks.
The rules stand in `sec.emergency_enrol`.
"""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from partners import approvals
from partners.models import Approval, CallBack, Organisation, Person, SignInLink
from portal import clock
from portal.ledger.record import Actor, record
from portal.pages import local_time
from portal.tenancy.door import Visitor
from portal.tenancy.scope import at_the_door

CALL_COUNTS_FOR = timedelta(hours=1)
CODE_LIFETIME = timedelta(hours=1)
CODE_BYTES, GROUP = 8, 4  # 60 bits are used: twelve letters of base32
LETTERS = 12
# What a tired ear or eye takes for a letter of the code; base32 has none of these digits.
HEARD_AS = str.maketrans({"0": "O", "1": "I", "8": "B"})


def effects(payload: Mapping[str, Any]) -> list[str]:
    """What both persons read; the call is told here, because its row is for those two organisations alone."""
    organisation = Organisation.objects.get(pk=payload["organisation"])
    said = {"who": payload["name"], "name": organisation.name}
    return [
        _("%(who)s is let in for %(name)s, for eight hours, with a code that is read out over the telephone.") % said,
        _("They see and answer %(name)s's own tasks. No board, no contacts of others, no approvals.") % said,
        _("%(name)s is told over its trusted ways, and its administrators can end it at once.") % said,
        _call_in_words(payload["call_back"]),
    ]


def _call_in_words(call_back: str) -> str:
    call = CallBack.objects.filter(pk=call_back).first()
    if call is None:
        return _("No call to the registered number is on record: this will be refused.")
    words = _("The registered number was rung at %(time)s. With %(who)s: %(outcome)s.")
    outcome = str(call.get_outcome_display()).lower()
    return words % {"time": local_time(call.called_at), "who": call.spoke_with, "outcome": outcome}


KIND = approvals.register(
    approvals.Kind(
        "emergency_enrolment",
        lazy("Let somebody in by emergency enrolment"),
        effects,
        lambda approval: approvals.call("SELECT sec.emergency_enrol(%s)", [approval.pk]),
        checked=False,  # of the call only its two organisations may know
    )
)


def registered_number(organisation: Organisation) -> str:
    """The telephone number to ring back, '' when none is registered. Reading it is recorded for both.

    Raises:
        approvals.NotAllowed: the role may not approve, or no passkey was used just now.
    """
    return approvals.call("SELECT sec.registered_number(%s, 'emergency')", [organisation.pk]) or ""


def record_call(organisation: Organisation, *, outcome: str, spoke_with: str, note: str) -> UUID:
    """Write down what came of ringing the registered number.

    Raises:
        approvals.NotAllowed: see above; or one's own organisation, or one without a number.
    """
    values = [organisation.pk, "emergency", outcome, spoke_with, note]
    return approvals.call("SELECT sec.record_call_back(%s, %s, %s, %s, %s)", values)


def call_that_counts(organisation: Organisation, visitor: Visitor) -> CallBack | None:
    """This person's own call of the last hour that reached and confirmed, not spent on anybody yet."""
    assert visitor.person_id is not None
    calls = CallBack.objects.filter(
        about=organisation,
        purpose=CallBack.Purpose.EMERGENCY,
        outcome=CallBack.Outcome.REACHED,
        called_by=visitor.person_id,
        called_at__gt=clock.now() - CALL_COUNTS_FOR,
    )
    used = Approval.objects.filter(kind=KIND.name, about=organisation).exclude(
        state__in=[Approval.State.REFUSED, Approval.State.WITHDRAWN]
    )
    spent = {
        each["call_back"]
        for each, state, expires_at in used.values_list("payload", "state", "expires_at")
        if state == Approval.State.CARRIED_OUT or expires_at > clock.now()
    }
    return next((call for call in calls.order_by("-called_at") if str(call.pk) not in spent), None)


def ask(organisation: Organisation, *, name: str, reason: str, call: CallBack, second: Organisation) -> UUID:
    """Ask `second` to approve; the id of the approval.

    Raises:
        approvals.NotAllowed: see above.
    """
    payload = {"organisation": str(organisation.pk), "name": name, "call_back": str(call.pk)}
    return approvals.ask(KIND, payload, reason=reason, told=[second.pk], about=organisation.pk)


def requests_of(visitor: Visitor) -> list[Approval]:
    """What this person has asked for, the newest first."""
    assert visitor.person_id is not None
    return list(
        Approval.objects.filter(kind=KIND.name, requested_by=visitor.person_id)
        .select_related("about", "deciding_organisation")
        .order_by("-requested_at")[:10]
    )


def offer_code(approval: Approval, *, actor: Actor) -> str | None:
    """The spoken code of a carried-out approval, once; None when it was shown before, or the access was ended.

    For whoever asked and nobody else: the caller has checked that.
    """
    record("emergency_code.shown", actor=actor, audience=[actor.organisation_id], subject_id=approval.pk)
    code = base64.b32encode(secrets.token_bytes(CODE_BYTES)).decode()[:LETTERS]
    address = f"emergency-{approval.pk.hex[:12]}@"
    with at_the_door(), transaction.atomic(using="auth"):
        let_in = Person.objects.select_for_update().filter(organisation=approval.about, email__startswith=address)
        person = let_in.filter(is_active=True, access_ends_at__gt=clock.now()).first()
        if person is None or SignInLink.objects.filter(person=person).exists():
            return None
        SignInLink.objects.create(
            person=person,
            purpose=SignInLink.Purpose.EMERGENCY,
            digest=digest_of_code(code),
            expires_at=clock.now() + CODE_LIFETIME,
        )
    return "-".join(code[at : at + GROUP] for at in range(0, LETTERS, GROUP))


def digest_of_code(typed: str) -> bytes:
    """Of the code as it was heard and typed: spaces, hyphens and case do not count."""
    letters = re.sub(r"[\s-]", "", typed).upper().translate(HEARD_AS)
    return hashlib.sha256(f"emergency|{letters}".encode()).digest()


def person_of_code(typed: str) -> Person | None:
    """Spend a code and say whose it is; None when it is wrong, used or too old. Needs the open door."""
    with transaction.atomic(using="auth"):
        link = (
            SignInLink.objects.select_for_update(of=("self",))
            .select_related("person__organisation")
            .filter(
                digest=digest_of_code(typed),
                purpose=SignInLink.Purpose.EMERGENCY,
                used_at=None,
                expires_at__gt=clock.now(),
                person__is_active=True,
                person__access_ends_at__gt=clock.now(),
            )
            .first()
        )
        if link is None:
            return None
        SignInLink.objects.filter(pk=link.pk).update(used_at=clock.now())
    return link.person
