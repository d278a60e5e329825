"""Forms about keys: making and ending one's own, and putting somebody's on the trust list."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from incidents.cacao.signatures import der_of
from incidents.models import SigningKey
from incidents.trusting import hidden, plain_name
from partners.models import Organisation

LONGEST = 1000
OUTSIDE = "outside"


class KeyForm(forms.Form):
    """Which kind of key to make."""

    algorithm = forms.ChoiceField(
        choices=[
            ("Ed25519", lazy("Ed25519: short and quick. Take this one if nothing speaks against it.")),
            ("ES256", lazy("ES256: for tools that know no Ed25519")),
            ("RS256", lazy("RS256: for older tools")),
        ],
        initial="Ed25519",
    )


class TrustForm(forms.Form):
    """Whose key, which key, for whom, and who vouches for it, too."""

    owner = forms.ChoiceField(error_messages={"required": lazy("Choose whose key it is.")})
    outside = forms.CharField(max_length=200, required=False)
    public_key = forms.CharField(max_length=6000, required=False)
    reach = forms.ChoiceField(
        choices=[
            ("own", lazy("For our organisation alone, from now on")),
            ("all", lazy("For everybody, when a second organisation has approved")),
        ],
        error_messages={"required": lazy("Choose for whom it counts.")},
    )
    second = forms.ChoiceField(required=False)
    reason = forms.CharField(max_length=LONGEST, error_messages={"required": lazy("Say how you know whose key it is.")})

    def __init__(self, *args: Any, me: UUID, others: Sequence[Organisation], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.me = me
        self.names = {str(each.pk): each.name for each in others}
        owner, second = self.fields["owner"], self.fields["second"]
        assert isinstance(owner, forms.ChoiceField)
        assert isinstance(second, forms.ChoiceField)
        owner.choices = [("", _("Choose")), *self.names.items(), (OUTSIDE, _("Somebody who takes no part here"))]
        second.choices = [("", _("Choose")), *((pk, name) for pk, name in self.names.items() if pk != str(me))]

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        owner = said.get("owner")
        if owner == OUTSIDE and not said.get("outside"):
            self.add_error("outside", _("Write the owner's name."))
        if said.get("reach") == "all" and not said.get("second"):
            self.add_error("second", _("Choose who is asked to approve it."))
        if owner and "public_key" in said:
            said["der"] = self._der(owner, said["public_key"])
        return said

    def clean_outside(self) -> str:
        """Nobody gets a name that only looks like another's."""
        typed = self.cleaned_data["outside"]
        if any(hidden(each) or each in "\r\n\t" for each in typed):
            raise forms.ValidationError(_("The name has letters that cannot be seen. Type it anew."))
        name = plain_name(typed)
        if name.casefold() in {plain_name(each).casefold() for each in self.names.values()}:
            raise forms.ValidationError(_("This organisation takes part here: choose it above."))
        return name

    def _der(self, owner: str, pasted: str) -> bytes:
        """The key that was pasted, or the one that the organisation made here."""
        if not pasted and owner != OUTSIDE:
            key = SigningKey.objects.filter(organisation_id=owner, ended_at=None).first()
            if key is not None:
                return der_of(key.public_key)
        if not pasted:
            self.add_error("public_key", _("Paste the public key."))
            return b""
        try:
            return der_of(pasted)
        except ValueError:
            words = _(
                "This is no public key that is used here: RSA of 2,048 to 8,192 bits, P-256, P-384, P-521, Ed25519."
            )
            self.add_error("public_key", words)
            return b""

    @property
    def owner_id(self) -> UUID | None:
        return None if self.cleaned_data["owner"] == OUTSIDE else UUID(self.cleaned_data["owner"])

    @property
    def owner_name(self) -> str:
        return self.cleaned_data["outside"] if self.owner_id is None else self.names[self.cleaned_data["owner"]]


class EndForm(forms.Form):
    """Why a key comes off the list."""

    reason = forms.CharField(max_length=LONGEST, error_messages={"required": lazy("Say why, in a few words.")})
