"""The editor of playbooks on its pages: written, ordered, published, begun anew; and kept from everybody else."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from django.db import connections, transaction
from django.db.utils import DatabaseError

from incidents.cacao.reading import read_playbook
from incidents.models import Playbook, PlaybookDraft
from incidents.playbooks import keep_playbook
from incidents.writing.reading_in import outline_of
from tests.incidents.playbooks import small_document
from tests.incidents.test_cacao_schema import official

pytestmark = pytest.mark.django_db
__all__ = ["official"]
STEP = {
    "title": "Lock the account", "do": "Disable it.", "why": "It is misused.", "who": "The service desk.",
    "stops": "Its owner's work.", "worked": "A sign-in is refused.", "undo": "Enable it.", "cannot": "Ring the lead.",
    "evidence": "The time.", "audience": "councils", "acknowledge_minutes": "5", "finish_minutes": "30", "join": "own",
    "failure": "", "short_title": "Lock", "contains": "on", "techniques": ["D3-AL", "T1078"],
}  # fmt: skip


class Editor:
    """One person at one draft; presses what its pages offer."""

    def __init__(self, client: Any, path: str) -> None:
        self.client, self.path = client, path

    def page(self) -> str:
        return self.client.get(self.path).content.decode()

    def version(self) -> str:
        return re.search(r'name="version" value="(\d+)"', self.page())[1]

    def press(self, act: str, **said: str) -> Any:
        return self.client.post(f"{self.path}change/", {"act": act, "version": self.version(), **said})

    def add(self, kind: str = "act", lane: str = "") -> str:
        """Add at the end of a list; returns the new one's key."""
        lane = lane or re.findall(r'name="lane" value="([^"]+)"', self.page())[-1]
        return self.press("add", kind=kind, lane=lane)["Location"].split("/")[-2]

    def write(self, key: str, **said: Any) -> Any:
        return self.client.post(f"{self.path}steps/{key}/", {"version": self.version(), **said})


def begun(client: Any, name: str = "Loss of mail") -> Editor:
    return Editor(client, client.post("/playbooks/drafts/new/", {"name": name})["Location"])


def test_written_with_a_parallel_block_and_a_condition_it_is_valid_everywhere(client_of, official, inside):
    editor = begun(client_of("ashbourne"))
    assert "There is no step yet" in editor.page()
    asked = {"row-TOTAL_FORMS": "1", "row-INITIAL_FORMS": "0", "row-0-name": "Still spreading?", "row-0-kind": "bool",
             "row-0-words": "Does it still spread?", "row-0-value": "", "version": editor.version()}  # fmt: skip
    assert editor.client.post(f"{editor.path}found-out/", asked).status_code == 302
    first = editor.add()
    assert editor.write(first, **STEP | {"answers": ["__still_spreading__"]}).status_code == 302
    block = editor.add("together")
    lanes = re.findall(r'name="lane" value="([^"]+)"', editor.page())[:2]
    for lane in lanes:
        assert editor.write(editor.add("act", lane), **STEP).status_code == 302
    only = editor.add("only_if")
    assert "Each list of this block needs a step" in editor.page()
    said = {"title": "Only if", "variable": "__still_spreading__", "value": "yes"}
    assert editor.write(only, **said).status_code == 302
    inner = re.findall(r'name="lane" value="([^"]+)"', editor.page())[-2]
    assert editor.write(editor.add("act", inner), **STEP).status_code == 302
    assert editor.write(block, title="Both at once").status_code == 302
    published = editor.client.post(f"{editor.path}publish/", {"version": editor.version()})
    assert published.status_code == 302, published.content.decode()
    kept = json.loads(editor.client.get(f"{published['Location']}document/").content)
    assert read_playbook(kept, strict=True).warnings == ()
    assert official(kept)
    assert kept["created"] == kept["modified"]
    kinds = [step["type"] for step in kept["workflow"].values()]
    assert (kinds.count("action"), kinds.count("parallel"), kinds.count("if-condition")) == (4, 1, 1)
    condition = next(step for step in kept["workflow"].values() if step["type"] == "if-condition")
    assert condition["condition"] == "__still_spreading__:value = true"
    step = kept["workflow"][first]
    assert step["commands"] == [{"type": "manual", "command": "Disable it."}]
    assert step["out_args"] == ["__still_spreading__"]
    assert [each["external_id"] for each in step["external_references"]] == ["D3-AL", "T1078"]
    # Its next version keeps its id, and is newer.
    again = Editor(editor.client, editor.client.post(f"{published['Location']}edit/")["Location"])
    assert again.press("up", key=block).status_code == 302
    newer = again.client.post(f"{again.path}publish/", {"version": again.version()})["Location"]
    after = json.loads(again.client.get(f"{newer}document/").content)
    assert (after["id"], after["created"]) == (kept["id"], kept["created"])
    assert after["modified"] > kept["modified"]
    assert [each.id for each in outline_of(after).main.items] == [block, first, only]
    with inside("ashbourne"):
        assert not PlaybookDraft.objects.exists()
    assert "Both at once" in client_of("gravenhurst").get(newer).content.decode()  # published is everybody's


