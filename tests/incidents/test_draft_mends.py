"""What the editor keeps from being lost, and what it does not take: too much, or what takes back a newer version."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from django.template.loader import render_to_string

from incidents.cacao.difference import difference
from incidents.cacao.differing import change
from incidents.cacao.reading import PlaybookRefused, read_playbook
from incidents.drafts import LARGEST
from incidents.models import PlaybookDraft
from incidents.playbooks import keep_playbook
from incidents.workflow_picture import drawn
from incidents.writing.edits import NotPossible, add, remove
from incidents.writing.outline import empty_outline, from_json
from tests.incidents.playbooks import key, small_document
from tests.incidents.test_drafts import STEP, Editor, begun

inside_a_database = pytest.mark.django_db


@inside_a_database
def test_a_block_with_steps_in_it_is_not_removed_by_one_press(client_of):
    editor = begun(client_of("ashbourne"))
    block = editor.add("together")
    inner = re.findall(r'name="lane" value="([^"]+)"', editor.page())[0]
    step = editor.add("act", inner)
    assert editor.write(step, **STEP).status_code == 302
    refused = editor.press("remove", key=block)
    assert refused.status_code == 422
    assert "Move or remove the steps in this block first" in refused.content.decode()
    assert "Lock the account" in editor.page()
    assert editor.press("remove", key=step).status_code == 302
    assert editor.press("remove", key=block).status_code == 302


def rows(version: str, *given: tuple[str, str, str], initial: int = 0) -> dict[str, str]:
    said = {"row-TOTAL_FORMS": str(len(given)), "row-INITIAL_FORMS": str(initial), "version": version}
    for at, (was, name, value) in enumerate(given):
        said |= {f"row-{at}-was": was, f"row-{at}-name": name, f"row-{at}-kind": "integer", f"row-{at}-words": "",
                 f"row-{at}-value": value}  # fmt: skip
    return said


@inside_a_database
def test_saved_a_second_time_what_somebody_else_found_out_meanwhile_stays(client_of, inside):
    editor = begun(client_of("ashbourne"))
    path = f"{editor.path}found-out/"
    assert editor.client.post(path, rows(editor.version(), ("", "one", ""))).status_code == 302
    seen = editor.version()
    first = rows(seen, ("__one__", "one", "1"), ("", "two", "2"), initial=1)
    assert editor.client.post(path, first).status_code == 302
    mine = [("__one__", "eins", ""), ("", "three", "")]
    late = editor.client.post(path, rows(seen, *mine, initial=1))
    assert late.status_code == 409
    assert 'value="three"' in late.content.decode()
    assert editor.client.post(path, rows(editor.version(), *mine, initial=1)).status_code == 302
    with inside("ashbourne"):
        found = from_json(PlaybookDraft.objects.get().content).variables
    assert [each.name for each in found] == ["__eins__", "__three__", "__two__"]
    # What does not fit is said beside its field, and above.
    wrong = editor.client.post(path, rows(editor.version(), ("__eins__", "eins", "a few"), ("", "77", ""), initial=1))
    page = wrong.content.decode()
    assert wrong.status_code == 422
    assert 'id="id_row-0-value-error"' in page
    assert 'href="#id_row-1-name"' in page
    assert "A name needs a letter." in page


@inside_a_database
def test_a_draft_that_a_newer_version_has_overtaken_is_not_published_unseen(client_of, inside):
    client = client_of("ashbourne")
    editor = begun(client)
    assert editor.write(editor.add(), **STEP).status_code == 302
    kept = client.post(f"{editor.path}publish/", {"version": editor.version()})["Location"]
    slow, quick = (Editor(client, client.post(f"{kept}edit/")["Location"]) for _ in range(2))
    with inside("ashbourne"):
        (step,) = from_json(PlaybookDraft.objects.latest("changed_at").content).acts()
    assert quick.write(step.id, **STEP | {"do": "Disable it, and ring its owner."}).status_code == 302
    newer = client.post(f"{quick.path}publish/", {"version": quick.version()})["Location"]
    refused = client.post(f"{slow.path}publish/", {"version": slow.version()})
    assert refused.status_code == 409
    page = refused.content.decode()
    assert "A newer version of this playbook has been published" in page
    where = re.search(r'href="(/playbooks/[^"]+/difference/\?with=[^"]+)"', page)[1]
    assert "ring its owner" in client.get(where).content.decode()
    other = {"version": slow.version(), "over": "0" * 8}
    assert client.post(f"{slow.path}publish/", other).status_code == 409
    over = re.search(r'name="over" value="([^"]+)"', page)[1]
    assert f"/playbooks/{over}/" == newer
    assert client_of("gravenhurst").post(f"{slow.path}publish/", {"version": "1", "over": over}).status_code == 404
    last = client.post(f"{slow.path}publish/", {"version": slow.version(), "over": over})
    assert last.status_code == 302
    kept_now = json.loads(client.get(f"{last['Location']}document/").content)
    assert kept_now["modified"] > json.loads(client.get(f"{newer}document/").content)["modified"]


@inside_a_database
def test_what_is_too_large_to_be_edited_is_refused_at_the_beginning(client_of, inside, cast):
    document = small_document()
    # As a stored playbook may be that was kept before texts had a bound.
    document["labels"] = ["x" * 1_000] * (LARGEST // 1_000 + 1)
    with inside("ashbourne"):
        kept, _ = keep_playbook(document, organisation_id=cast.id("ashbourne"))
    refused = client_of("ashbourne").post(f"/playbooks/{kept.pk}/edit/")
    assert refused.status_code == 409
    assert "too large" in refused.content.decode()
    with inside("ashbourne"):
        assert not PlaybookDraft.objects.exists()


def many(steps: int) -> dict[str, Any]:
    """The small playbook with more steps after its last, one after the other."""
    document = small_document()
    workflow = document["workflow"]
    last, ends = key("e"), workflow[key("e")]["on_completion"]
    for at in range(steps):
        step = f"action--00000000-0000-4000-8000-{at:012}"
        workflow[last]["on_completion"] = last = step
        workflow[step] = {**small_document()["workflow"][key("e")], "name": f"More {at}", "on_completion": ends}
    return document


def test_there_is_an_end_to_steps_and_texts():
    outline = empty_outline()
    for _ in range(500):
        add(outline, "act", outline.main.id)
    with pytest.raises(NotPossible, match="at most 500"):
        add(outline, "act", outline.main.id)
    remove(outline, outline.main.items[0].id)
    before = len([each for each in small_document()["workflow"].values() if each["type"] not in ("start", "end")])
    read_playbook(json.dumps(many(500 - before)).encode())
    with pytest.raises(PlaybookRefused) as refused:
        read_playbook(json.dumps(many(501 - before)).encode())
    assert [each.pointer for each in refused.value.errors] == ["/workflow"]
    document = small_document()
    document["description"] = "x" * 20_000
    read_playbook(json.dumps(document).encode())
    document["description"] += "x"
    with pytest.raises(PlaybookRefused) as refused:
        read_playbook(json.dumps(document).encode())
    assert [each.pointer for each in refused.value.errors] == ["/description"]


def test_what_nobody_can_look_through_is_said_and_not_drawn():
    lines = [f"{at}" for at in range(1_001)]
    told = change("Why", "\n".join(lines), "\n".join(reversed(lines)))
    assert [(line.what, line.text) for line in told.lines] == [
        ("same", "Too long to be laid side by side: 1001 lines before, 1001 lines now.")
    ]
    assert not difference(small_document(), many(3)).too_long
    long = difference(many(0), many(400))
    assert long.too_long
    page = render_to_string("playbooks/_difference.html", {"difference": long})
    assert "More than 2,000 lines are different" in page
    assert "More 399" in page, "each step is named"
    assert "<ins>" not in page
    small, large = many(100), many(150)
    assert drawn(small, {}).boxes
    picture = drawn(large, {})
    assert (picture.boxes, picture.paths) == ([], [])
    assert len(picture.rows) > 150
