"""One question for the many things that may stand on a board and mostly do not."""

from django.db import migrations

# With the rights of whoever asks, so that row security answers as it does for the rows themselves; in PL/pgSQL, as that
# keeps the plan of it for as long as the connection lasts.
FORWARDS = """
CREATE FUNCTION sec.board_has(incident uuid, mine uuid) RETURNS text[] LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN array_remove(ARRAY[
        CASE WHEN EXISTS (SELECT 1 FROM public.incidents_handover x WHERE x.incident_id = incident) THEN 'handovers' END,
        CASE WHEN EXISTS (SELECT 1 FROM public.incidents_updaterequest x WHERE x.incident_id = incident
                             AND x.organisation_id = mine AND x.answered_at IS NULL) THEN 'questions' END,
        CASE WHEN EXISTS (SELECT 1 FROM public.incidents_plannedcut x WHERE x.incident_id = incident) THEN 'cuts' END,
        CASE WHEN EXISTS (SELECT 1 FROM public.incidents_plannedcutside x WHERE x.incident_id = incident
                             AND x.organisation_id = mine AND x.asked AND x.answer = '') THEN 'cuts to answer' END,
        CASE WHEN EXISTS (SELECT 1 FROM public.incidents_decision x WHERE x.incident_id = incident) THEN 'decisions' END,
        CASE WHEN EXISTS (SELECT 1 FROM public.incidents_reportedanswer x WHERE x.incident_id = incident
                             AND x.organisation_id = mine AND x.settled = '') THEN 'reported answers' END,
        CASE WHEN EXISTS (SELECT 1 FROM public.incidents_datanotice x WHERE x.incident_id = incident
                             AND x.addressee_id = mine AND x.acknowledged_at IS NULL) THEN 'data notices' END,
        CASE WHEN EXISTS (SELECT 1 FROM public.incidents_statementask x WHERE x.incident_id = incident
                             AND x.organisation_id = mine AND x.newest AND x.answer = '') THEN 'statements' END,
        CASE WHEN EXISTS (SELECT 1 FROM public.incidents_duty x WHERE x.incident_id = incident
                             AND x.organisation_id = mine) THEN 'duties' END,
        CASE WHEN EXISTS (SELECT 1 FROM public.incidents_ownaction x WHERE x.incident_id = incident
                             AND x.taken_back_at IS NULL) THEN 'own actions' END,
        CASE WHEN EXISTS (SELECT 1 FROM public.incidents_plannedwork x) THEN 'planned work' END,
        CASE WHEN EXISTS (SELECT 1 FROM public.incidents_logentry x WHERE x.incident_id = incident AND x.newest
                             AND x.review_at IS NOT NULL) THEN 'reviews' END,
        CASE WHEN EXISTS (SELECT 1 FROM public.incidents_signedatopening x WHERE x.incident_id = incident) THEN 'signatures' END,
        CASE WHEN EXISTS (SELECT 1 FROM public.incidents_untold x WHERE x.incident_id = incident
                             AND x.told_at IS NULL) THEN 'untold' END,
        CASE WHEN EXISTS (SELECT 1 FROM public.incidents_knowncard x WHERE x.incident_id = incident) THEN 'card' END
    ], NULL);
END $$;
REVOKE ALL ON FUNCTION sec.board_has(uuid, uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sec.board_has(uuid, uuid) TO portal_app;
"""


class Migration(migrations.Migration):
    dependencies = [("incidents", "0053_duty_rest")]
    operations = [migrations.RunSQL(FORWARDS, "DROP FUNCTION sec.board_has(uuid, uuid);")]