def test_a_bad_input_says_what_is_wrong_and_loses_nothing(client_of):
    editor = begun(client_of("ashbourne"))
    key = editor.add()
    refused = editor.write(key, **STEP | {"acknowledge_minutes": "40", "do": "Keep <these> words."})
    assert refused.status_code == 422
    page = refused.content.decode()
    assert "A step is accepted before it is finished" in page
    assert "Keep &lt;these&gt; words." in page
    said = STEP | {"title": "Typed", "do": "Not lost.", "find": "email removal", "press": "find"}
    looked = editor.write(key, **said)
    assert looked.status_code == 200
    assert "Not lost." in looked.content.decode()
    assert "D3-ER" in looked.content.decode()
    assert 'value="Typed"' in looked.content.decode()
    assert editor.client.post(f"{editor.path}publish/", {"version": "1"}).status_code in (409, 422)
    assert editor.client.post("/playbooks/drafts/new/", {"name": " "}).status_code == 422


def test_two_editors_do_not_overwrite_each_other(client_of):
    editor = begun(client_of("ashbourne"))
    key = editor.add()
    seen = editor.version()
    assert editor.write(key, **STEP | {"title": "The first to save"}).status_code == 302
    late = editor.client.post(f"{editor.path}steps/{key}/", {**STEP, "title": "The second", "version": seen})
    assert late.status_code == 409
    page = late.content.decode()
    assert 'value="The second"' in page
    assert "saved this draft while you were writing" in page
    assert "The first to save" in editor.page()
    assert (
        editor.client.post(f"{editor.path}change/", {"act": "remove", "key": key, "version": seen}).status_code == 409
    )
    assert editor.client.post(f"{editor.path}publish/", {"version": seen}).status_code in (409, 422)
    # Removed meanwhile: the words are still there, and saved again they are a step again.
    assert editor.press("remove", key=key).status_code == 302
    gone = editor.client.post(f"{editor.path}steps/{key}/", {**STEP, "version": seen})
    assert gone.status_code == 409
    assert editor.write(key, **STEP).status_code == 302
    assert "Lock the account" in editor.page()


def test_a_draft_is_its_organisation_s_alone(cast, client_of, inside):
    editor = begun(client_of("ashbourne"), "Nobody else's business")
    draft_id = editor.path.split("/")[-2]
    for slug in ("northgate", "gravenhurst"):
        other = client_of(slug)
        paths = ["", "about/", "found-out/", "steps/action--x/"]
        assert {other.get(f"{editor.path}{part}").status_code for part in paths} == {404}
        acts = ["change/", "publish/", "remove/", "about/", "found-out/", "steps/action--x/"]
        assert {other.post(f"{editor.path}{part}", {"version": "1", "sure": "yes"}).status_code for part in acts} == {
            404
        }
        assert "Nobody else" not in other.get("/playbooks/").content.decode()
        with inside(slug):
            assert not PlaybookDraft.objects.exists()
            with pytest.raises(DatabaseError), transaction.atomic():
                PlaybookDraft.objects.create(
                    organisation_id=cast.id("ashbourne"), name="x", content={}, changed_at="2026-01-01T00:00Z"
                )
    responder = client_of("ashbourne", "responder")
    assert responder.get(editor.path).status_code == 403
    with inside("ashbourne", "responder"), connections["default"].cursor() as cursor:
        cursor.execute("DELETE FROM incidents_playbookdraft WHERE id = %s", [draft_id])
        assert cursor.rowcount == 0
    assert editor.client.get(editor.path).status_code == 200
    assert editor.client.post(f"{editor.path}remove/", {}).status_code == 422
    assert editor.client.post(f"{editor.path}remove/", {"sure": "yes"}).status_code == 302
    assert editor.client.get(editor.path).status_code == 404


