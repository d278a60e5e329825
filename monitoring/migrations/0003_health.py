"""What a probe and a scraper may know without a ticket: which migrations are there, and counts over all organisations."""

from django.db import migrations

FORWARD = """
CREATE FUNCTION sec.migrations_applied() RETURNS TABLE (app text, name text) LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$ SELECT m.app::text, m.name::text FROM public.django_migrations m $$;

CREATE FUNCTION sec.queues() RETURNS TABLE (queue text, state text, waiting bigint, oldest_due_seconds double precision)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT 'planning', p.state, count(*), max(extract(epoch FROM now() - p.due_at)::double precision)
           FILTER (WHERE p.state IN ('pending', 'claimed') AND p.due_at <= now())
      FROM public.notifications_planning p GROUP BY p.state
    UNION ALL
    SELECT 'delivery', d.state, count(*), max(extract(epoch FROM now() - d.due_at)::double precision)
           FILTER (WHERE d.state IN ('pending', 'claimed') AND d.due_at <= now())
      FROM public.notifications_delivery d GROUP BY d.state
    UNION ALL
    SELECT 'run', 'pending', count(*), max(extract(epoch FROM now() - r.due_at)::double precision)
           FILTER (WHERE r.due_at <= now())
      FROM public.incidents_run r WHERE r.due_at IS NOT NULL
$$;

REVOKE ALL ON FUNCTION sec.migrations_applied(), sec.queues() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sec.migrations_applied(), sec.queues() TO portal_auth;
"""


class Migration(migrations.Migration):
    dependencies = [("monitoring", "0002_row_security"), ("notifications", "0002_row_security")]
    operations = [migrations.RunSQL(FORWARD, "DROP FUNCTION sec.queues(), sec.migrations_applied();")]
