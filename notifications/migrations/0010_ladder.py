"""The ladder of an organisation in an incident: steps that are due in the database's time, and what ends them.

Whoever moves a ladder locks the participant's row first and the step after it, as an answer does: the two never wait
for each other in a circle, and no step is taken once an answer is committed.
"""

import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from portal.tenancy.policies import ME, Allow, protect

APP, WORKER = "portal_app", "portal_worker"
DEFINER = "SECURITY DEFINER SET search_path = pg_catalog, pg_temp"
RUNGS = [
    ("duty", "duty contact"),
    ("deputy", "deputy"),
    ("head_of_it", "head of IT"),
    ("chief_executive", "chief executive"),
]
STATES = [
    ("waiting", "Waiting for an answer"),
    ("passed", "Nobody answered"),
    ("left_out", "Left out"),
    ("answered", "Answered"),
    ("stopped", "Stopped"),
]
FACTS = (
    "id", "incident_id", "organisation_id", "nth", "round", "rung", "person_id", "passed_by_id", "quiet", "begun_at",
    "due_at", "ended_at", "state",
)  # fmt: skip
MOVES = ("state", "due_at", "ended_at", "begun_at", "quiet", "because", "claimed_by")
NEW = (*FACTS, "because", "attempts", "claimed_by")


def incident(condition: str) -> str:
    return (
        "EXISTS (SELECT 1 FROM incidents_incident i WHERE i.id = notifications_ladderstep.incident_id"
        f" AND ({condition}))"
    )


SIDE = incident(f"notifications_ladderstep.organisation_id = {ME} OR {ME} = ANY (i.overseers)")
OWN = f"organisation_id = {ME}"

ENDING = f"""
-- For other functions alone: end the step that is waiting, and take back what higher rungs have not been sent yet. The
-- first step's messages stay: they say that there is an incident. False when nothing was waiting.
CREATE FUNCTION sec.end_ladder(incident uuid, org uuid, how text, why text) RETURNS boolean LANGUAGE plpgsql {DEFINER} AS $$
BEGIN
    UPDATE public.notifications_ladderstep s
       SET state = how, ended_at = clock_timestamp(), because = why, claimed_by = ''
     WHERE s.incident_id = incident AND s.organisation_id = org AND s.state = 'waiting';
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    UPDATE public.notifications_delivery d SET state = 'superseded'
      FROM public.notifications_ladderstep s
     WHERE d.step_id = s.id AND s.nth > 1 AND d.incident_id = incident AND d.organisation_id = org AND d.state = 'pending';
    RETURN true;
END $$;
-- The first answer ends the ladder of its own organisation, in the same transaction.
CREATE FUNCTION sec.ladder_answered() RETURNS trigger LANGUAGE plpgsql {DEFINER} AS $$
BEGIN
    PERFORM sec.end_ladder(NEW.incident_id, NEW.organisation_id, 'answered', 'Somebody answered.');
    NEW.next_step := '';
    NEW.next_step_at := NULL;
    RETURN NEW;
END $$;
CREATE TRIGGER ladder_answered BEFORE UPDATE OF acknowledged_at ON incidents_participant FOR EACH ROW
    WHEN (OLD.acknowledged_at IS NULL AND NEW.acknowledged_at IS NOT NULL) EXECUTE FUNCTION sec.ladder_answered();
CREATE FUNCTION sec.ladders_closed() RETURNS trigger LANGUAGE plpgsql {DEFINER} AS $$
BEGIN
    UPDATE public.incidents_participant p SET next_step = '', next_step_at = NULL
     WHERE p.incident_id = NEW.id AND (p.next_step <> '' OR p.next_step_at IS NOT NULL);
    PERFORM sec.end_ladder(NEW.id, s.organisation_id, 'stopped', 'The incident was closed.')
       FROM public.notifications_ladderstep s WHERE s.incident_id = NEW.id AND s.state = 'waiting';
    RETURN NULL;
END $$;
CREATE TRIGGER ladders_closed AFTER UPDATE OF status ON incidents_incident FOR EACH ROW
    WHEN (NEW.status = 'closed' AND OLD.status <> 'closed') EXECUTE FUNCTION sec.ladders_closed();
"""

