"""Pages of permissions and standing access, as people of both sides use them, and the API beside them."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from partners import standing_access
from partners.models import Approval, Integration, SharedSystem, StandingAccess
from partners.permissions import State, today
from tests.partners.permitted import in_force, line, proposed, seen

pytestmark = pytest.mark.django_db
LAPSED = "Ashbourne nightly backup to Coldharbour file-02"


def text(response):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


def filled(cast, inside, **how):
    """What Ashbourne types to ask Coldharbour."""
    with inside("ashbourne"):
        from_list = {each.slug: str(each.pk) for each in SharedSystem.objects.all()}
    return {
        "other": str(cast.id("coldharbour")),
        "side": "grantee",
        "name": "Weekly export",
        "purpose": "Export of cases",
        "accounts": "svc-export@ashbourne\nsvc-*@ashbourne",
        "systems": [from_list["file-services"]],
        "from_system": "",
        "direction": "to_grantor",
        "data_classes": ["personal"],
        "starts_on": today().isoformat(),
        "review_on": today().isoformat(),
        "expires_on": (today() + timedelta(days=30)).isoformat(),
        "owner": str(cast.visitor("ashbourne").person_id),
        "kill_switch_name": "Night desk",
        "kill_switch_how": "Ring 01632 960 077",
        **how,
    }


def test_from_the_proposal_to_the_end_through_the_pages(client_of, inside, cast):
    ashbourne, coldharbour = client_of("ashbourne", fresh=True), client_of("coldharbour", fresh=True)
    made = ashbourne.post("/permissions/propose/", filled(cast, inside))
    assert made.status_code == 302, text(made)
    address = made["Location"]
    page = text(coldharbour.get(address))
    assert "Version 1 waits for both sides" in page
    assert "svc-export@ashbourne, svc-*@ashbourne" in page
    assert "Ring 01632 960 077" in page
    refused = coldharbour.post(f"{address}owner/", {"version": 1, "owner": "", "reason": ""})
    assert refused.status_code == 409
    assert "Choose who owns it on your side" in text(refused)
    taken = coldharbour.post(
        f"{address}owner/",
        {"version": 1, "owner": str(cast.visitor("coldharbour").person_id), "reason": "As agreed"},
    )
    assert taken.status_code == 302, text(taken)
    assert "has asked you to approve it" in text(ashbourne.get(address))
    with inside("ashbourne"):
        approval = Approval.objects.get(kind="permit_integration")
        assert approval.effects[0] == "Coldharbour permits Ashbourne: Weekly export, version 1."
    assert ashbourne.post(f"/approvals/{approval.pk}/approve/").status_code == 302
    page = text(ashbourne.get(address))
    assert "In force" in page
    assert "Maeve Donnelly, Coldharbour, and Priya Nair, Ashbourne" in page
    assert "Weekly export" in text(client_of("northgate").get("/permissions/"))
    assert "Ring 01632 960 077" not in text(client_of("northgate").get("/permissions/"))
    ended = coldharbour.post(f"{address}end/", {"because": ""})
    assert ended.status_code == 409
    assert "Say why, in a few words." in text(ended)
    assert coldharbour.post(f"{address}end/", {"because": "Not needed"}).status_code == 302
    assert "Ended by Maeve Donnelly, Coldharbour: Not needed" in text(ashbourne.get(address))


@pytest.mark.parametrize(
    ("how", "says"),
    [
        ({"accounts": "*@ashbourne"}, "cannot stand here"),
        ({"expires_on": "2199-01-01"}, "for a year at most"),
        ({"expires_on": "soon"}, "Choose the last day"),
        ({"data_classes": []}, "Say which data it carries"),
        ({"link_kind": "data_feed"}, "A link leads from a system to a system"),
        ({"purpose": "x\0"}, "Null characters are not allowed"),
    ],
)
def test_what_is_wrong_is_said_and_what_was_typed_is_kept(client_of, inside, cast, how, says):
    answer = client_of("ashbourne").post("/permissions/propose/", filled(cast, inside, **how))
    assert answer.status_code == 422
    assert says in text(answer)
    assert 'value="Weekly export"' in answer.content.decode()
    with inside("ashbourne"):
        assert not Integration.objects.filter(versions__name="Weekly export").exists()


def test_the_lists_show_what_each_may_know_and_the_stranger_nothing(client_of, inside, cast):
    page = text(client_of("ashbourne").get("/permissions/"))
    assert LAPSED in page
    assert "since the end of 30 September 2026; it excuses nothing" in page
    assert "Night handover of telecare cases" in page
    assert LAPSED in text(client_of("northgate").get("/permissions/"))
    stranger = text(client_of("gravenhurst").get("/permissions/"))
    assert LAPSED not in stranger
    assert "No permission is written down" in stranger
    made = in_force(inside, cast)
    for slug in ("gravenhurst", "northgate", "brackenfield"):
        assert client_of(slug).get(f"/permissions/{made}/").status_code == 404


def test_a_change_that_was_read_too_long_ago_is_refused(client_of, inside, cast):
    made = proposed(inside, cast)
    ashbourne = client_of("ashbourne")
    said = filled(cast, inside)
    assert ashbourne.post(f"/permissions/{made}/change/", said | {"after": "1"}).status_code == 302
    late = ashbourne.post(f"/permissions/{made}/change/", said | {"after": "1"})
    assert late.status_code == 422
    assert "Somebody changed it meanwhile" in text(late)
    with inside("ashbourne"):
        assert (seen(made).latest.number, seen(made).state) == (2, State.WAITING)


def unused(line: StandingAccess) -> int:
    """For how many days: the demonstration says 402 on the day it is loaded."""
    assert line.last_used_on is not None
    days = (today() - line.last_used_on).days
    assert days >= 402
    return days


def test_a_council_attests_line_by_line_in_one_form(client_of, inside, cast):
    ashbourne = client_of("ashbourne", fresh=True)
    page = text(ashbourne.get("/access/"))
    assert "NG-ADM" in page
    with inside("ashbourne"):
        lines = {each.name: each for each in standing_access.lines_of(council=cast.id("ashbourne"))}
    scan, group = lines["svc-scan-2019"], lines["NG-ADM"]
    assert f"unused for {unused(scan)} days" in page
    nothing = ashbourne.post("/access/attest/", {})
    assert nothing.status_code == 422
    assert "Choose an answer for at least one line." in text(nothing)
    typed = {f"note-{scan.pk}": "Long gone", f"answer-{group.pk}": "needed", f"read-{group.pk}": "1"}
    half = ashbourne.post("/access/attest/", typed)
    assert half.status_code == 422
    assert 'value="Long gone"' in half.content.decode()
    assert "checked" in half.content.decode()
    done = ashbourne.post(
        "/access/attest/", typed | {f"answer-{scan.pk}": "remove", f"read-{scan.pk}": "1"}, follow=True
    )
    assert "2 lines attested." in text(done)
    northgate = text(client_of("northgate").get("/access/"))
    assert "asked to be removed" in northgate
    assert "Long gone" in northgate
    assert "Priya Nair" not in northgate
    assert "NG-ADM" not in text(client_of("gravenhurst").get("/access/"))


def test_a_provider_writes_a_line_changes_it_and_says_that_it_is_gone(client_of, inside, cast):
    northgate = client_of("northgate", fresh=True)
    typed = {
        "council": str(cast.id("dunmere")), "name": "NG-REMOTE", "kind": "group", "rights": "Signs in everywhere",
        "why": "Night shift", "link_group": "NG-ADM", "last_used_on": today().isoformat(),
    }  # fmt: skip
    wrong = northgate.post("/access/add/", typed | {"rights": ""})
    assert wrong.status_code == 422
    assert 'value="NG-REMOTE"' in wrong.content.decode()
    made = northgate.post("/access/add/", typed)
    assert made.status_code == 302, text(made)
    assert "NG-REMOTE" in text(client_of("dunmere").get("/access/"))
    changed = northgate.post(f"{made['Location']}change/", typed | {"rights": "Reads logs", "read": "1"})
    assert changed.status_code == 302, text(changed)
    assert "Reads logs" in text(client_of("dunmere").get(made["Location"]))
    assert northgate.post(f"{made['Location']}remove/").status_code == 302
    assert "NG-REMOTE" not in text(client_of("dunmere").get("/access/"))
    with inside("northgate"):
        assert StandingAccess.objects.get(name="NG-REMOTE").removed_at is not None


PROPOSAL = {
    "other": "coldharbour", "side": "grantee", "name": "By key", "purpose": "Export", "accounts": ["svc-x@ashbourne"],
    "direction": "both", "data_classes": ["personal"], "systems": ["file-services"],
    "owner": "priya.nair@ashbourne.example", "kill_switch_name": "Desk", "kill_switch_how": "Ring",
}  # fmt: skip


def test_a_key_reads_and_proposes_and_never_approves(api_of, inside):
    days = {name: today().isoformat() for name in ("starts_on", "review_on", "expires_on")}
    api = api_of("ashbourne", ["read", "estate"])
    made = api.post("/api/v1/integrations/", PROPOSAL | days, content_type="application/json")
    assert made.status_code == 201, made.content
    assert made.json()["state"] == "waiting"
    assert made.json()["systems"] == ["file-services"]
    listed = api.get("/api/v1/integrations/").json()["results"]
    assert {each["name"]: each["state"] for each in listed}[LAPSED] == "lapsed"
    one = made["Location"]
    assert api.get(one).json()["id"] == made.json()["id"]
    assert api_of("gravenhurst").get(one).status_code == 404
    assert api_of("northgate").get(one).status_code == 404
    assert api_of("gravenhurst").get("/api/v1/integrations/").json()["results"] == []
    assert (
        api_of("ashbourne", ["read"]).post("/api/v1/integrations/", {}, content_type="application/json").status_code
        == 403
    )
    for wrong, pointer in [
        ({"accounts": ["*@ashbourne"]}, "/accounts"),
        ({"owner": "maeve.donnelly@coldharbour.example"}, "/owner"),
        ({"systems": ["housing-tenancy"]}, "/systems"),
        ({"other": "ashbourne"}, "/other"),
    ]:
        refused = api.post("/api/v1/integrations/", PROPOSAL | days | wrong, content_type="application/json")
        assert refused.status_code == 422
        assert refused.json()["errors"][0]["pointer"].startswith(pointer), refused.content
    for act in ("approve/", "end/"):
        assert api.post(f"{one}{act}").status_code == 404


def test_standing_access_over_the_api_is_both_ends_own(api_of, inside, cast):
    lines = api_of("ashbourne").get("/api/v1/standing-access/").json()["results"]
    assert {each["name"] for each in lines} == {"NG-ADM", "svc-scan-2019"}
    (scan,) = [each for each in lines if each["name"] == "svc-scan-2019"]
    with inside("ashbourne"):
        (line,) = standing_access.lines_of().filter(name="svc-scan-2019")
    assert f"unused for {unused(line)} days" in scan["flags"]
    assert len(api_of("northgate").get("/api/v1/standing-access/").json()["results"]) == 5
    assert api_of("gravenhurst").get("/api/v1/standing-access/").json()["results"] == []
    assert api_of("dunmere").get(scan["url"]).status_code == 404


def test_pages_take_as_many_queries_however_many_rows_there_are(client_of, inside, cast, django_assert_max_num_queries):
    client = client_of("northgate", fresh=True)
    counts = []
    for _ in range(2):
        with django_assert_max_num_queries(40) as taken:
            client.get("/permissions/")
            client.get("/access/")
        counts.append(len(taken))
        for n in range(3):
            in_force(inside, cast, name=f"More {n}")
            with inside("northgate", fresh=True):
                standing_access.keep(line(f"more-{len(counts)}-{n}"), council=cast.id("ashbourne"))
    assert counts[0] == counts[1]
