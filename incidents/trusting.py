"""Whose keys are trusted, and what follows for a signature. For one's own organisation one may trust a key alone; for
everybody a second organisation approves. A key that only a file brings is vouched for by nobody."""

from __future__ import annotations

import base64
import unicodedata
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db import connections
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from incidents.signing import in_groups, thumbprint_of
from partners import approvals
from partners.models import Approval, Organisation
from portal.ledger.signals import announce


def _told(outcome: Any) -> Any:
    """The functions record by themselves: have the readers woken after the commit."""
    announce(connections["default"], {"signing_key.trusted", "signing_key.distrusted"})
    return outcome


def plain_name(name: str) -> str:
    """A name as it is kept and compared: in NFKC, one space between words, without letters that nobody sees
    (`sec.plain_name`)."""
    seen = "".join(each for each in unicodedata.normalize("NFKC", name) if not hidden(each))
    return " ".join(seen.split())


def hidden(letter: str) -> bool:
    """Whether it is one that nobody sees, and that is no space: control and format characters."""
    return unicodedata.category(letter) in {"Cc", "Cf"} and not letter.isspace()


def trust(owner: str, der: bytes, *, organisation_id: UUID | None, reason: str) -> UUID:
    """Count right signatures by this key as `owner`'s, for one's own organisation alone.

    Raises:
        approvals.NotAllowed: the role may not, no fresh passkey, it is on the list, or it is not that owner's to name.
    """
    sql = "SELECT sec.trust_key(%s, %s, %s, %s)"
    owner = owner if organisation_id else plain_name(owner)
    return _told(approvals.call(sql, [owner, organisation_id, base64.b64encode(der).decode(), reason]))


def ask(owner: str, der: bytes, *, organisation_id: UUID | None, reason: str, second: UUID) -> UUID:
    """Ask another organisation to approve the key for everybody, within 30 minutes; the approval's id.

    Raises:
        approvals.NotAllowed: see `trust`.
    """
    owner = owner if organisation_id else plain_name(owner)
    payload = {"owner": owner, "public_key": base64.b64encode(der).decode(), "thumbprint": thumbprint_of(der)}
    if organisation_id is not None:
        payload["organisation"] = str(organisation_id)
    return approvals.ask(KIND, payload, reason=reason, told=[second], about=organisation_id)


def distrust(row_id: UUID, *, reason: str) -> None:
    """Take a key off the list: whoever added it, vouched for it or owns it, alone and at once.

    Raises:
        approvals.NotAllowed: anybody else, no fresh passkey, or no reason.
    """
    _told(approvals.call("SELECT sec.distrust_key(%s, %s)", [row_id, reason]))


def effects(payload: Mapping[str, Any]) -> list[str]:
    """What both organisations read before a key is trusted for everybody."""
    der = base64.b64decode(payload["public_key"], validate=True)
    name = payload["owner"]
    if "organisation" in payload:
        name = Organisation.objects.values_list("name", flat=True).get(pk=payload["organisation"])
    said = {"owner": name, "thumbprint": in_groups(thumbprint_of(der))}
    found = [
        _("A right signature by this key counts as signed by %(owner)s, for everybody in the partnership.") % said,
        _("Fingerprint of the key: %(thumbprint)s.") % said,
        _("Ring %(owner)s on a number that you know, and compare the fingerprint, before you approve.") % said,
    ]
    if "organisation" not in payload:
        found.append(_("%(owner)s takes no part in this portal.") % said)
    return found


def carry_out(approval: Approval) -> UUID:
    return _told(approvals.call("SELECT sec.trust_key_for_all(%s)", [approval.pk]))


KIND = approvals.register(
    approvals.Kind(
        "trust_signing_key",
        lazy("Trust a key that signs playbooks, for everybody"),
        effects,
        carry_out,
    )
)
