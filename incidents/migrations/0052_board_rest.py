"""What the board and the phone lacked: who left an organisation untold, an event when somebody answered in another's
name, the card of what is known for guests and wall screens, and views of the incident list that a person keeps."""

import uuid

import django.db.models.deletion
from django.db import migrations, models

from portal.tenancy.policies import ME, Allow, protect

APP = "portal_app"
DEFINER = "SECURITY DEFINER SET search_path = pg_catalog, pg_temp"
# Asked in one: without a valid ticket it is refused, and not merely empty.
PERSON = "(SELECT CASE WHEN sec.me() IS NOT NULL THEN sec.who() END)"
OWN = f"person_id = {PERSON} AND organisation_id = {ME}"

DECIDED = f"""
-- Who decided it is whoever is signed in, not what is written; a key has no name, so its organisation stands there.
CREATE FUNCTION sec.untold_by() RETURNS trigger LANGUAGE plpgsql {DEFINER} AS $$
BEGIN
    NEW.decided_by := concat_ws(', ', sec.my_name(), (
        SELECT o.name FROM public.incidents_incident i JOIN public.partners_organisation o ON o.id = i.lead_id
         WHERE i.id = NEW.incident_id));
    RETURN NEW;
END $$;
REVOKE ALL ON FUNCTION sec.untold_by() FROM PUBLIC;
CREATE TRIGGER untold_by BEFORE INSERT ON incidents_untold FOR EACH ROW EXECUTE FUNCTION sec.untold_by();
"""
NOT_DECIDED = "DROP TRIGGER untold_by ON incidents_untold; DROP FUNCTION sec.untold_by();"

REPORTED = f"""
-- In whose name somebody answered hears of it: at most once in ten minutes while one of them waits for its word.
CREATE FUNCTION sec.tell_of_report() RETURNS trigger LANGUAGE plpgsql {DEFINER} AS $$
BEGIN
    IF sec.who() IS NULL
       OR EXISTS (SELECT 1 FROM public.ledger_event e WHERE e.incident_id = NEW.incident_id AND e.kind = 'answer.reported'
                  AND e.subject_id = NEW.organisation_id AND e.at > clock_timestamp() - interval '10 minutes')
       AND EXISTS (SELECT 1 FROM public.incidents_reportedanswer x WHERE x.incident_id = NEW.incident_id
                      AND x.organisation_id = NEW.organisation_id AND x.id <> NEW.id AND x.settled = ''
                      AND x.at > clock_timestamp() - interval '10 minutes') THEN
        RETURN NULL;
    END IF;
    INSERT INTO public.ledger_event (id, kind, at, actor_organisation_id, actor_kind, actor_person_id, incident_id,
                                     incident_reference, subject_id, audience, data)
    SELECT gen_random_uuid(), 'answer.reported', clock_timestamp(), NEW.reporter_id, 'person', NEW.written_by, i.id,
           i.reference, NEW.organisation_id, ARRAY[NEW.organisation_id],
           jsonb_build_object('organisation', p.slug, 'task', NEW.task_id, 'status', NEW.status)
      FROM public.incidents_incident i JOIN public.incidents_participant p
        ON p.incident_id = i.id AND p.organisation_id = NEW.organisation_id
     WHERE i.id = NEW.incident_id;
    RETURN NULL;
END $$;
REVOKE ALL ON FUNCTION sec.tell_of_report() FROM PUBLIC;
CREATE TRIGGER tell_of_report AFTER INSERT ON incidents_reportedanswer
    FOR EACH ROW EXECUTE FUNCTION sec.tell_of_report();
CREATE POLICY reported_by_functions ON ledger_event AS RESTRICTIVE FOR INSERT TO portal_app, portal_worker
    WITH CHECK (kind <> 'answer.reported');
"""
NOT_REPORTED = """
DROP POLICY reported_by_functions ON ledger_event;
DROP TRIGGER tell_of_report ON incidents_reportedanswer;
DROP FUNCTION sec.tell_of_report();
"""

GUEST = """
CREATE POLICY portal_app_guest ON incidents_knowncard FOR SELECT TO portal_app
    USING (incident_id = ANY ((SELECT sec.guest_incidents('updates'))::uuid[]));
"""
NO_GUEST = "DROP POLICY portal_app_guest ON incidents_knowncard;"


def changed(function: str, was: str, to: str) -> str:
    return f"""
DO $do$ DECLARE made text := pg_get_functiondef('{function}'::regprocedure); BEGIN
    ASSERT position($was${was}$was$ IN made) > 0, made;
    EXECUTE replace(made, $was${was}$was$, $to${to}$to$);
END $do$;
"""


ROWS = "'organisations', (SELECT coalesce("
CARD = (
    "'card', (SELECT jsonb_build_object('at', k.at, 'known', k.known, 'believed', k.believed, 'not_known', k.not_known)"
    " FROM public.incidents_knowncard k WHERE k.incident_id = i.id ORDER BY k.number DESC LIMIT 1), "
)


class Migration(migrations.Migration):
    dependencies = [("incidents", "0051_playbook_gaps")]
    operations = [
        migrations.AddField("untold", "decided_by", models.TextField(blank=True, default="", db_default="")),
        migrations.RunSQL(DECIDED, NOT_DECIDED),
        migrations.RunSQL(REPORTED, NOT_REPORTED),
        migrations.RunSQL(GUEST, NO_GUEST),
        migrations.RunSQL(changed("sec.wall()", ROWS, CARD + ROWS), changed("sec.wall()", CARD + ROWS, ROWS)),
        migrations.CreateModel(
            name="SavedView",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("name", models.TextField()),
                ("kind", models.TextField(blank=True, default="")),
                ("state", models.TextField(blank=True, default="")),
                ("made_at", models.DateTimeField()),
                (
                    "organisation",
                    models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+",
                        to="partners.organisation",
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name="+",
                        to="partners.person",
                    ),
                ),
            ],
            options={
                "ordering": ["name"],
                "constraints": [
                    models.UniqueConstraint(fields=("person", "name"), name="saved_view_once"),
                    models.CheckConstraint(condition=models.Q(name__regex=r"^.{0,59}\S$"), name="saved_view_named"),
                ],
            },
        ),
        protect(
            "incidents_savedview",
            Allow(APP, "select", OWN),
            Allow(APP, "insert", OWN),
            Allow(APP, "delete", OWN),
        ),
    ]  # fmt: skip
