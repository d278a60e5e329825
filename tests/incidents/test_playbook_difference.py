"""The difference of two versions, in words. What must differ is said here by hand; that nothing is passed over, by
changing every place of a document in turn."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

from incidents.cacao.difference import Difference, difference
from incidents.cacao.extension import EXTENSION
from incidents.cacao.reading import PlaybookRefused, read_playbook
from tests.incidents.playbooks import DEMO

Path = tuple[Any, ...]


def demo() -> dict[str, Any]:
    return json.loads(DEMO.read_bytes())


def actions(document: dict[str, Any]) -> list[str]:
    return [step.id for step in read_playbook(document).steps]


def lines(found: Difference, title: str) -> dict[str, list[tuple[str, str]]]:
    step = next(each for each in found.steps if each.title == title)
    return {change.label: [(line.what, line.text) for line in change.lines] for change in step.changes}


def test_the_same_document_has_no_difference():
    assert difference(demo(), demo()).same
    later = demo() | {"modified": "2026-10-01T09:00:00.000Z"}
    assert difference(demo(), later).same, "a new number alone is no other plan"


def test_a_changed_step_says_line_by_line_what_it_says_now():
    before, after = demo(), demo()
    key = actions(before)[6]
    title = before["workflow"][key]["name"]
    before["workflow"][key]["commands"][0]["command"] = "Ring the duty desk.\nTake the cable out."
    after["workflow"][key]["commands"][0]["command"] = "Ring the duty desk.\nShut the port.\nWrite down when."
    ours = after["workflow"][key]["step_extensions"][EXTENSION]
    was = dict(ours)
    ours["audience"], ours["finish_minutes"] = "provider", was["finish_minutes"] + 15
    found = difference(before, after)
    assert [(each.what, each.title) for each in found.steps] == [("changed", title)]
    assert not found.whole
    assert not found.between
    said = lines(found, title)
    assert said["Do this"] == [
        ("same", "Ring the duty desk."),
        ("gone", "Take the cable out."),
        ("new", "Shut the port."),
        ("new", "Write down when."),
    ]
    assert said["For whom"] == [("gone", "each council"), ("new", "the provider")]
    assert said["Finish within"] == [
        ("gone", f"{was['finish_minutes']} minutes"),
        ("new", f"{was['finish_minutes'] + 15} minutes"),
    ]
    assert "{" not in json.dumps([said["For whom"], said["Finish within"]]), "no raw JSON"


def test_added_removed_and_moved_steps_are_told_apart():
    before, after = demo(), demo()
    order = actions(before)
    positions = {key: at for at, key in enumerate(order, start=1)}
    # The last but one goes to the front; the others keep their order, and are not said to have moved.
    front = order[-2]
    for key in order:
        ours = after["workflow"][key]["step_extensions"][EXTENSION]
        ours["position"] = 1 if key == front else positions[key] + (1 if positions[key] < positions[front] else 0)
    found = difference(before, after)
    assert [(each.what, each.id, each.was_position, each.position) for each in found.steps] == [
        ("moved", front, positions[front], 1)
    ]
    # One step becomes another: its id changes wherever it stands.
    old = order[0]
    new = old[:-4] + "beef"
    swapped = json.loads(json.dumps(before).replace(old, new))
    swapped["workflow"][new]["name"] = "Ring round"
    found = difference(before, swapped)
    by_id = {each.id: each.what for each in found.steps}
    assert (by_id[old], by_id[new]) == ("removed", "added")
    assert ("new", "everybody who takes part") in lines(found, "Ring round")["For whom"]


def test_variables_window_and_what_has_no_words_of_its_own_are_named():
    before, after = demo(), demo()
    before["playbook_variables"] = {"__group__": {"type": "string", "value": "NG-ADM", "constant": True}}
    after["playbook_variables"] = {"__group__": {"type": "string", "value": "NG-OPS", "constant": True}}
    after["valid_until"] = "2027-09-14T09:00:00.000Z"
    after["derived_from"] = [before["id"]]
    found = difference(before, after)
    whole = {change.label: [(line.what, line.text) for line in change.lines] for change in found.whole}
    assert whole["Valid until"] == [("new", "2027-09-14T09:00:00.000Z")]
    assert whole["derived_from"] == [("new", before["id"])]
    (variable,) = found.variables
    assert variable.label == "__group__"
    assert [(line.what, line.text) for line in variable.lines if line.what != "same"] == [
        ("gone", "value: NG-ADM"),
        ("new", "value: NG-OPS"),
    ]


def places(value: Any, at: Path = ()) -> Iterator[Path]:
    if isinstance(value, dict):
        for key in value:
            yield from places(value[key], (*at, key))
    elif isinstance(value, list):
        for nth, each in enumerate(value):
            yield from places(each, (*at, nth))
    else:
        yield at


def test_no_changed_place_is_passed_over():
    """Every thirteenth text, number and flag of the document is changed in turn; a valid result is always told."""
    told = 0
    for at in list(places(demo()))[::13]:
        if at[0] == "modified" or at[-1] == "position":
            continue  # the number of the version; numbers that leave the order as it was
        changed = copy.deepcopy(demo())
        inside = changed
        for key in at[:-1]:
            inside = inside[key]
        value = inside[at[-1]]
        inside[at[-1]] = (
            (not value) if isinstance(value, bool) else value + 1 if isinstance(value, int) else f"{value} x"
        )
        try:
            read_playbook(changed)
        except PlaybookRefused:
            continue
        assert not difference(demo(), changed).same, at
        told += 1
    assert told > 20


def test_what_changes_beside_the_words_of_a_step_is_told_too():
    before, after = demo(), demo()
    key = actions(before)[6]
    title = before["workflow"][key]["name"]
    d3fend = {"name": "MITRE D3FEND", "external_id": "D3-NI", "description": "Network Isolation"}
    step, then = before["workflow"][key], after["workflow"][key]
    step["external_references"] = [{"name": "Our guide", "url": "https://example.org/1"}]
    then["external_references"] = [{"name": "Our guide", "url": "https://example.org/2"}, d3fend]
    then["commands"][0] |= {"command": "Ring first.", "playbook_activity": "identify-channel"}
    step["commands"][0] |= {"command": "Ring.", "playbook_activity": "disconnect-system"}
    then["step_extensions"][EXTENSION]["finish_minutes"] = 45
    step["timeout"], then["timeout"] = 1_800_000, 3_600_000
    said = lines(difference(before, after), title)
    assert said["Do this"] == [("gone", "Ring."), ("new", "Ring first.")]
    assert said["Commands"] == [
        ("gone", "playbook activity: disconnect-system"),
        ("new", "playbook activity: identify-channel"),
    ]
    assert said["Techniques"] == [("new", "D3-NI Network Isolation")]
    assert ("new", "url: https://example.org/2") in said["References"]
    assert not [text for _, text in said["References"] if "D3-NI" in text], "said already"
    assert said["Finish within"] == [("gone", "30 minutes"), ("new", "45 minutes")]
    assert said["Time limit (milliseconds)"] == [("new", "3600000")]
    # Where the limit is the same as the time to finish, one of the two is enough.
    then["timeout"] = 2_700_000
    assert "Time limit (milliseconds)" not in lines(difference(before, after), title)
