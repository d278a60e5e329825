"""A replay belongs to the organisation whose POST it answers."""

from django.db import migrations

from portal.tenancy.policies import MINE, Allow, protect

OWN = f"organisation_id = {MINE}"


class Migration(migrations.Migration):
    dependencies = [("api", "0001_initial"), ("tenancy", "0001_tickets")]
    operations = [
        protect(
            "api_replay",
            Allow("portal_app", "select", OWN),
            Allow("portal_app", "insert", OWN),
            Allow("portal_app", "delete", OWN),
        ),
        migrations.RunSQL(
            """
            CREATE FUNCTION sec.sweep_replays() RETURNS bigint LANGUAGE sql SECURITY DEFINER
            SET search_path = pg_catalog, pg_temp AS $$
                WITH gone AS (DELETE FROM public.api_replay WHERE created_at < now() - interval '24 hours' RETURNING 1)
                SELECT count(*) FROM gone
            $$;
            REVOKE ALL ON FUNCTION sec.sweep_replays() FROM PUBLIC;
            GRANT EXECUTE ON FUNCTION sec.sweep_replays() TO portal_worker;
            """,
            "DROP FUNCTION sec.sweep_replays();",
        ),
    ]