def test_a_copy_of_another_s_is_a_playbook_of_its_own(client_of, inside, cast):
    with inside("ashbourne"):
        theirs = Playbook.objects.get(slug="partner-mail-compromise")
        assert theirs.created_by_organisation_id != cast.id("ashbourne")
    client = client_of("ashbourne")
    editor = Editor(client, client.post(f"/playbooks/{theirs.pk}/edit/")["Location"])
    assert "made from another" in editor.page()
    refused = client.post(f"{editor.path}publish/", {"version": "1"})
    assert refused.status_code == 422
    assert "Another playbook has this name already" in refused.content.decode()
    about = {"name": "Our mail compromise", "description": "Ours.", "version": "1", "types": ["mitigation"]}
    assert client.post(f"{editor.path}about/", about).status_code == 302
    kept = client.post(f"{editor.path}publish/", {"version": "2"})["Location"]
    document = json.loads(client.get(f"{kept}document/").content)
    assert document["derived_from"] == [theirs.cacao_id]
    assert document["id"] != theirs.cacao_id
    assert document["created"] == document["modified"]
    assert document["created_by"] == f"identity--{cast.id('ashbourne')}"


def test_what_cannot_be_shown_is_refused_and_says_where(client_of, inside, cast):
    document = small_document()
    actions = [key for key, step in document["workflow"].items() if step["type"] == "action"]
    ends = [key for key, step in document["workflow"].items() if step["type"] == "end"]
    for key in actions:  # branches that share one end
        if document["workflow"][key].get("on_completion") in ends:
            document["workflow"][key]["on_completion"] = ends[0]
    with inside("ashbourne"):
        kept, _ = keep_playbook(document, organisation_id=cast.id("ashbourne"))
    refused = client_of("ashbourne").post(f"/playbooks/{kept.pk}/edit/")
    assert refused.status_code == 422
    assert "without losing" in refused.content.decode()


def test_techniques_are_looked_up_with_and_without_htmx(client_of):
    client = client_of("gravenhurst", "observer")
    page = client.get("/techniques/?q=T1210").content.decode()
    assert "Exploitation of Remote Services" in page
    assert "D3-BDI" in page
    boxes = client.get("/techniques/?find=account+locking", headers={"HX-Request": "true"}).content.decode()
    assert 'value="D3-AL"' in boxes
    assert "<html" not in boxes


def test_how_long_it_is_valid_and_that_it_is_revoked_is_written_in_the_editor(client_of, inside, cast):
    document = small_document() | {"valid_from": "2026-01-31T08:15:00.000Z"}
    with inside("ashbourne"):
        kept, _ = keep_playbook(document, organisation_id=cast.id("ashbourne"))
    client = client_of("ashbourne")
    editor = Editor(client, client.post(f"/playbooks/{kept.pk}/edit/")["Location"])
    assert "Valid from 2026-01-31." in editor.page()
    said = {"name": document["name"], "types": ["mitigation"], "valid_from": "2026-01-31"}
    for until, words in (("2026-01-30", "the day on which it begins"), ("soon", "must be a day")):
        refused = client.post(f"{editor.path}about/", said | {"version": editor.version(), "valid_until": until})
        assert refused.status_code == 422
        assert words in refused.content.decode()
    right = said | {"valid_until": "2099-04-30", "revoked": "on"}
    assert client.post(f"{editor.path}about/", right | {"version": editor.version()}).status_code == 302
    assert "It is revoked" in editor.page()
    published = client.post(f"{editor.path}publish/", {"version": editor.version()})["Location"]
    newer = json.loads(client.get(f"{published}document/").content)
    times = [newer["valid_from"], newer["valid_until"], newer["revoked"]]
    assert times == ["2026-01-31T08:15:00.000Z", "2099-04-30T23:59:59.999Z", True]
    # Whoever copies it makes a playbook that nobody has revoked; its maker may take the end away again.
    other = client_of("northgate")
    copy = Editor(other, other.post(f"{published}edit/")["Location"])
    assert "It is revoked" not in copy.page()
    again = Editor(client, client.post(f"{published}edit/")["Location"])
    without = {"name": document["name"], "types": ["mitigation"], "version": again.version()}
    assert client.post(f"{again.path}about/", without).status_code == 302
    assert "Valid" not in again.page()
    assert "It is revoked" not in again.page()
