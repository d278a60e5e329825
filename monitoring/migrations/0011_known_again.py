"""What a block is known again by: also whose the names in it were; one that held nothing is not known again."""

from importlib import import_module

from django.db import migrations

TAKING = import_module("monitoring.migrations.0004_access").TAKING
REST = import_module("monitoring.migrations.0008_findings_rest")
DEFINER = "SECURITY DEFINER SET search_path = pg_catalog, pg_temp"

FORWARDS = f"""
-- Another text whenever a name that `sec.whose` may answer became somebody's, or ceased to be.
CREATE FUNCTION sec.names_version() RETURNS text LANGUAGE sql STABLE {DEFINER} AS $$
    WITH mine AS MATERIALIZED (SELECT (SELECT sec.me()) AS me, (SELECT sec.my_systems()) AS systems)
    SELECT md5(concat_ws(' ', (SELECT count(*) || ' ' || max(i.at)
                                 FROM mine m, public.monitoring_identifier i
                                WHERE i.kind NOT IN ('host', 'app') OR i.organisation_id = m.me OR i.system_id = ANY (m.systems)),
                              (SELECT string_agg(o.slug || o.mail_domains::text, ' ' ORDER BY o.slug)
                                 FROM mine m, public.partners_organisation o WHERE m.me IS NOT NULL),
                              (SELECT string_agg(concat_ws(' ', s.id, s.slug, s.owner_id), ' ' ORDER BY s.id)
                                 FROM mine m, public.partners_sharedsystem s WHERE s.id = ANY (m.systems))))
$$;
CREATE FUNCTION sec.forget_blocks(source uuid, digests bytea[]) RETURNS void LANGUAGE plpgsql {DEFINER} AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM public.monitoring_source s WHERE s.id = source AND s.organisation_id = sec.me()) THEN
        RAISE EXCEPTION 'no source of yours' USING ERRCODE = '42501';
    END IF;
    DELETE FROM public.monitoring_block b WHERE b.source_id = source AND b.sha256 = ANY (digests);
END $$;
REVOKE ALL ON FUNCTION sec.names_version(), sec.forget_blocks(uuid, bytea[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sec.names_version(), sec.forget_blocks(uuid, bytea[]) TO portal_app, portal_worker;
"""
TAKES = REST.function(TAKING, "take_sights")
# One number from the system's source of chance for all rows: asked for each, it took a third of the time.
QUICKLY = REST.with_parts(
    TAKES,
    (
        "DECLARE me uuid := sec.me();",
        "DECLARE me uuid := sec.me(); run uuid[] := sec.systems_i_run(); chance text := gen_random_uuid();",
    ),
    ("p.system_id = ANY (sec.systems_i_run())", "p.system_id = ANY (run)"),
    (
        "SELECT gen_random_uuid(), r.kind,",
        "SELECT encode(substr(sha256((chance || row_number() OVER ())::bytea), 1, 16), 'hex')::uuid, r.kind,",
    ),
)
BACKWARDS = "DROP FUNCTION sec.names_version(), sec.forget_blocks(uuid, bytea[]);"


class Migration(migrations.Migration):
    dependencies = [("monitoring", "0010_asked_once")]
    operations = [migrations.RunSQL(FORWARDS, BACKWARDS), migrations.RunSQL(QUICKLY, TAKES)]
