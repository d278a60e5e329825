"""What an outline still needs before it can be published, in words, with the step that it is about."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from django.utils.translation import gettext as _

from incidents.cacao.extension import LONGEST_SHORT_TITLE
from incidents.cacao.parts import VARIABLE_VALUE
from incidents.running.values import read_one, wanted
from incidents.techniques.facts import technique
from incidents.writing.depending import DEFAULT
from incidents.writing.edits import words_of
from incidents.writing.outline import Act, Block, Outline, Variable


@dataclass(frozen=True, slots=True)
class Missing:
    """`key`: the step or block, '' for the playbook as a whole."""

    key: str
    words: str


def faults_of(outline: Outline) -> list[Missing]:
    """Everything, in reading order. Empty: what is composed from it is read without a note."""
    found = [*_whole(outline)]
    known = {each.name: each for each in outline.variables}
    for item in outline.items():
        if isinstance(item, Act):
            found += [Missing(item.id, words) for words in _act(item, set(known))]
        elif isinstance(item, Block):
            found += [Missing(item.id, words) for words in _block(item, known)]
    return found


def _whole(outline: Outline) -> list[Missing]:
    words = []
    if not outline.name.strip():
        words.append(_("The playbook needs a name."))
    if not outline.types:
        words.append(_("Say what the playbook is for."))
    if not any(isinstance(each, Act) for each in outline.main.items) and not any(
        isinstance(each, Block) and each.kind == "together" for each in outline.main.items
    ):
        words.append(_("The playbook needs at least one step that is always taken."))
    twice = [name for name, count in Counter(each.name for each in outline.variables).items() if count > 1]
    words += [_("“%(name)s” stands twice among what is found out.") % {"name": words_of(name)} for name in twice]
    return [Missing("", each) for each in words]


def _act(act: Act, known: set[str]) -> list[str]:
    words = []
    if not act.title.strip():
        words.append(_("This step needs a title."))
    if not act.do.strip() and "commands" not in act.rest:
        words.append(_("This step does not say what to do."))
    if not 1 <= act.acknowledge_minutes <= act.finish_minutes:
        words.append(_("A step is accepted before it is finished."))
    if len(act.short_title) > LONGEST_SHORT_TITLE:
        words.append(_("The short title has at most %(most)s characters.") % {"most": LONGEST_SHORT_TITLE})
    words += _unknown([*act.answers, *VARIABLE_VALUE.findall(act.do)], known | set(act.rest.get("step_variables", {})))
    words += [
        _("%(id)s is not in ATT&CK 18.1 or D3FEND 1.2.0.") % {"id": each}
        for each in act.techniques
        if technique(each) is None
    ]
    return words


def _block(block: Block, known: dict[str, Variable]) -> list[str]:
    words = []
    if block.kind != "together" and not block.condition.strip():
        words.append(_("Say on what it depends."))
    if any(not lane.items for lane in block.lanes):
        words.append(_("Each list of this block needs a step, or is removed."))
    if block.kind == "choose":
        cases = [lane.case.strip() for lane in block.lanes]
        if not all(cases) or len(set(cases)) < len(cases):
            words.append(_("Each list needs an answer of its own that leads to it."))
        words += _never(block, known.get(block.condition.removesuffix(":value")))
    return words + _unknown(VARIABLE_VALUE.findall(block.condition), set(known))


def _never(block: Block, variable: Variable | None) -> list[str]:
    """Cases that no answer is: it has another type, or another spelling than that of its type."""
    if variable is None:
        return []
    cases = [lane.case for lane in block.lanes if lane.case.strip() not in ("", DEFAULT)]
    return [
        _("No answer is ever “%(case)s”. %(wanted)s") % {"case": each, "wanted": wanted(variable.kind)}
        for each in cases
        if read_one(variable.kind, each) != each
    ]


def _unknown(names: list[str], known: set[str]) -> list[str]:
    return [
        _("This asks about “%(name)s”, which is not among what is found out.") % {"name": words_of(each)}
        for each in dict.fromkeys(names)
        if each not in known
    ]
