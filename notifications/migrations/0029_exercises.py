"""An exercise that is put aside wakes nobody: its ladders stop, and what has not gone out never will."""

from django.db import migrations

DEFINER = "SECURITY DEFINER SET search_path = pg_catalog, pg_temp"
ASIDE = f"""
CREATE FUNCTION sec.exercise_aside() RETURNS trigger LANGUAGE plpgsql {DEFINER} AS $$
BEGIN
    UPDATE public.incidents_participant p SET next_step = '', next_step_at = NULL
     WHERE p.incident_id = NEW.id AND (p.next_step <> '' OR p.next_step_at IS NOT NULL);
    PERFORM sec.end_ladder(NEW.id, s.organisation_id, 'stopped', 'The exercise was put aside.')
       FROM public.notifications_ladderstep s WHERE s.incident_id = NEW.id AND s.state = 'waiting';
    UPDATE public.notifications_delivery d SET state = 'superseded', claimed_by = '', claimed_until = NULL
     WHERE d.incident_id = NEW.id AND d.state = 'pending';
    RETURN NULL;
END $$;
REVOKE ALL ON FUNCTION sec.exercise_aside() FROM PUBLIC;
CREATE TRIGGER exercise_aside AFTER UPDATE OF suspended_at ON incidents_incident FOR EACH ROW
    WHEN (OLD.suspended_at IS NULL AND NEW.suspended_at IS NOT NULL) EXECUTE FUNCTION sec.exercise_aside();
"""
BACKWARD = "DROP TRIGGER exercise_aside ON incidents_incident; DROP FUNCTION sec.exercise_aside();"


class Migration(migrations.Migration):
    dependencies = [("notifications", "0028_mends"), ("incidents", "0028_exercises")]
    operations = [migrations.RunSQL(ASIDE, BACKWARD)]
