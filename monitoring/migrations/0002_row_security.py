"""Alerts and rules are read by their own organisation alone. Rules are loaded by the owner; alerts are written once."""

from django.db import migrations

from portal.tenancy.policies import ME, Allow, protect

APP = "portal_app"
OWN = f"organisation_id = {ME}"
# Foreign keys look past row security, so the policy looks whether the writer may see what is named.
OWN_RULE = "rule_id IS NULL OR EXISTS (SELECT 1 FROM monitoring_alertrule r WHERE r.id = monitoring_alert.rule_id)"
SEEN_INCIDENT = (
    "incident_id IS NULL OR EXISTS (SELECT 1 FROM incidents_incident i WHERE i.id = monitoring_alert.incident_id)"
)


class Migration(migrations.Migration):
    dependencies = [("monitoring", "0001_initial"), ("incidents", "0002_row_security")]
    operations = [
        protect("monitoring_alertrule", Allow(APP, "select", OWN)),
        protect(
            "monitoring_alert",
            Allow(APP, "select", OWN),
            Allow(APP, "insert", f"{OWN} AND ({OWN_RULE}) AND ({SEEN_INCIDENT})"),
        ),
    ]
