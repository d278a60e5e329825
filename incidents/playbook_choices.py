"""The choice of a playbook in a form: nothing is chosen that nobody chose; each says how old it is and who signed."""

from __future__ import annotations

from collections import Counter

from django import forms
from django.db import connections
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from incidents.models import Playbook, SignOff
from incidents.named import DEFAULT_PLAYBOOK, all_to_run
from incidents.sign_offs import today


class ChoosesPlaybook(forms.Form):
    """`playbook`: a slug, or '' for the usual one, which may be left out only while that one may be run."""

    playbook = forms.ChoiceField(required=False)

    def offer_playbooks(self) -> None:
        """Set what there is to choose. Three queries."""
        rows = list(all_to_run().filter(blockers=[]))
        usual = next((each.name for each in rows if each.slug == DEFAULT_PLAYBOOK), "")
        first = _("The usual one: %(name)s") % {"name": usual} if usual else _("Choose one")
        field = self.fields["playbook"]
        field.choices = [("", first), *_labelled(rows)]  # type: ignore[attr-defined]
        field.initial = DEFAULT_PLAYBOOK if usual else ""
        self.must_choose = bool(rows) and not usual

    def clean_playbook(self) -> str:
        chosen = str(self.cleaned_data["playbook"])
        if not chosen and self.must_choose:
            raise forms.ValidationError(_("The usual playbook may not be run now: choose one."))
        return chosen


def _labelled(rows: list[Playbook]) -> list[tuple[str, str]]:
    """(slug, words). How many have signed is told to those alone who run the playbook together."""
    counting = SignOff.objects.filter(playbook__in=[each.pk for each in rows], ended_at=None, valid_until__gte=today())
    signed = Counter(counting.values_list("playbook_id", flat=True))
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT sec.my_plans()")
        ours = set(cursor.fetchone()[0])
    found = []
    for each in rows:
        words = _("%(name)s, version %(version)s") % {"name": each.name, "version": each.version[:10]}
        if each.cacao_id in ours:
            n = signed[each.pk]
            words += ", " + ngettext("signed by %(n)s organisation", "signed by %(n)s organisations", n) % {"n": n}
        found.append((each.slug, words))
    return found
