"""Forms of how one wants to be reached: shapes only. What may be wished for is the database's to say."""

from __future__ import annotations

from datetime import time, timedelta
from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from partners import sealed_ways
from partners.models import ContactPoint
from partners.preferences import MILDEST_QUIET, WORST_QUIET, Wishes

LONGEST_QUIET = timedelta(hours=14)
CATEGORIES = [
    (n, _("Category %(n)s or milder") % {"n": n} if n < MILDEST_QUIET else _("Category %(n)s alone") % {"n": n})
    for n in range(WORST_QUIET, MILDEST_QUIET + 1)
]


def _from(begins: time, ends: time) -> timedelta:
    """From one time of day to the next other one."""
    minutes = (ends.hour - begins.hour) * 60 + ends.minute - begins.minute
    return timedelta(minutes=minutes % (24 * 60))


class WishesForm(forms.Form):
    """What comes first, what comes beside, and when to be left alone."""

    first = forms.ChoiceField(
        required=False,
        choices=[
            ("", _("As your contacts are ordered")),
            ("sms", _("A text message")),
            ("email", _("An e-mail")),
        ],
    )
    beside = forms.MultipleChoiceField(
        required=False,
        choices=[
            ("push", _("Notices in your browsers")),
            ("teams", _("Your Microsoft Teams")),
            ("slack", _("Your Slack")),
        ],
    )
    quiet_from = forms.TimeField(required=False, error_messages={"invalid": _("Write a time such as 22:00.")})
    quiet_until = forms.TimeField(required=False, error_messages={"invalid": _("Write a time such as 07:00.")})
    quiet_category = forms.TypedChoiceField(
        choices=CATEGORIES, coerce=int, error_messages={"required": _("Choose how mild it must be.")}
    )

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        begins, ends = said.get("quiet_from"), said.get("quiet_until")
        if self.errors.keys() & {"quiet_from", "quiet_until"}:
            return said
        if (begins is None) != (ends is None):
            missing = "quiet_until" if ends is None else "quiet_from"
            self.add_error(missing, gettext("Write both times, or neither."))
        elif begins is not None and ends is not None and not timedelta() < _from(begins, ends) <= LONGEST_QUIET:
            self.add_error("quiet_until", gettext("Quiet hours last at most 14 hours."))
        return said

    def wishes(self) -> Wishes:
        said = self.cleaned_data
        return Wishes(
            said["first"], tuple(said["beside"]), said["quiet_from"], said["quiet_until"], said["quiet_category"]
        )


class BrowserForm(forms.Form):
    """What a browser hands out when notices are switched on in it; the script of the page fills in all but the name."""

    label = forms.CharField(
        max_length=100, error_messages={"required": _("Give it a name by which you know it, such as “Desk at home”.")}
    )
    endpoint = forms.CharField(max_length=2048, required=False)
    p256dh = forms.CharField(max_length=200, required=False)
    auth = forms.CharField(max_length=100, required=False)

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        if not settings.VAPID_PUBLIC_KEY or ContactPoint.Kind.PUSH not in settings.BESIDE_WAYS:
            raise forms.ValidationError(gettext("Notices in browsers are not set up here."))
        if not said.get("endpoint"):
            raise forms.ValidationError(gettext("The browser has not answered. Press the button on this page again."))
        try:
            self.sealable = sealed_ways.browser(said["endpoint"], said.get("p256dh", ""), said.get("auth", ""))
        except sealed_ways.NotAnAddress as wrong:
            raise forms.ValidationError(str(wrong)) from None
        return said