SENDING = f"""
-- A message of a ladder that has ended is not sent any more: neither claimed, nor put back for another attempt. What was
-- claimed before the answer is on its way. Runs after `delivery_moves`, which has let the move itself pass.
CREATE FUNCTION sec.ladder_over() RETURNS trigger LANGUAGE plpgsql {DEFINER} AS $$
DECLARE s public.notifications_ladderstep; BEGIN
    SELECT * INTO s FROM public.notifications_ladderstep x WHERE x.id = NEW.step_id;
    IF s.incident_id IS DISTINCT FROM NEW.incident_id OR s.organisation_id IS DISTINCT FROM NEW.organisation_id THEN
        RAISE EXCEPTION 'a step of another ladder' USING ERRCODE = '42501';
    END IF;
    IF s.nth = 1 OR EXISTS (SELECT 1 FROM public.notifications_ladderstep w WHERE w.incident_id = s.incident_id
                               AND w.organisation_id = s.organisation_id AND w.state = 'waiting') THEN
        RETURN NEW;
    END IF;
    IF TG_OP = 'INSERT' THEN
        RETURN NULL;
    END IF;
    NEW.state := 'superseded';
    NEW.attempts := OLD.attempts;
    NEW.claimed_by := '';
    NEW.claimed_until := NULL;
    RETURN NEW;
END $$;
CREATE TRIGGER ladder_over BEFORE INSERT OR UPDATE OF state, attempts ON notifications_delivery FOR EACH ROW
    WHEN (NEW.step_id IS NOT NULL AND NEW.state IN ('pending', 'claimed')) EXECUTE FUNCTION sec.ladder_over();

-- One message to a person in ten minutes, unless their own ladder climbs: what else happens waits in the page. Exempt is
-- what is told once by its nature: the opening, the stand-down, and being asked to lead. What is held back is written
-- down. A lock for each person: of two that are written at once one waits for the other.
CREATE FUNCTION sec.one_in_ten_minutes() RETURNS trigger LANGUAGE plpgsql {DEFINER} AS $$
DECLARE whom uuid := coalesce(NEW.person_id, NEW.contact_point_id); BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended(whom::text, 10));
    IF EXISTS (SELECT 1 FROM public.notifications_delivery d
                WHERE d.incident_id = NEW.incident_id AND d.organisation_id = NEW.organisation_id
                  AND coalesce(d.person_id, d.contact_point_id) = whom
                  AND greatest(d.created_at, d.accepted_at) > clock_timestamp() - interval '10 minutes'
                  -- One that waits on a way which gave it up (`next_way`, 0013) is the reason for this one.
                  AND (d.state IN ('claimed', 'accepted', 'delivered', 'answered')
                       OR d.state = 'pending' AND d.next_way = '')) THEN
        NEW.state := 'skipped';
        NEW.error := 'They had a message within ten minutes: this waits in the page.';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER one_in_ten_minutes BEFORE INSERT ON notifications_delivery FOR EACH ROW
    WHEN (NEW.state = 'pending' AND NEW.incident_id IS NOT NULL AND NEW.step_id IS NULL
          AND NEW.message NOT IN ('opened', 'suspected', 'stood_down', 'lead_offered'))
    EXECUTE FUNCTION sec.one_in_ten_minutes();
"""

