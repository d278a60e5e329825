"""How many people an opening would tell, and by how many ways it would not: counts only, no address and no name."""

from django.db import migrations

FORWARD = """
CREATE FUNCTION sec.who_would_be_told(starts uuid[])
RETURNS TABLE (organisation_id uuid, told bigint, avoided bigint) LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
DECLARE walked uuid[]; BEGIN
    IF NOT starts <@ sec.my_systems() THEN
        RAISE EXCEPTION 'a start that is not yours' USING ERRCODE = '42501';
    END IF;
    WITH RECURSIVE walk AS (
        SELECT unnest(starts) AS id
        UNION
        SELECT d.target_id FROM walk w JOIN public.partners_dependency d ON d.source_id = w.id
         WHERE NOT (d.cut_source_at IS NOT NULL AND d.cut_target_at IS NOT NULL)
           AND NOT (d.barrier = 'tested' AND d.tested_on IS NOT NULL
                    AND (d.valid_until IS NULL OR d.valid_until >= current_date))
    ) SELECT array_agg(w.id) INTO walked FROM walk w;
    RETURN QUERY
    SELECT c.organisation_id,
           count(DISTINCT coalesce(c.person_id, c.id)) FILTER (WHERE c.trust = 'trusted'
                 AND (c.rides_on_id IS NULL OR c.rides_on_id <> ALL (walked))),
           count(*) FILTER (WHERE c.trust <> 'trusted' OR c.rides_on_id = ANY (walked))
      FROM public.partners_contactpoint c
     WHERE c.is_active AND (
           c.organisation_id IN (SELECT p.organisation_id FROM public.partners_participation p WHERE p.system_id = ANY (walked))
        OR c.organisation_id IN (SELECT s.provider_id FROM public.partners_sharedsystem s WHERE s.id = ANY (walked))
        OR c.organisation_id = sec.me())
     GROUP BY c.organisation_id;
END $$;
REVOKE ALL ON FUNCTION sec.who_would_be_told(uuid[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sec.who_would_be_told(uuid[]) TO portal_app;
"""


class Migration(migrations.Migration):
    dependencies = [("incidents", "0003_triggers")]
    operations = [migrations.RunSQL(FORWARD, "DROP FUNCTION sec.who_would_be_told(uuid[]);")]
