"""/duty-catalogue/: its organisation reads it, its keepers change it with a passkey, and what was there stays kept."""

from __future__ import annotations

import pytest

from tests.api.asking import check_problem, send

pytestmark = pytest.mark.django_db
DPO = "data_protection_officer"
INSURER = {
    "name": "Tell the insurer", "source": "Policy 4, clause 9", "starts": "reached", "hours": 24, "rule": "clock",
    "judge": "incident_manager", "is_on": True,
}  # fmt: skip
LIST = "/duty-catalogue/"


def lines(client) -> dict[str, dict]:
    return {each["key"]: each for each in send(client, "get", LIST).json()["results"]}


def test_each_reads_its_own_and_its_keepers_change_it(client_of, api_of, cast, seal, inside):
    mine, strangers = lines(api_of("ashbourne")), lines(api_of("gravenhurst"))
    assert (mine["ico_72h"]["hours"], mine["ico_72h"]["is_on"], mine["bill_24h"]["is_on"]) == (72, True, False)
    assert "Not law" in mine["bill_24h"]["note"]
    assert not {each["id"] for each in mine.values()} & {each["id"] for each in strangers.values()}
    bill = f"{LIST}{mine['bill_24h']['id']}/"
    check_problem(send(api_of("gravenhurst"), "get", bill), 404)
    tag = send(api_of("ashbourne"), "get", bill)["ETag"]
    officer = client_of("ashbourne", DPO, fresh=True)
    change = {"is_on": True, "judge": "administrator"}
    for who in (api_of("ashbourne"), client_of("ashbourne", fresh=True), client_of("ashbourne", DPO)):
        check_problem(send(who, "patch", bill, change, If_Match=tag), 403)  # a key, a manager, a passkey of long ago
    check_problem(send(client_of("gravenhurst", "administrator", fresh=True), "patch", bill, change, If_Match="*"), 404)
    check_problem(send(officer, "patch", bill, change), 428)
    check_problem(send(officer, "patch", bill, {"hours": 240}, If_Match=tag), 422)  # the law's
    changed = send(officer, "patch", bill, change, If_Match=tag)
    assert (changed.status_code, changed.json()["is_on"], changed.json()["judge"]) == (200, True, "administrator")
    check_problem(send(officer, "patch", bill, {"is_on": False}, If_Match=tag), 412)
    # What goes to the Commissioner is judged by the data protection officer.
    ico = f"{LIST}{mine['ico_72h']['id']}/"
    check_problem(send(officer, "patch", ico, {"judge": "incident_manager"}, If_Match="*"), 409)

    made = send(client_of("ashbourne", "administrator", fresh=True), "post", LIST, INSURER)
    assert made.status_code == 201
    assert made.json()["standard"] is False
    assert "Tell the insurer" not in str(lines(api_of("gravenhurst")))
    check_problem(send(officer, "post", LIST, {**INSURER, "hours": 9000}), 422)
    with inside("ashbourne"):
        seal()
    events = send(client_of("ashbourne", DPO), "get", "/events/").json()["results"]
    was_and_now = [each["data"] for each in events if each["kind"] == "duty.catalogued"]
    assert [(each["was"] and each["was"]["is_on"], each["now"]["is_on"]) for each in was_and_now] == [
        (False, True), (None, True)
    ]  # fmt: skip
    assert (was_and_now[0]["was"]["judge"], was_and_now[0]["now"]["judge"]) == (DPO, "administrator")
    assert was_and_now[1]["now"]["name"] == "Tell the insurer"
    assert "duty.catalogued" not in send(api_of("gravenhurst"), "get", "/events/").content.decode()
