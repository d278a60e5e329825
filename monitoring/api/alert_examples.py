"""One example of each tool's payload, for the documentation. The tests post them."""

from typing import Any

EXAMPLES: dict[str, dict[str, Any]] = {
    "generic": {"rule": "intruder-confirmed", "title": "Intruder at the directory", "severity": "high"},
    "alertmanager": {
        "version": "4",
        "groupKey": '{}:{alertname="UnknownAdministrator"}',
        "truncatedAlerts": 0,
        "status": "firing",
        "receiver": "bulkhead",
        "groupLabels": {"alertname": "UnknownAdministrator"},
        "commonLabels": {"alertname": "UnknownAdministrator", "severity": "critical"},
        "commonAnnotations": {},
        "externalURL": "https://alertmanager.example",
        "alerts": [
            {
                "status": "firing",
                "labels": {
                    "alertname": "UnknownAdministrator",
                    "severity": "critical",
                    "system": "identity-platform",
                    "instance": "dc-01:9182",
                },
                "annotations": {"summary": "A new administrator on dc-01"},
                "startsAt": "2026-11-20T08:12:00Z",
                "endsAt": "0001-01-01T00:00:00Z",
                "generatorURL": "https://prometheus.example/graph?g0.expr=new_admin",
                "fingerprint": "8a1d3f7b2c9e4056",
            }
        ],
    },
    "sentinel": {
        "objectSchemaType": "Incident",
        "objectEventType": "Create",
        "object": {
            "id": "/subscriptions/0/providers/Microsoft.SecurityInsights/Incidents/5f0f3a62",
            "name": "5f0f3a62-7c1d-4b55-9d4e-0a3b5c7d9e11",
            "type": "Microsoft.SecurityInsights/Incidents",
            "properties": {
                "title": "Sign-in to another council's file server",
                "severity": "High",
                "status": "New",
                "incidentNumber": 20417,
                "incidentUrl": "https://portal.azure.example/incident/5f0f3a62",
                "relatedEntities": [
                    {"kind": "Account", "properties": {"accountName": "svc-backup", "upnSuffix": "ashbourne"}},
                    {"kind": "Host", "properties": {"hostName": "file-02", "dnsDomain": "coldharbour.example"}},
                ],
            },
        },
    },
    "elastic": {
        "alerts": [
            {
                "kibana.alert.uuid": "c3f9b7e2a1",
                "kibana.alert.rule.name": "Volume shadow copies deleted",
                "kibana.alert.severity": "critical",
                "kibana.alert.reason": "vssadmin on file-01 by svc-backup",
                "kibana.alert.status": "active",
                "kibana.alert.url": "https://kibana.example/app/security/alerts/c3f9b7e2a1",
                "host": {"name": "file-01"},
                "user": {"name": "svc-backup", "domain": "ashbourne"},
            }
        ]
    },
    "ocsf": {
        "class_uid": 2004,
        "category_uid": 2,
        "type_uid": 200401,
        "activity_id": 1,
        "severity_id": 5,
        "status_id": 1,
        "time": 1795593600000,
        "message": "An account of another organisation became an administrator",
        "metadata": {"version": "1.3.0", "product": {"name": "Watchtower", "vendor_name": "Example"}},
        "finding_info": {
            "uid": "wt-7731",
            "title": "Foreign account made administrator",
            "src_url": "https://watchtower.example/findings/wt-7731",
        },
        "evidences": [
            {
                "actor": {"user": {"name": "svc-backup", "domain": "ashbourne"}},
                "device": {"hostname": "file-02"},
            }
        ],
    },
}
