"""An exercise that is put aside wakes nobody: what waits lies until the lead goes on with it, and then nothing is missing.

What lies has a due time a hundred years away. It stays what it is: a message that is pending, a ladder that waits, a
planning to be done.
"""

from importlib import import_module

from django.db import migrations

marks = import_module("notifications.migrations.0011_mail_distrust")
DEFINER = marks.DEFINER
LIES = "interval '100 years'"
LYING = "> clock_timestamp() + interval '50 years'"
ASIDE = f"""
CREATE FUNCTION sec.exercise_aside() RETURNS trigger LANGUAGE plpgsql {DEFINER} AS $$
BEGIN
    UPDATE public.notifications_ladderstep s SET due_at = s.due_at + {LIES}
     WHERE s.incident_id = NEW.id AND s.state = 'waiting';
    UPDATE public.notifications_delivery d SET due_at = clock_timestamp() + {LIES}
     WHERE d.incident_id = NEW.id AND d.state = 'pending' AND d.message <> 'stood_down';
    RETURN NULL;
END $$;
CREATE TRIGGER exercise_aside AFTER UPDATE OF suspended_at ON incidents_incident FOR EACH ROW
    WHEN (OLD.suspended_at IS NULL AND NEW.suspended_at IS NOT NULL) EXECUTE FUNCTION sec.exercise_aside();
-- What is written or put back meanwhile lies with the rest. A message that is with a server already is on its way.
CREATE FUNCTION sec.exercise_lies() RETURNS trigger LANGUAGE plpgsql {DEFINER} AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM public.incidents_incident i WHERE i.id = NEW.incident_id AND i.suspended_at IS NOT NULL
                  AND i.status <> 'closed') THEN
        NEW.due_at := clock_timestamp() + {LIES};
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER exercise_lies BEFORE INSERT OR UPDATE OF state ON notifications_delivery FOR EACH ROW
    WHEN (NEW.exercise AND NEW.state = 'pending' AND NEW.message <> 'stood_down') EXECUTE FUNCTION sec.exercise_lies();
CREATE FUNCTION sec.exercise_on() RETURNS trigger LANGUAGE plpgsql {DEFINER} AS $$
DECLARE lay interval := clock_timestamp() - OLD.suspended_at; BEGIN
    UPDATE public.notifications_planning p SET due_at = clock_timestamp()
     WHERE p.incident_id = NEW.id AND p.state = 'pending' AND p.due_at {LYING};
    UPDATE public.notifications_delivery d SET due_at = clock_timestamp()
     WHERE d.incident_id = NEW.id AND d.state = 'pending' AND d.due_at {LYING};
    UPDATE public.notifications_ladderstep s SET due_at = s.due_at - {LIES} + lay
     WHERE s.incident_id = NEW.id AND s.state = 'waiting' AND s.due_at {LYING};
    UPDATE public.incidents_participant p SET next_step_at = p.next_step_at + lay
     WHERE p.incident_id = NEW.id AND p.next_step_at IS NOT NULL;
    RETURN NULL;
END $$;
CREATE TRIGGER exercise_on AFTER UPDATE OF suspended_at ON incidents_incident FOR EACH ROW
    WHEN (OLD.suspended_at IS NOT NULL AND NEW.suspended_at IS NULL AND NEW.status <> 'closed')
    EXECUTE FUNCTION sec.exercise_on();
REVOKE ALL ON FUNCTION sec.exercise_aside(), sec.exercise_lies(), sec.exercise_on() FROM PUBLIC;
"""
BACKWARD = """
DROP TRIGGER exercise_on ON incidents_incident; DROP TRIGGER exercise_aside ON incidents_incident;
DROP TRIGGER exercise_lies ON notifications_delivery;
DROP FUNCTION sec.exercise_on(), sec.exercise_lies(), sec.exercise_aside();
"""
# Nobody climbs, rings, is reminded of an update or offered a silent lead's place in an exercise that lies.
CLIMBS_BEFORE = marks.function(import_module("notifications.migrations.0010_ladder").CLIMBING, "claim_ladder")
CLIMBS = marks.without(
    CLIMBS_BEFORE,
    ("i.status NOT IN ('suspected', 'closed')", "i.status NOT IN ('suspected', 'closed') AND i.suspended_at IS NULL"),
)
RINGS_BEFORE = marks.function(import_module("notifications.migrations.0015_more_ways").HOLDING, "may_ring")
RINGS = marks.without(
    RINGS_BEFORE,
    (
        "(i.status <> 'closed' OR d.message = 'stood_down')",
        "(i.status <> 'closed' AND i.suspended_at IS NULL OR d.message = 'stood_down')",
    ),
)
REMINDS_BEFORE = marks.function(import_module("incidents.migrations.0019_wording").REMINDING, "remind_of_updates")
REMINDS = marks.without(
    REMINDS_BEFORE, ("WHERE i.status <> 'closed' AND", "WHERE i.status <> 'closed' AND i.suspended_at IS NULL AND")
)
SILENT_BEFORE = import_module("notifications.migrations.0020_as_they_are_now").SILENT_LEADS
SILENT = marks.without(
    SILENT_BEFORE,
    ("AND sec.lead_is_silent(i.id)", "AND i.suspended_at IS NULL AND sec.lead_is_silent(i.id)"),
)


class Migration(migrations.Migration):
    dependencies = [("notifications", "0028_mends"), ("incidents", "0028_exercises")]
    operations = [
        migrations.RunSQL(ASIDE, BACKWARD),
        migrations.RunSQL(
            CLIMBS + RINGS + REMINDS + SILENT, CLIMBS_BEFORE + RINGS_BEFORE + REMINDS_BEFORE + SILENT_BEFORE
        ),
    ]