CLIMBING = f"""
-- Take the step that is due the longest, enter its organisation, and hold it for the rest of the transaction. Null: none
-- is due, or others have them. By the database's clock alone. At night a quiet one waits for the day instead.
CREATE FUNCTION sec.claim_ladder(worker text) RETURNS uuid LANGUAGE plpgsql {DEFINER} AS $$
DECLARE s public.notifications_ladderstep; morning timestamptz; BEGIN
    LOOP
        SELECT l.* INTO s FROM public.notifications_ladderstep l
          JOIN public.incidents_participant p ON p.incident_id = l.incident_id AND p.organisation_id = l.organisation_id
          JOIN public.incidents_incident i ON i.id = l.incident_id
         WHERE l.state = 'waiting' AND l.due_at <= clock_timestamp() AND p.acknowledged_at IS NULL
           AND i.status NOT IN ('suspected', 'closed')
         ORDER BY l.due_at LIMIT 1 FOR NO KEY UPDATE OF p, l SKIP LOCKED;
        IF NOT FOUND THEN
            RETURN NULL;
        END IF;
        morning := CASE WHEN s.quiet AND s.begun_at IS NOT NULL
                        THEN sec.quiet_from(s.organisation_id, clock_timestamp()) END;
        EXIT WHEN morning IS NULL OR morning <= clock_timestamp();
        UPDATE public.notifications_ladderstep l SET due_at = morning WHERE l.id = s.id;
        UPDATE public.incidents_participant p SET next_step_at = morning
         WHERE p.incident_id = s.incident_id AND p.organisation_id = s.organisation_id;
    END LOOP;
    UPDATE public.notifications_ladderstep l
       SET claimed_by = worker, attempts = l.attempts + 1,
           because = CASE WHEN l.because = '' AND l.begun_at IS NOT NULL THEN 'Nobody answered in time.' ELSE l.because END
     WHERE l.id = s.id;
    PERFORM sec.enter(s.organisation_id);
    RETURN s.id;
END $$;
-- A step over which a worker stumbled comes again a little later, and does not stop the others.
CREATE FUNCTION sec.put_off_ladder(step uuid) RETURNS void LANGUAGE sql {DEFINER} AS $$
    UPDATE public.notifications_ladderstep s
       SET attempts = s.attempts + 1, claimed_by = '',
           due_at = clock_timestamp() + make_interval(secs => least(60, power(2, least(s.attempts, 6))))
     WHERE s.id = step AND s.state = 'waiting'
$$;
"""

