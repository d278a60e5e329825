"""What each tool's own payload says, without a rule's help: expectations read out of the files by hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from incidents.errors import Invalid
from monitoring.tools import TOOLS
from monitoring.tools.shape import Reading

DATA = Path(__file__).parents[1] / "data" / "alerts"


def payload(name: str) -> dict[str, Any]:
    return json.loads((DATA / f"{name}.json").read_text())


def readings(tool: str, name: str) -> list[Reading]:
    return [TOOLS[tool].read(each) for each in TOOLS[tool].split(payload(name))]


def test_alertmanager_names_title_severity_account_host_and_its_fingerprint():
    first, second = readings("alertmanager", "alertmanager")
    assert first == Reading(
        title="svc-backup became a domain administrator",
        severity="critical",
        accounts=("svc-backup@ashbourne",),
        hosts=("identity-platform", "dc-01"),
        reference="3b15fd163d36582e",
        link="http://prometheus.ashbourne.example:9090/graph?g0.expr=new_domain_admin&g0.tab=1",
        key="3b15fd163d36582e",
    )
    assert (second.title, second.severity, second.hosts) == ("NewDomainAdmin", "warning", ("[fd00::7]",))
    assert second.link == "https://alertmanager.ashbourne.example"


def test_alertmanager_says_of_each_alert_whether_it_is_over():
    body = payload("alertmanager")
    body["alerts"][1]["status"] = "resolved"
    assert [TOOLS["alertmanager"].read(each).resolved for each in TOOLS["alertmanager"].split(body)] == [False, True]


def test_sentinel_by_its_logic_app_and_by_graph():
    [incident] = readings("sentinel", "sentinel-logic-app")
    assert incident == Reading(
        title="Sign-in to another council's file server",
        severity="high",
        accounts=("svc-backup@ASHBOURNE",),
        hosts=("file-02", "file-services"),
        reference="3177",
        link="https://portal.azure.example/#asset/Microsoft_Azure_Security_Insights/Incident/73e01a99",
        key="73e01a99-5cd7-4139-a149-9f2736ff2ab5",
    )
    found, alert = readings("sentinel", "sentinel-graph")
    assert (found.title, found.severity, found.key) == ("Multi-stage incident on one endpoint", "medium", "2972395")
    assert (found.accounts, found.hosts) == (("p.nair@ashbourne",), ("vpn-gw",))
    assert (alert.title, alert.resolved) == ("Suspicious sign-in", True)
    assert alert.link == "https://security.microsoft.example/alerts/da637551227677560814_1"


def test_elastic_by_connector_by_hit_and_by_case():
    [alert] = readings("elastic", "elastic-connector")
    assert alert == Reading(
        title="Shadow copies deleted: process event by svc-backup on file-01",
        severity="high",
        accounts=("svc-backup@ashbourne",),
        hosts=("file-01",),
        reference="6c8f5a5b3d",
        link="https://kibana.ashbourne.example/app/security/alerts/redirect/6c8f5a5b3d",
        key="6c8f5a5b3d",
    )
    [hit] = readings("elastic", "elastic-hit")
    assert (hit.key, hit.hosts, hit.severity, hit.resolved) == ("b0c2", ("identity-platform",), "low", True)
    [case] = readings("elastic", "elastic-case")
    assert (case.title, case.key, case.link, case.resolved) == ("Ransom note found", "7f3a", "", False)


def test_ocsf_detection_and_incident_findings():
    [found] = readings("ocsf", "ocsf-detection")
    assert found == Reading(
        title="Foreign account made administrator",
        severity="critical",
        accounts=("svc-backup@ashbourne", "p.nair@ashbourne"),
        hosts=("file-02", "file-services"),
        reference="wt-7731",
        link="https://watchtower.example/findings/wt-7731",
        key="wt-7731",
    )
    [incident] = readings("ocsf", "ocsf-incident")
    assert (incident.title, incident.key, incident.resolved) == ("Several foreign sign-ins", "inc-12", True)


@pytest.mark.parametrize(
    ("tool", "change", "pointer"),
    [
        ("alertmanager", {"version": "3"}, "/version"),
        ("alertmanager", {"groupKey": None}, "/groupKey"),
        ("alertmanager", {"alerts": []}, "/alerts"),
        ("alertmanager", {"alerts": [{"status": ["firing"]}]}, "/alerts/0/status"),
        ("alertmanager", {"alerts": [{"status": "firing", "labels": 3}]}, "/alerts/0/labels"),
        ("alertmanager", {"alerts": [{"status": "firing"}]}, "/alerts/0/fingerprint"),
        ("sentinel", {"object": {"properties": 3}}, "/object/properties"),
        ("sentinel", {"object": {"properties": {}}}, "/object/properties/title"),
        ("sentinel", {"object": None, "title": "x"}, "/object/properties"),
        ("elastic", {"context": {"alerts": [{"a": 1}]}, "rule": None}, "/context/alerts/0"),
        ("ocsf", {"class_uid": [2004]}, "/class_uid"),
        ("ocsf", {"finding_info": "x"}, "/finding_info/uid"),
        ("ocsf", {"class_uid": 2005}, "/finding_info_list"),
    ],
)
def test_another_shape_is_refused_with_a_pointer(tool, change, pointer):
    names = {"sentinel": "sentinel-logic-app", "elastic": "elastic-connector", "ocsf": "ocsf-detection"}
    with pytest.raises(Invalid) as refused:
        TOOLS[tool].split({**payload(names.get(tool, tool)), **change})
    assert refused.value.faults[0].pointer == pointer


def test_whatever_stands_in_a_field_no_reader_fails():
    """Every value of every payload, in turn, by each kind of thing that JSON knows."""
    odd: list[Any] = [None, True, 0, 1.5, "x", [], [[]], {}, {"a": []}, [None], ["x"], [{}]]
    tried = 0
    for tool, name in (("alertmanager",) * 2, ("sentinel", "sentinel-logic-app"), ("sentinel", "sentinel-graph"),
                       ("elastic", "elastic-connector"), ("elastic", "elastic-case"), ("ocsf", "ocsf-detection"),
                       ("ocsf", "ocsf-incident")):  # fmt: skip
        for path in paths(payload(name)):
            for value in odd:
                body = payload(name)
                put(body, path, value)
                try:
                    found = [TOOLS[tool].read(each) for each in TOOLS[tool].split(body)]
                except Invalid:
                    continue
                tried += 1
                for each in found:
                    assert all(isinstance(text, str) for text in (each.title, each.severity, each.key, each.link))
    assert tried > 1000


def paths(document: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    items = (
        document.items() if isinstance(document, dict) else enumerate(document) if isinstance(document, list) else ()
    )
    return [each for key, value in items for each in ((*at, key), *paths(value, (*at, key)))]


def put(document: Any, path: tuple[Any, ...], value: Any) -> None:
    for key in path[:-1]:
        document = document[key]
    document[path[-1]] = value
