"""The part of a playbook's page that is about its document: where to get it, its notes, and each signature in words."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from incidents.models import Playbook, SigningKey
from incidents.signature_states import states_of
from incidents.signing import in_groups
from partners.acting import may_open
from portal.tenancy.door import Visitor


def document_block(playbook: Playbook, visitor: Visitor) -> dict[str, Any]:
    """What `playbooks/_document.html` wants. At most four queries."""
    signatures = states_of(playbook)
    key = SigningKey.objects.filter(organisation_id=visitor.organisation_id, ended_at=None).first()
    own = key is not None and any(each.thumbprint == key.thumbprint for each in signatures)
    return {
        "href": reverse("playbook-document", args=[playbook.pk]),
        "digest": in_groups(bytes(playbook.digest).hex()),
        "notes": [
            {"place": each["pointer"] or _("the whole document"), "words": each["detail"]} for each in playbook.warnings
        ],
        "signatures": [
            {
                "signee": each.signee,
                "at": each.at[:10],
                "words": each.words,
                "alarm": each.alarm,
                "algorithm": each.algorithm,
                "thumbprint": in_groups(each.thumbprint),
            }
            for each in signatures
        ],
        "has_key": key is not None,
        "sign_href": reverse("playbook-sign", args=[playbook.pk]) if key and not own and may_open(visitor) else "",
    }
