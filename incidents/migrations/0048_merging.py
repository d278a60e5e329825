"""Two incidents that are the same thing: one is closed as a duplicate and names the other. A function alone says which."""

from django.db import migrations, models

DEFINER = "SECURITY DEFINER SET search_path = pg_catalog, pg_temp"
MERGING = f"""
-- Once, by the lead of both, of one that is closed as a duplicate, into one that goes on. Nothing leads back.
CREATE FUNCTION sec.merged_into(closed uuid, goes_on uuid) RETURNS void LANGUAGE plpgsql {DEFINER} AS $$
BEGIN
    IF sec.who() IS NULL OR sec.role() NOT IN ('administrator', 'incident_manager') OR closed = goes_on OR 2 <> (
            SELECT count(*) FROM public.incidents_incident i
             WHERE i.id IN (closed, goes_on) AND i.lead_id = sec.me()) THEN
        RAISE EXCEPTION 'an incident manager of the lead of both merges them' USING ERRCODE = '42501';
    END IF;
    UPDATE public.incidents_incident b SET merged_into_id = goes_on FROM public.incidents_incident a
     WHERE b.id = closed AND b.status = 'closed' AND b.outcome = 'duplicate' AND b.merged_into_id IS NULL
       AND a.id = goes_on AND a.status <> 'closed' AND a.exercise = b.exercise;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'a duplicate that is closed goes into one that is open, once' USING ERRCODE = '23514';
    END IF;
END $$;
REVOKE ALL ON FUNCTION sec.merged_into(uuid, uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sec.merged_into(uuid, uuid) TO portal_app;
"""


class Migration(migrations.Migration):
    dependencies = [("incidents", "0047_evidence")]
    operations = [
        migrations.AddField("incident", "merged_into_id", models.UUIDField(editable=False, null=True)),
        migrations.RunSQL(MERGING, "DROP FUNCTION sec.merged_into(uuid, uuid);"),
    ]
