"""What happened to planned cuts, in words for the feed of those concerned."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.utils.translation import ngettext

Data = Mapping[str, Any]
Words = Callable[[Data, Mapping[str, str]], str]
MOVED = {
    "planned": lazy("plans the cut “%(title)s”"),
    "revised": lazy("changed the planned cut “%(title)s” and asks again"),
    "decided": lazy("decided that the cut “%(title)s” goes ahead"),
    "done": lazy("says that the cut “%(title)s” is done"),
    "called_off": lazy("called off the cut “%(title)s”"),
    "spared": lazy("changed the planned cut “%(title)s”: it stops nothing of ours any more"),
}
ANSWERED = {
    "agrees": lazy("agrees to the cut “%(title)s”"),
    "objects": lazy("objects to the cut “%(title)s”"),
}


def _moved(data: Data, names: Mapping[str, str]) -> str:
    words = str(MOVED[data["step"]] % data)
    asked = data.get("asked", 0)
    if data["step"] in {"planned", "revised"} and asked:
        said = ngettext("one organisation is asked", "%(n)s organisations are asked", asked) % {"n": asked}
        return f"{words}: {said}"
    return words


FEED: dict[str, Words] = {
    "cut.moved": _moved,
    "cut.asked": lambda data, names: (
        _("asks %(name)s about the planned cut “%(title)s”")
        % {"name": names.get(data["organisation"], data["organisation"]), "title": data["title"]}
    ),
    "cut.told": lambda data, names: str(MOVED[data["step"]] % data),
    "cut.answered": lambda data, names: str(ANSWERED[data["answer"]] % data),
}
