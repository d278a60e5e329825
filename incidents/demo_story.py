"""The three-minute story of the demonstration, told by `make run` and by the first page alike."""

from __future__ import annotations

from django.utils.translation import gettext as _


def steps() -> list[str]:
    """What to do, a sentence a step; only what is built."""
    return [
        _("Open the link of Priya Nair (Ashbourne) that “make run” printed, and press the button."),
        _("Look at Alerts: one waits. Open an incident on the Identity platform, and press “Show who is reached”."),
        _("Read why Fernleigh, which left in 2017, is in. Then press “Open and notify”."),
        _("In “How far” compare: group NG-ADM off protects three councils; cutting Remote access (VPN) protects none."),
        _("In a second window, or on a phone, sign in as Ben Ashcroft (Dunmere) and press “I have this” in My tasks."),
        _("Watch Ashbourne’s board move without a reload."),
        _("Run “.venv/bin/python manage.py play_story”: the others answer, one is blocked, Dunmere says nothing more."),
        _("Sign in as somebody of Gravenhurst: there is nothing to see, and no number is missing."),
        _("Stand down: everybody who was told is told that it is over."),
    ]
