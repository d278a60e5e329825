"""An incident that a tool's alert opened says so until a person has looked; incidents that are linked as one campaign."""

import uuid

import django.db.models.deletion
from django.db import migrations, models

from portal.tenancy.policies import ME, Allow, protect

APP = "portal_app"
DEFINER = "SECURITY DEFINER SET search_path = pg_catalog, pg_temp"
TOOLS = [("siem", "SIEM"), ("monitoring", "Monitoring"), ("tool", "Alert tool")]
LOOKING = f"""
-- Whose tool it is, is never typed; that a person has looked is said by a person's own act alone.
CREATE FUNCTION sec.incident_by_tool() RETURNS trigger LANGUAGE plpgsql {DEFINER} AS $$
BEGIN
    NEW.looked_at := NULL;
    NEW.tool_of := CASE WHEN NEW.tool_kind = '' THEN '' ELSE coalesce(
        (SELECT o.name FROM public.partners_organisation o WHERE o.id = NEW.lead_id), '') END;
    RETURN NEW;
END $$;
CREATE TRIGGER incident_by_tool BEFORE INSERT ON incidents_incident
    FOR EACH ROW EXECUTE FUNCTION sec.incident_by_tool();
CREATE FUNCTION sec.incident_seen() RETURNS trigger LANGUAGE plpgsql {DEFINER} AS $$
BEGIN
    IF sec.who() IS NOT NULL THEN
        NEW.looked_at := clock_timestamp();
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER incident_seen BEFORE UPDATE OF status ON incidents_incident FOR EACH ROW
    WHEN (OLD.tool_kind <> '' AND OLD.looked_at IS NULL AND NEW.status <> OLD.status)
    EXECUTE FUNCTION sec.incident_seen();
-- Whether that is news.
CREATE FUNCTION sec.look_at_incident(incident uuid) RETURNS boolean LANGUAGE plpgsql {DEFINER} AS $$
BEGIN
    IF sec.who() IS NULL OR sec.role() NOT IN ('administrator', 'incident_manager') OR NOT EXISTS (
            SELECT 1 FROM public.incidents_incident i WHERE i.id = incident AND i.lead_id = sec.me()) THEN
        RAISE EXCEPTION 'an incident manager of the lead says that a person has looked' USING ERRCODE = '42501';
    END IF;
    UPDATE public.incidents_incident i SET looked_at = clock_timestamp()
     WHERE i.id = incident AND i.tool_kind <> '' AND i.looked_at IS NULL;
    RETURN FOUND;
END $$;
REVOKE ALL ON FUNCTION sec.incident_by_tool(), sec.incident_seen(), sec.look_at_incident(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sec.look_at_incident(uuid) TO portal_app;
"""
BACKWARD = """
DROP TRIGGER incident_seen ON incidents_incident; DROP TRIGGER incident_by_tool ON incidents_incident;
DROP FUNCTION sec.look_at_incident(uuid), sec.incident_seen(), sec.incident_by_tool();
"""
IN_BOTH = " AND ".join(
    f"EXISTS (SELECT 1 FROM incidents_incident i WHERE i.id = incidents_campaignlink.{end} AND {ME} = ANY (i.participants))"
    for end in ("one_id", "other_id")
)
WRITES = f"made_by_id = {ME} AND {IN_BOTH}"


class Migration(migrations.Migration):
    dependencies = [("incidents", "0049_resumed")]
    operations = [
        migrations.AddField(
            "incident",
            "tool_kind",
            models.TextField(blank=True, choices=TOOLS, db_default="", default="", editable=False),
        ),
        migrations.AddField(
            "incident", "tool_of", models.TextField(blank=True, db_default="", default="", editable=False)
        ),
        migrations.AddField("incident", "looked_at", models.DateTimeField(editable=False, null=True)),
        migrations.AddConstraint(
            "incident",
            models.CheckConstraint(
                condition=models.Q(("tool_kind__in", ["", "siem", "monitoring", "tool"])), name="incident_tool_kind"
            ),
        ),
        migrations.RunSQL(LOOKING, BACKWARD),
        migrations.CreateModel(
            name="CampaignLink",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("name", models.TextField()),
                ("at", models.DateTimeField()),
                *(
                    (
                        field,
                        models.ForeignKey(
                            on_delete=django.db.models.deletion.CASCADE, related_name="+", to="incidents.incident"
                        ),
                    )
                    for field in ("one", "other")
                ),
                (
                    "made_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="partners.organisation"
                    ),
                ),
            ],
            options={
                "ordering": ["name", "at"],
                "constraints": [
                    models.UniqueConstraint(fields=("one", "other"), name="campaign_link_once"),
                    models.CheckConstraint(
                        condition=models.Q(("one__lt", models.F("other"))), name="campaign_link_order"
                    ),
                ],
            },
        ),
        protect(
            "incidents_campaignlink",
            Allow(APP, "select", IN_BOTH),
            Allow(APP, "insert", WRITES),
            Allow(APP, "delete", WRITES),
        ),
    ]
