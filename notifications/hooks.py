"""Looking after webhooks: an administrator's to do, with a passkey used just now; the database asks for both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from django.conf import settings
from django.utils.translation import gettext as _

from notifications.models import Webhook
from partners import approvals
from portal.egress.refusals import Forbidden
from portal.egress.targets import read_target
from portal.signing import new_key, written
from portal.vault.sealing import seal

FIELD = "notifications_webhooksecret.sealed"
MOST = 10


@dataclass(frozen=True, slots=True)
class Wish:
    """A subscription as somebody describes it. No address means that it stays as it is."""

    label: str
    address: str
    kinds: Sequence[str]
    answers: bool = False


def trouble_with_address(address: str) -> str:
    """Why nothing could be sent there, as a sentence; '' when it could. Where a name leads is looked at each time."""
    try:
        read_target(address, allow=settings.EGRESS_ALLOW)
    except Forbidden as refused:
        return refused.why
    return ""


def make(wish: Wish, *, organisation_id: UUID) -> tuple[UUID, str]:
    """Make a subscription; its id, and its key as text, which can be read only now.

    Raises:
        approvals.NotAllowed: not an administrator with a passkey used just now, or there are ten already.
        Forbidden: nothing may be sent to this address.
    """
    pk, key, row = uuid4(), new_key(), uuid4()
    host = read_target(wish.address, allow=settings.EGRESS_ALLOW).name.removesuffix(":443")
    sealed = seal(key, organisation_id=organisation_id, field=FIELD, row_id=row)
    approvals.call(
        "SELECT sec.put_webhook(%s, %s, %s, %s, %s, %s, %s)",
        [pk, wish.label, wish.address, host, list(wish.kinds), row, sealed],
    )
    _let_answer(pk, wish)
    return pk, written(key)


def change(hook: Webhook, wish: Wish) -> None:
    """Change label, kinds and whether it may answer, and the address when one is given.

    Raises:
        approvals.NotAllowed: see `make`.
        Forbidden: nothing may be sent to this address.
    """
    host = read_target(wish.address, allow=settings.EGRESS_ALLOW).name.removesuffix(":443") if wish.address else ""
    approvals.call(
        "SELECT sec.put_webhook(%s, %s, %s, %s, %s, NULL, NULL)",
        [hook.pk, wish.label, wish.address, host, list(wish.kinds)],
    )
    _let_answer(hook.pk, wish)


def _let_answer(pk: UUID, wish: Wish) -> None:
    approvals.call("SELECT sec.let_webhook_answer(%s, %s)", [pk, wish.answers])


def rotate(hook: Webhook) -> str:
    """Make a second key, and answer it; the first one goes on signing beside it for a day.

    Raises:
        approvals.NotAllowed: see `make`; or two keys are in use already.
    """
    key, row = new_key(), uuid4()
    sealed = seal(key, organisation_id=hook.organisation_id, field=FIELD, row_id=row)
    approvals.call("SELECT sec.rotate_webhook(%s, %s, %s)", [hook.pk, row, sealed])
    return written(key)


def end_old_key(hook: Webhook) -> None:
    """Sign with the newest key alone from now on.

    Raises:
        approvals.NotAllowed: see `make`; or there is one key.
    """
    approvals.call("SELECT sec.end_old_webhook_key(%s)", [hook.pk])


def switch(hook: Webhook, state: Webhook.State) -> None:
    """Switch it on or off, or end it for good. What waits is given up; a replay sends it after all.

    Raises:
        approvals.NotAllowed: see `make`; or it is in that state.
    """
    approvals.call("SELECT sec.switch_webhook(%s, %s)", [hook.pk, state])


def send_test(hook: Webhook) -> UUID:
    """Have a test sent; its id.

    Raises:
        approvals.NotAllowed: see `make`; it is off, or twenty tests were sent within the hour.
    """
    made: UUID = approvals.call("SELECT sec.test_webhook(%s)", [hook.pk])
    return made


def replay_one(hook: Webhook, delivery_id: UUID) -> int:
    """Send one again; 0 when it is not settled or not this subscription's.

    Raises:
        approvals.NotAllowed: see `make`; or it is off.
    """
    count: int = approvals.call("SELECT sec.replay_webhook(%s, %s, NULL, NULL, false)", [hook.pk, delivery_id])
    return count


def replay_range(hook: Webhook, since: datetime, until: datetime, *, undelivered: bool) -> int:
    """Send again what was made in this time (at most 31 days, 10,000 of them), or of it what did not arrive.

    Raises:
        approvals.NotAllowed: see `make`; it is off, or the time is too long.
    """
    if until < since:
        raise approvals.NotAllowed(_("The end lies before the beginning."))
    count: int = approvals.call("SELECT sec.replay_webhook(%s, NULL, %s, %s, %s)", [hook.pk, since, until, undelivered])
    return count