STEERING = f"""
-- Who may move a ladder: a job inside the organisation or an overseer, and whoever may answer at either.
CREATE FUNCTION sec.may_steer_ladder(incident uuid, org uuid) RETURNS boolean LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT coalesce((SELECT org = ANY (i.participants) AND (sec.me() = org OR sec.me() = ANY (i.overseers))
                            AND sec.me() = ANY (i.participants)
                       FROM public.incidents_incident i WHERE i.id = incident), false)
       AND (session_user = 'portal_worker' OR sec.role() IN
            ('administrator', 'incident_manager', 'responder', 'approver', 'data_protection_officer'))
$$;
CREATE FUNCTION sec.stop_ladder(incident uuid, org uuid, why text) RETURNS boolean LANGUAGE plpgsql {DEFINER} AS $$
BEGIN
    IF NOT sec.may_steer_ladder(incident, org) OR btrim(coalesce(why, '')) = '' OR length(why) > 200 THEN
        RAISE EXCEPTION 'a ladder is stopped by its organisation or an overseer, who says why' USING ERRCODE = '42501';
    END IF;
    UPDATE public.incidents_participant p SET next_step = '', next_step_at = NULL
     WHERE p.incident_id = incident AND p.organisation_id = org;
    RETURN sec.end_ladder(incident, org, 'stopped', why);
END $$;
CREATE FUNCTION sec.climb_ladder(incident uuid, org uuid, why text) RETURNS boolean LANGUAGE plpgsql {DEFINER} AS $$
BEGIN
    IF NOT sec.may_steer_ladder(incident, org) OR btrim(coalesce(why, '')) = '' OR length(why) > 200 THEN
        RAISE EXCEPTION 'a ladder is moved by its organisation or an overseer, who says why' USING ERRCODE = '42501';
    END IF;
    PERFORM 1 FROM public.incidents_participant p WHERE p.incident_id = incident AND p.organisation_id = org
        FOR NO KEY UPDATE;
    UPDATE public.notifications_ladderstep s
       SET due_at = least(s.due_at, clock_timestamp()), quiet = false, because = why
     WHERE s.incident_id = incident AND s.organisation_id = org AND s.state = 'waiting' AND s.begun_at IS NOT NULL;
    RETURN FOUND;
END $$;
-- Whoever was told passes it on to a colleague, who gets the time of a rung. Once a rung: nobody can hold a ladder still.
-- 'done', or in one word why not: 'over' (nothing is waiting), 'not_told', 'nobody' (no such colleague), 'again'.
CREATE FUNCTION sec.pass_ladder_on(incident uuid, colleague uuid) RETURNS text LANGUAGE plpgsql {DEFINER} AS $$
DECLARE me uuid := sec.me(); s public.notifications_ladderstep; BEGIN
    IF NOT sec.fresh() OR sec.who() IS NULL OR NOT sec.may_steer_ladder(incident, me) THEN
        RAISE EXCEPTION 'passing on needs a part in the incident, and a passkey used just now' USING ERRCODE = '42501';
    END IF;
    PERFORM 1 FROM public.incidents_participant p WHERE p.incident_id = incident AND p.organisation_id = me
        FOR NO KEY UPDATE;
    SELECT * INTO s FROM public.notifications_ladderstep x
     WHERE x.incident_id = incident AND x.organisation_id = me AND x.state = 'waiting';
    IF s.id IS NULL THEN
        RETURN 'over';
    END IF;
    IF NOT EXISTS (SELECT 1 FROM public.notifications_delivery d WHERE d.incident_id = incident
                      AND d.organisation_id = me AND d.person_id = sec.who()
                      AND d.state IN ('accepted', 'delivered', 'answered')) THEN
        RETURN 'not_told';
    END IF;
    IF colleague = sec.who() OR NOT EXISTS (SELECT 1 FROM public.partners_person p WHERE p.id = colleague
           AND p.organisation_id = me AND p.is_active AND NOT p.break_glass AND p.role NOT IN ('service_account', 'guest')) THEN
        RETURN 'nobody';
    END IF;
    IF s.person_id IS NOT NULL THEN
        RETURN 'again';
    END IF;
    UPDATE public.notifications_ladderstep x
       SET state = 'passed', ended_at = clock_timestamp(), because = 'Passed on to a colleague.' WHERE x.id = s.id;
    INSERT INTO public.notifications_ladderstep (id, incident_id, organisation_id, nth, round, rung, person_id,
        passed_by_id, quiet, due_at, state)
    VALUES (gen_random_uuid(), incident, me, s.nth + 1, s.round, s.rung, colleague, sec.who(), s.quiet,
            clock_timestamp(), 'waiting');
    RETURN 'done';
END $$;
REVOKE ALL ON FUNCTION sec.end_ladder(uuid, uuid, text, text), sec.ladder_answered(), sec.ladders_closed(),
    sec.ladder_over(), sec.one_in_ten_minutes(), sec.claim_ladder(text), sec.put_off_ladder(uuid),
    sec.may_steer_ladder(uuid, uuid), sec.stop_ladder(uuid, uuid, text), sec.climb_ladder(uuid, uuid, text),
    sec.pass_ladder_on(uuid, uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sec.claim_ladder(text), sec.put_off_ladder(uuid) TO portal_worker;
GRANT EXECUTE ON FUNCTION sec.stop_ladder(uuid, uuid, text), sec.climb_ladder(uuid, uuid, text)
    TO portal_worker;
GRANT EXECUTE ON FUNCTION sec.pass_ladder_on(uuid, uuid) TO portal_app;
GRANT INSERT (step_id), SELECT (step_id) ON notifications_delivery TO portal_worker;
GRANT SELECT (step_id) ON notifications_delivery TO portal_app;
"""
BACKWARD = """
DROP TRIGGER one_in_ten_minutes ON notifications_delivery; DROP TRIGGER ladder_over ON notifications_delivery;
DROP TRIGGER ladders_closed ON incidents_incident; DROP TRIGGER ladder_answered ON incidents_participant;
DROP FUNCTION sec.pass_ladder_on(uuid, uuid), sec.climb_ladder(uuid, uuid, text), sec.stop_ladder(uuid, uuid, text),
    sec.may_steer_ladder(uuid, uuid), sec.put_off_ladder(uuid), sec.claim_ladder(text), sec.one_in_ten_minutes(),
    sec.ladder_over(), sec.ladders_closed(), sec.ladder_answered(), sec.end_ladder(uuid, uuid, text, text);
REVOKE INSERT (step_id), SELECT (step_id) ON notifications_delivery FROM portal_worker;
REVOKE SELECT (step_id) ON notifications_delivery FROM portal_app;
"""


