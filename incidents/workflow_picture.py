"""A playbook's workflow as a picture and as a table: both are made of the same links between the same steps. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from incidents.cacao.extension import Details, details_of, one_named
from incidents.cacao.notes import Notes
from incidents.cacao.steps import branches_of
from incidents.picture_layout import BOX_WIDTH, Box, Line
from incidents.picture_text import fitted, lines_of, plain
from incidents.workflow_layout import Path, laid_down

OVER = ""  # the end of the whole workflow
MOST_DRAWN = 150  # steps; nobody finds their way in a larger picture, and laying it out takes long
ROOM = BOX_WIDTH - 18  # pixels


@dataclass(frozen=True, slots=True)
class Link:
    """One step leads to another; `words` says on what condition. `back`: to an earlier one, to do it again."""

    source: str
    target: str
    words: str = ""
    back: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """One step in words. `number` is '' for what no person does."""

    key: str
    number: str
    title: str
    what: str
    who: str
    due: str
    after: list[str]
    then: list[str]


@dataclass(frozen=True, slots=True)
class Drawn:
    """The picture, as the template draws it, and the table beside it. Without boxes the table stands alone."""

    boxes: list[Box]
    paths: list[Path]
    width: int
    height: int
    rows: list[Row]


def links_of(document: Mapping[str, Any]) -> list[Link]:
    """What leads to what. Where a branch ends, whatever comes after the step that opened it follows."""
    workflow = document["workflow"]
    found: dict[Link, None] = {}
    met: set[str] = set()
    start = document["workflow_start"]
    stack: list[tuple[str, str, bool]] = [(start, OVER, False)]  # step, what follows the end of its list, whether back

    def lead(source: str, target: str, after: str, back: bool, words: str = "") -> None:
        if workflow[target]["type"] == "end":
            found.setdefault(Link(source, after, words, back))
        else:
            found.setdefault(Link(source, target, words))
            stack.append((target, after, back))

    while stack:
        key, after, back = stack.pop()
        if key in met:
            continue
        met.add(key)
        step = workflow[key]
        heads = branches_of(step)
        own = step.get("on_completion") or step.get("on_success")
        following = own if own and workflow[own]["type"] != "end" else after
        repeats = step["type"] == "while-condition"
        for place, head in heads:
            inner = key if repeats else following
            lead(key, head, inner, repeats, _case(place))
        if own and not heads:
            lead(key, own, after, back)
        elif own:
            if step["type"] not in ("parallel",) and "on_false" not in step:
                found.setdefault(Link(key, following, _("otherwise"), back and following == after))
            if following != after:
                stack.append((own, after, back))
        if "on_failure" in step:
            lead(key, step["on_failure"], after, back, _("if it fails"))
        if not stack and (wrong := document.get("workflow_exception")) and wrong not in met:
            lead(start, wrong, OVER, False, _("if all else fails"))
    return list(found)


def _case(place: tuple[str | int, ...]) -> str:
    if place[0] == "cases":
        return str(place[1])
    return {"on_true": _("yes"), "on_false": _("no")}.get(str(place[0]), "")


def drawn(document: Mapping[str, Any], numbers: Mapping[str, int], href: Callable[[str], str] | None = None) -> Drawn:
    """The picture and the table of a document that the reader of playbooks accepts.

    `numbers`: the place of each action step; `href`: what pressing a step's box leads to.
    """
    workflow, links = document["workflow"], links_of(document)
    order = _order(document["workflow_start"], links)
    names = {key: _called(workflow.get(key), numbers.get(key)) for key in order}
    rows = [_row(key, workflow[key], numbers.get(key), links, names) for key in order if key in workflow]
    if len(rows) > MOST_DRAWN:
        return Drawn([], [], 0, 0, rows)
    columns = _columns(order, links)
    boxes = {}
    for key in order:
        boxes[key] = _box(key, columns[key], workflow.get(key), numbers.get(key), href)
    lines = [_line(boxes, link) for link in links]
    paths, width, height = laid_down(list(boxes.values()), lines)
    return Drawn(list(boxes.values()), paths, width, height, rows)


def _order(start: str, links: list[Link]) -> list[str]:
    """Every step after all that lead to it, and within that in the order of the document."""
    follow: defaultdict[str, list[str]] = defaultdict(list)
    waiting: defaultdict[str, int] = defaultdict(int)
    for link in links:
        if not link.back:
            follow[link.source].append(link.target)
            waiting[link.target] += 1
    order, ready = [], [start]
    while ready:
        key = ready.pop()
        order.append(key)
        for target in reversed(follow[key]):
            waiting[target] -= 1
            if not waiting[target]:
                ready.append(target)
    return order


def _columns(order: list[str], links: list[Link]) -> dict[str, int]:
    """As far right as the longest way to it is long."""
    before: defaultdict[str, list[str]] = defaultdict(list)
    for link in links:
        if not link.back:
            before[link.target].append(link.source)
    columns: dict[str, int] = {}
    for key in order:
        columns[key] = max((columns[each] + 1 for each in before[key]), default=0)
    return columns


LOOKS = {"action": "step", "start": "edge", "end": "edge"}


def _box(
    key: str, column: int, step: Mapping[str, Any] | None, number: int | None, href: Callable[[str], str] | None
) -> Box:
    if step is None:
        return Box(
            id="over", column=column, title=_("Over"), lines=[_("Over")], look="edge", says=_("The playbook is over.")
        )
    acts = step["type"] == "action"
    details = _details(step)
    title = plain(_called(step, number))
    notes = []
    if acts:
        notes = [fitted(f"{who_words(details)}, {minutes_words(details.finish_minutes)}", width=ROOM, size=14)]
    elif condition := _condition(step):
        notes = [fitted(plain(condition), width=ROOM, size=14)]
    look = "contains" if details.contains else LOOKS.get(step["type"], "block")
    return Box(
        id=key,
        column=column,
        title=title,
        lines=lines_of(title, width=ROOM / 1.08, size=15)[:4],
        notes=notes,
        look=look,
        says=plain(". ".join([title, *notes])),
        href=href(key) if href and (acts or look == "block") else "",
    )


def _line(boxes: Mapping[str, Box], link: Link) -> Line:
    words = [plain(link.words)] if link.words else []
    labels = [fitted(each, width=80, size=14) for each in words]
    certainty = "back" if link.back else "maybe" if words else "sure"
    return Line(boxes[link.source], boxes[link.target], words, certainty, labels=labels)


def _row(key: str, step: Mapping[str, Any], number: int | None, links: list[Link], names: Mapping[str, str]) -> Row:
    details = _details(step)
    acts = step["type"] == "action"
    due = _("accept in %(accept)s, finish in %(finish)s") % {
        "accept": minutes_words(details.acknowledge_minutes),
        "finish": minutes_words(details.finish_minutes),
    }
    return Row(
        key=key,
        number=str(number) if number and acts else "",
        title=step.get("name") or _kind(step),
        what="; ".join(part for part in (_kind(step), _condition(step)) if part) if not acts else "",
        who=who_words(details) if acts else "",
        due=due if acts else "",
        after=[_said(names[each.source], each) for each in links if each.target == key],
        then=[_said(names[each.target], each) for each in links if each.source == key],
    )


def _said(name: str, link: Link) -> str:
    words = _("again") if link.back else link.words
    return f"{name} ({words})" if words else name


def _called(step: Mapping[str, Any] | None, number: int | None) -> str:
    if step is None:
        return _("Over")
    name = step.get("name") or _kind(step)
    return f"{number}. {name}" if number and step["type"] == "action" else name


def _kind(step: Mapping[str, Any]) -> str:
    return {
        "start": _("Begins"),
        "parallel": _("At the same time"),
        "if-condition": _("Only if"),
        "switch-condition": _("Choose by"),
        "while-condition": _("Repeat while"),
        "playbook-action": _("Runs another playbook"),
        "action": _("A step"),
    }.get(step["type"], "")


def _condition(step: Mapping[str, Any]) -> str:
    return in_words(step.get("condition") or step.get("switch") or "")


def in_words(condition: str) -> str:
    """A condition as people read it: variables without their signs. What is no expression is left as it is."""
    return " ".join(_words(condition))


def _words(condition: str) -> Iterator[str]:
    for part in condition.split():
        name = part.removesuffix(":value")
        yield name.strip("_").replace("_", " ") if name.startswith("__") and name.endswith("__") else part


def _details(step: Mapping[str, Any]) -> Details:
    return details_of(dict(step), (), Notes()) if step["type"] == "action" else Details()


def who_words(details: Details) -> str:
    return who_of(details.audience or "all")


def who_of(audience: str) -> str:
    """Whom a step is for, in words; a named organisation by its short name."""
    if name := one_named(audience):
        return name
    return {
        "all": _("Everybody"),
        "councils": _("Each council"),
        "provider": _("The provider"),
        "lead": _("The lead"),
        "deputy_lead": _("The deputy lead"),
    }.get(audience, _("Each council"))


def minutes_words(minutes: int) -> str:
    if minutes >= 120 and minutes % 60 == 0:
        return _("%(hours)s h") % {"hours": minutes // 60}
    return _("%(minutes)s min") % {"minutes": minutes}
