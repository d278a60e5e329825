"""An incident is made worse while its messages are being planned: what was written as quiet meanwhile goes at once, too.

`quiet_over` lets go what stands there when the severity changes. A planner that has not committed yet, or has read the old
severity, writes its rows after that; the change is planned behind it, and looks again.
"""

from django.db import migrations

DEFINER = "SECURITY DEFINER SET search_path = pg_catalog, pg_temp"
RELEASE = f"""
CREATE FUNCTION sec.release_quiet(incident uuid) RETURNS integer LANGUAGE plpgsql {DEFINER} AS $$
DECLARE let_go integer; BEGIN
    UPDATE public.notifications_delivery d SET due_at = clock_timestamp(), quiet = false
      FROM public.incidents_incident i
     WHERE i.id = incident AND d.incident_id = i.id AND d.organisation_id = sec.me() AND d.quiet AND d.state = 'pending'
       AND d.attempts = 0 AND d.due_at > clock_timestamp()
       AND sec.quiet_until(d.person_id, i.severity, clock_timestamp()) IS NULL;
    GET DIAGNOSTICS let_go = ROW_COUNT;
    RETURN let_go;
END $$;
REVOKE ALL ON FUNCTION sec.release_quiet(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sec.release_quiet(uuid) TO portal_worker;
"""


class Migration(migrations.Migration):
    dependencies = [("notifications", "0025_leads_now")]
    operations = [migrations.RunSQL(RELEASE, "DROP FUNCTION sec.release_quiet(uuid);")]
