"""Forms of the pages of permissions: shapes only; the rules stand in the database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from partners.account_patterns import is_pattern
from partners.models import Dependency, IntegrationVersion, Organisation, Person
from partners.permissions import today
from partners.permitting import AT_MOST_DAYS, MOST_PATTERNS, Terms

LONGEST = 2000
A_DAY = _("Choose a day, such as 2027-03-31.")


def day(said: Any) -> forms.DateField:
    """A day; `said` is what to do when it is missing or no day."""
    return forms.DateField(error_messages={"invalid": said, "required": said})


def plain(value: str) -> None:
    if "\0" in value:
        raise forms.ValidationError(_("This holds a sign that cannot be kept."))


def words(required: Any = "", *, longest: int = LONGEST) -> forms.CharField:
    """A text; `required` is what to say when it is missing, '' when it may be."""
    said = {"required": required} if required else {}
    return forms.CharField(max_length=longest, required=bool(required), error_messages=said, validators=[plain])


class TermsForm(forms.Form):
    """What a permission says. `other` and `side` are asked for once, when it is new."""

    other = forms.ChoiceField(error_messages={"required": _("Choose the other organisation.")})
    side = forms.ChoiceField(
        choices=[("grantee", _("We reach into them")), ("grantor", _("They reach into us"))],
        error_messages={"required": _("Say who reaches into whom.")},
    )
    name = words(_("Give it a name that both sides know it by."), longest=200)
    purpose = words(_("Say what it is for."))
    accounts = words(_("Name the accounts, one on each line."))
    direction = forms.ChoiceField(
        choices=IntegrationVersion.Direction.choices, error_messages={"required": _("Say which way the data go.")}
    )
    data_classes = forms.MultipleChoiceField(
        choices=IntegrationVersion.DataClass.choices, error_messages={"required": _("Say which data it carries.")}
    )
    systems = forms.MultipleChoiceField(required=False)
    from_system = forms.ChoiceField(required=False)
    resources = words()
    link_kind = forms.ChoiceField(
        choices=[("", _("No, or it is in the register already")), *Dependency.Kind.choices], required=False
    )
    starts_on = day(_("Choose the first day, such as 2027-03-31."))
    review_on = day(_("Choose the day of the review, such as 2027-03-31."))
    expires_on = day(_("Choose the last day, such as 2027-03-31."))
    owner = forms.ChoiceField(error_messages={"required": _("Choose who owns it on your side.")})
    kill_switch_name = words(_("Write who can stop it: a name and a role."), longest=200)
    kill_switch_how = words(_("Write how to reach them at night."), longest=500)

    def __init__(
        self,
        *args: Any,
        others: Sequence[Organisation] | None,
        systems: Mapping[UUID, str],
        people: Sequence[Person],
        **kwargs: Any,
    ) -> None:
        """`others` None: it is a change of one that exists."""
        super().__init__(*args, **kwargs)
        named = sorted(((str(pk), name) for pk, name in systems.items()), key=lambda each: each[1].casefold())
        _choose(self, "systems", named)
        _choose(self, "from_system", [("", _("None that is in the register")), *named])
        _choose(self, "owner", [("", _("Choose")), *((str(each.pk), each.name) for each in people)])
        if others is None:
            del self.fields["other"], self.fields["side"]
        else:
            _choose(self, "other", [("", _("Choose")), *((str(each.pk), each.name) for each in others)])

    def clean_accounts(self) -> tuple[str, ...]:
        found = tuple(dict.fromkeys(self.cleaned_data["accounts"].casefold().replace(",", " ").split()))
        wrong = [each for each in found if not is_pattern(each)]
        if wrong:
            said = _(
                "%(wrong)s cannot stand here. Write name@realm, such as svc-backup@ashbourne. A * stands for letters"
                " inside one part of the name and needs three letters beside it."
            )
            raise forms.ValidationError(said % {"wrong": ", ".join(wrong[:3])})
        if len(found) > MOST_PATTERNS:
            raise forms.ValidationError(_("At most %(n)s patterns.") % {"n": MOST_PATTERNS})
        return found

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        starts, review, expires = (said.get(name) for name in ("starts_on", "review_on", "expires_on"))
        last = today() + timedelta(days=AT_MOST_DAYS)
        if expires and not today() <= expires <= last:
            words = _("It ends between today and %(day)s: a permission is for a year at most.")
            self.add_error("expires_on", words % {"day": f"{last:%-d %B %Y}"})
        if starts and expires and starts > expires:
            self.add_error("starts_on", _("It begins before it ends."))
        if review and starts and expires and not starts <= review <= expires:
            self.add_error("review_on", _("It is reviewed between its first and its last day."))
        if said.get("link_kind") and not (said.get("systems") and said.get("from_system")):
            self.add_error("link_kind", _("A link leads from a system to a system: choose both above."))
        return said

    def terms(self) -> Terms:
        said = self.cleaned_data
        return Terms(
            name=said["name"],
            purpose=said["purpose"],
            direction=said["direction"],
            data_classes=tuple(said["data_classes"]),
            accounts=said["accounts"],
            systems=tuple(UUID(each) for each in said["systems"]),
            from_system=UUID(said["from_system"]) if said["from_system"] else None,
            resources=said["resources"],
            starts_on=said["starts_on"],
            review_on=said["review_on"],
            expires_on=said["expires_on"],
            owner=UUID(said["owner"]),
            kill_switch_name=said["kill_switch_name"],
            kill_switch_how=said["kill_switch_how"],
            link_kind=said["link_kind"],
        )


def initial_of(version: IntegrationVersion, owner: UUID | None) -> dict[str, Any]:
    """What a version says, as the form's first values."""
    plainly = (
        "name", "purpose", "direction", "data_classes", "resources", "link_kind", "starts_on", "review_on",
        "expires_on", "kill_switch_name", "kill_switch_how",
    )  # fmt: skip
    return {
        **{name: getattr(version, name) for name in plainly},
        "accounts": "\n".join(version.accounts),
        "systems": [str(each) for each in version.system_ids],
        "from_system": str(version.from_system_id or ""),
        "owner": str(owner or ""),
    }


def filled_in(query: QueryDict) -> dict[str, Any]:
    """What an address fills in of a new one: a page that knows what is wanted leads here."""
    plainly = ("other", "side", "name", "purpose", "accounts", "resources")
    return {name: query.get(name, "")[:200] for name in plainly} | {"systems": query.getlist("systems")[:20]}


def _choose(form: forms.Form, name: str, choices: Sequence[tuple[str, Any]]) -> None:
    form.fields[name].choices = list(choices)  # type: ignore[attr-defined]


class OwnerForm(forms.Form):
    """One's own owner, and why the other side is asked now ('' asks nobody)."""

    owner = forms.ChoiceField(required=False)
    reason = words()
    version = forms.IntegerField(min_value=1, max_value=2**31 - 1)

    def __init__(self, *args: Any, people: Sequence[Person], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _choose(self, "owner", [("", _("Choose")), *((str(each.pk), each.name) for each in people)])


class BecauseForm(forms.Form):
    because = words(_("Say why, in a few words."), longest=1000)
    version = forms.IntegerField(min_value=1, max_value=2**31 - 1, required=False)
