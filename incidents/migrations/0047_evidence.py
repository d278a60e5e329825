"""Evidence with a task or an own action: the organisation's own and nobody else's. Only its SHA-256 outlives its removal.

No `sec.readers_of_task_evidence` and no `sec.readers_of_own_evidence` exist: the store lets nobody but the owner read.
"""

from django.db import migrations

DEFINER = "SECURITY DEFINER SET search_path = pg_catalog, pg_temp"

EVIDENCE = f"""
-- That the object is of the ticket's organisation, and that the person may write there; its purpose in the store.
CREATE FUNCTION sec.evidence_may(kind text, which uuid) RETURNS text LANGUAGE plpgsql STABLE {DEFINER} AS $$
DECLARE me uuid := sec.me(); BEGIN
    IF me IS NULL OR sec.who() IS NULL OR sec.role() IN ('', 'observer') OR which IS NULL OR NOT coalesce(CASE kind
            WHEN 'task' THEN EXISTS (SELECT 1 FROM public.incidents_task t WHERE t.id = which AND t.organisation_id = me)
            WHEN 'own' THEN EXISTS (SELECT 1 FROM public.incidents_ownaction a WHERE a.id = which AND a.organisation_id = me)
            ELSE false END, false) THEN
        RAISE EXCEPTION 'a person of the organisation whose role allows it keeps evidence' USING ERRCODE = '42501';
    END IF;
    RETURN kind || '_evidence';
END $$;
-- The row of a file whose bytes have come; NULL: the same bytes are kept there already.
CREATE FUNCTION sec.keep_evidence(kind text, which uuid, stored text, called text, weight bigint, digest bytea,
    looks_like text) RETURNS uuid LANGUAGE plpgsql {DEFINER} AS $$
DECLARE what_for text := sec.evidence_may(kind, which); BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('evidence ' || which, 0));
    IF EXISTS (SELECT 1 FROM public.files_storedfile f WHERE f.owner_id = which AND f.purpose = what_for
                  AND f.organisation_id = sec.me() AND f.sha256 = digest AND f.state = 'kept') THEN
        RETURN NULL;
    END IF;
    RETURN sec.keep_file(what_for, which, stored, called, weight, digest, looks_like, '{{}}');
END $$;
-- Answers the name on the disk, for whoever takes the bytes away after the commit. Evidence is added after the end, for
-- the own review; taken away then only by whoever answers for the incident at home.
CREATE FUNCTION sec.drop_evidence(file uuid) RETURNS text LANGUAGE plpgsql {DEFINER} AS $$
DECLARE f public.files_storedfile; i public.incidents_incident; BEGIN
    SELECT * INTO f FROM public.files_storedfile x WHERE x.id = file AND x.organisation_id = sec.me()
       AND x.purpose IN ('task_evidence', 'own_evidence');
    PERFORM sec.evidence_may(split_part(f.purpose, '_', 1), f.owner_id);
    SELECT n.* INTO i FROM public.incidents_incident n WHERE n.id = coalesce(
        (SELECT t.incident_id FROM public.incidents_task t WHERE t.id = f.owner_id AND f.purpose = 'task_evidence'),
        (SELECT a.incident_id FROM public.incidents_ownaction a WHERE a.id = f.owner_id AND f.purpose = 'own_evidence'))
       FOR SHARE;
    IF (i.status = 'closed' OR i.suspended_at IS NOT NULL) AND sec.role() NOT IN ('administrator', 'incident_manager') THEN
        RAISE EXCEPTION 'once the incident is over, an administrator or incident manager takes evidence away'
            USING ERRCODE = '42501';
    END IF;
    RETURN sec.drop_file(f.id, '{{}}');
END $$;
REVOKE ALL ON FUNCTION sec.evidence_may(text, uuid), sec.keep_evidence(text, uuid, text, text, bigint, bytea, text),
    sec.drop_evidence(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sec.keep_evidence(text, uuid, text, text, bigint, bytea, text), sec.drop_evidence(uuid)
    TO portal_app;
"""
BACKWARD = """
DROP FUNCTION sec.drop_evidence(uuid), sec.keep_evidence(text, uuid, text, text, bigint, bytea, text),
    sec.evidence_may(text, uuid);
"""


class Migration(migrations.Migration):
    dependencies = [("incidents", "0046_untold"), ("files", "0001_initial")]
    operations = [migrations.RunSQL(EVIDENCE, BACKWARD)]
