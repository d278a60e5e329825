"""Messages to channels and browsers: what a worker needs to send them, and the wishes of whoever is told.

Where a message goes is known to the queue by the first half of a hash alone: enough to shut one host, and no more.
"""

from django.db import migrations, models

DEFINER = "SECURITY DEFINER SET search_path = pg_catalog, pg_temp"
GRANTS = "GRANT SELECT (host_key, quiet) ON notifications_delivery TO portal_worker;"
GRANTS_BACK = "REVOKE SELECT (host_key, quiet) ON notifications_delivery FROM portal_worker;"

SENDING = f"""
-- The sealed addresses of what a worker holds; `sec.claimed` says the rest.
CREATE FUNCTION sec.claimed_addresses(worker text) RETURNS TABLE (id uuid, organisation_id uuid, contact_point_id uuid,
    host_key text, sealed bytea) LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT d.id, d.organisation_id, a.contact_point_id, d.host_key, a.sealed
      FROM public.notifications_delivery d
      JOIN public.partners_sealedaddress a ON a.contact_point_id = d.contact_point_id AND a.organisation_id = d.organisation_id
     WHERE d.claimed_by = worker AND worker <> '' AND d.state = 'claimed' AND d.claimed_until > clock_timestamp()
$$;
-- A message learns where it goes, and waits while its person wants to be left alone. Whom the ladder calls after somebody
-- was silent is woken: else it would climb all night over people who hear nothing. So is whoever has to do something now.
CREATE FUNCTION sec.as_they_wish() RETURNS trigger LANGUAGE plpgsql {DEFINER} AS $$
DECLARE later timestamptz; BEGIN
    IF NEW.way IN ('teams', 'slack', 'push') THEN
        NEW.host_key := coalesce((SELECT left(encode(sha256(convert_to(c.host, 'UTF8')), 'hex'), 16)
            FROM public.partners_contactpoint c WHERE c.id = NEW.contact_point_id AND c.host <> ''), '');
    END IF;
    IF NEW.incident_id IS NOT NULL AND NEW.person_id IS NOT NULL AND NEW.way <> 'phone'
       AND NOT EXISTS (SELECT 1 FROM public.notifications_ladderstep s WHERE s.id = NEW.step_id AND s.nth > 1)
       AND NEW.message NOT IN ('lead_offered', 'leads_now', 'update_asked', 'update_due') THEN
        later := sec.quiet_until(NEW.person_id,
            (SELECT i.severity FROM public.incidents_incident i WHERE i.id = NEW.incident_id), NEW.due_at);
        IF later > NEW.due_at THEN
            NEW.due_at := later;
            NEW.quiet := true;
        END IF;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER wishes BEFORE INSERT ON notifications_delivery FOR EACH ROW WHEN (NEW.state = 'pending')
    EXECUTE FUNCTION sec.as_they_wish();
-- It has become worse: what its people wanted to read in the morning goes now.
CREATE FUNCTION sec.quiet_over() RETURNS trigger LANGUAGE plpgsql {DEFINER} AS $$
BEGIN
    UPDATE public.notifications_delivery d SET due_at = clock_timestamp(), quiet = false
     WHERE d.incident_id = NEW.id AND d.quiet AND d.state = 'pending' AND d.attempts = 0 AND d.due_at > clock_timestamp()
       AND sec.quiet_until(d.person_id, NEW.severity, clock_timestamp()) IS NULL;
    RETURN NULL;
END $$;
CREATE TRIGGER quiet_over AFTER UPDATE OF severity ON incidents_incident FOR EACH ROW
    WHEN (NEW.severity IS DISTINCT FROM OLD.severity) EXECUTE FUNCTION sec.quiet_over();
REVOKE ALL ON FUNCTION sec.claimed_addresses(text), sec.as_they_wish(), sec.quiet_over() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sec.claimed_addresses(text) TO portal_worker;
"""
BACKWARD = """
DROP TRIGGER quiet_over ON incidents_incident;
DROP TRIGGER wishes ON notifications_delivery;
DROP FUNCTION sec.quiet_over(), sec.as_they_wish(), sec.claimed_addresses(text);
"""

# A channel of which nobody has said what it rides on is doubted with whatever logs its people in (accounts have a realm
# there, or it holds log-ins) and with whatever their own mail rides on.
REACHED = f"""
CREATE OR REPLACE FUNCTION sec.reached_contact_points() RETURNS TABLE (contact_point_id uuid, incident_id uuid,
    incident_reference text, exercise boolean, system_name text)
LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT c.id, i.id, i.reference, i.exercise, coalesce(nullif(s.spoken, ''), s.name)
      FROM (SELECT sec.me() AS me) m
      JOIN public.partners_contactpoint c ON c.organisation_id = m.me
      JOIN public.partners_sharedsystem s ON @rides@
      JOIN public.incidents_incident i ON m.me = ANY (i.participants) AND i.status <> 'closed'
      JOIN public.incidents_radius r ON r.incident_id = i.id AND r.document -> 'reached_systems' ? s.id::text
     ORDER BY i.opened_at
$$;
"""
SAID = "s.id = c.rides_on_id"
UNSAID = """(s.id = c.rides_on_id OR c.rides_on_id IS NULL AND c.kind IN ('teams', 'slack')
           AND s.id = ANY (sec.my_systems())
           AND (s.account_realms <> '{}' OR 'identity' = ANY (s.data_categories)
                OR EXISTS (SELECT 1 FROM public.partners_contactpoint e WHERE e.organisation_id = m.me AND e.is_active
                              AND e.kind = 'email' AND e.rides_on_id = s.id)))"""


class Migration(migrations.Migration):
    dependencies = [("notifications", "0022_more_marks"), ("partners", "0019_more_kinds")]
    operations = [
        migrations.AddField("delivery", "host_key", models.TextField(blank=True, db_default="", default="")),
        migrations.AddField("delivery", "quiet", models.BooleanField(db_default=False, default=False)),
        migrations.RunSQL(GRANTS, GRANTS_BACK),
        migrations.RunSQL(SENDING, BACKWARD),
        migrations.RunSQL(REACHED.replace("@rides@", UNSAID), REACHED.replace("@rides@", SAID)),
    ]