def person() -> models.Field:
    return models.ForeignKey(
        db_index=False,
        null=True,
        on_delete=django.db.models.deletion.PROTECT,
        related_name="+",
        to=settings.AUTH_USER_MODEL,
    )


class Migration(migrations.Migration):
    dependencies = [
        ("notifications", "0009_verify"),
        ("incidents", "0015_ladder"),
        ("partners", "0016_ladder"),
    ]
    operations = [
        migrations.CreateModel(
            name="LadderStep",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("nth", models.PositiveIntegerField()),
                ("round", models.PositiveSmallIntegerField(default=1)),
                ("rung", models.TextField(choices=RUNGS)),
                ("quiet", models.BooleanField(default=False)),
                ("begun_at", models.DateTimeField(null=True)),
                ("due_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(null=True)),
                ("state", models.TextField(choices=STATES)),
                ("because", models.TextField(blank=True, db_default="", default="")),
                ("attempts", models.PositiveIntegerField(db_default=0, default=0)),
                ("claimed_by", models.TextField(blank=True, db_default="", default="")),
                (
                    "incident",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="ladder_steps",
                        to="incidents.incident",
                    ),
                ),
                (
                    "organisation",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="partners.organisation",
                    ),
                ),
                ("passed_by", person()),
                ("person", person()),
            ],
            options={"ordering": ["incident", "organisation", "nth"]},
        ),
        migrations.AddField(
            model_name="delivery",
            name="step",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="deliveries",
                to="notifications.ladderstep",
            ),
        ),
        migrations.AddIndex(
            "ladderstep",
            models.Index(condition=models.Q(state="waiting"), fields=["due_at"], name="ladder_step_due"),
        ),
        migrations.AddConstraint(
            "ladderstep",
            models.UniqueConstraint(fields=("incident", "organisation", "nth"), name="ladder_step_once"),
        ),
        migrations.AddConstraint(
            "ladderstep",
            models.UniqueConstraint(
                condition=models.Q(state="waiting"), fields=("incident", "organisation"), name="ladder_step_waiting"
            ),
        ),
        migrations.AddConstraint(
            "ladderstep",
            models.CheckConstraint(condition=models.Q(state__in=[key for key, _ in STATES]), name="ladder_step_state"),
        ),
        protect(
            "notifications_ladderstep",
            Allow(APP, "select", SIDE, columns=(*FACTS, "because")),
            Allow(WORKER, "select", "true", columns=(*FACTS, "attempts", "claimed_by")),
            Allow(WORKER, "insert", f"{OWN} AND {incident(f'{ME} = ANY (i.participants)')}", columns=NEW),
            Allow(WORKER, "update", OWN, OWN, columns=MOVES),
        ),
        migrations.RunSQL(ENDING + SENDING + CLIMBING + STEERING, BACKWARD),
    ]
