"""Planned work: whoever runs a system announces it, whoever it stops something for says that it knows, or objects.

Tables of their own, apart from incidents: nothing that doubts, isolates, counts clocks or climbs reads them. Functions
write them and decide themselves who is reached: the walk over links without which the next system cannot work.
"""

import uuid

import django.db.models.deletion
from django.db import migrations, models

from portal.tenancy.policies import ME, Allow, protect

APP = "portal_app"
DEFINER = "SECURITY DEFINER SET search_path = pg_catalog, pg_temp"
ANNOUNCED_OR_REACHED = (
    f"announced_by_id = {ME} OR EXISTS (SELECT 1 FROM incidents_plannedside s"
    f" WHERE s.work_id = incidents_plannedwork.id AND s.organisation_id = {ME})"
)
OWN_SIDE = f"organisation_id = {ME} OR announcer_id = {ME}"


def of_work(table: str) -> str:
    """The work is visible to the reader."""
    return f"EXISTS (SELECT 1 FROM incidents_plannedwork w WHERE w.id = {table}.work_id AND {ME} IS NOT NULL)"


WALKING = f"""
-- What stops with these systems: themselves, and what cannot work without what stops. Whether a barrier would hold up an
-- intruder plays no part here; a link that both ends cut carries nothing.
CREATE FUNCTION sec.stopped_with(starts uuid[]) RETURNS uuid[] LANGUAGE sql STABLE {DEFINER} AS $$
    WITH RECURSIVE walk AS (
        SELECT unnest(starts) AS id
        UNION
        SELECT d.target_id FROM walk w JOIN public.partners_dependency d ON d.source_id = w.id
         WHERE d.carries AND NOT (d.cut_source_at IS NOT NULL AND d.cut_target_at IS NOT NULL)
    ) SELECT coalesce(array_agg(w.id), '{{}}') FROM walk w
$$;
-- Whom that concerns beside the caller: who stands on any of it, and who runs it.
CREATE FUNCTION sec.stopped_for(walked uuid[]) RETURNS uuid[] LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT coalesce(array_agg(DISTINCT x.id), '{{}}') FROM (
        SELECT p.organisation_id AS id FROM public.partners_participation p
         WHERE p.system_id = ANY (walked) AND p.denied_at IS NULL
        UNION ALL SELECT s.provider_id FROM public.partners_sharedsystem s WHERE s.id = ANY (walked)
        UNION ALL SELECT s.owner_id FROM public.partners_sharedsystem s WHERE s.id = ANY (walked)) x
     WHERE x.id IS NOT NULL AND x.id <> sec.me()
$$;
-- Whether the ticket is no key's, or one of a key that has this scope: the API asks too.
CREATE FUNCTION sec.key_has(scope text) RETURNS boolean LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT (SELECT t.kind FROM sec.ticket() t) <> 'key' OR EXISTS (
        SELECT 1 FROM sec.grant_token g JOIN public.partners_apikey k ON k.id = g.key_id
         WHERE g.token_hash = sha256(convert_to(current_setting('app.ticket', true), 'UTF8'))
           AND k.revoked_at IS NULL AND scope = ANY (k.scopes))
$$;
CREATE FUNCTION sec.may_announce(starts uuid[]) RETURNS void LANGUAGE plpgsql STABLE {DEFINER} AS $$
BEGIN
    IF sec.me() IS NULL OR NOT sec.may_keep() OR NOT sec.key_has('open') THEN
        RAISE EXCEPTION 'an incident manager or an administrator announces planned work' USING ERRCODE = '42501';
    END IF;
    IF coalesce(cardinality(starts), 0) = 0 OR (starts <@ sec.systems_i_run()) IS NOT TRUE THEN
        RAISE EXCEPTION 'only whoever hosts or administers a system announces work on it' USING ERRCODE = '42501';
    END IF;
END $$;
-- What the preview is made of: the estate that stops. A wide read like any other, and recorded as one. Whoever denies
-- that it stands on a system is not told that it stops.
CREATE FUNCTION sec.planned_estate(starts uuid[]) RETURNS jsonb LANGUAGE plpgsql {DEFINER} AS $$
DECLARE walked uuid[]; estate jsonb; BEGIN
    PERFORM sec.may_announce(starts);
    walked := sec.stopped_with(starts);
    PERFORM sec.wide_read(walked, 'planned-work');
    estate := sec.estate_of(walked);
    RETURN jsonb_set(estate, '{{stands}}', (SELECT coalesce(jsonb_agg(x), '[]') FROM jsonb_array_elements(estate -> 'stands') x
        WHERE NOT EXISTS (SELECT 1 FROM public.partners_participation p WHERE p.system_id = (x ->> 'system')::uuid
            AND p.organisation_id = (x ->> 'organisation')::uuid AND p.denied_at IS NOT NULL)));
END $$;
"""

SAYING = f"""
-- One event for each organisation, seen by it and by whoever announced: who else is reached is not said. Whoever is
-- `named` is sent a message; an empty name is for the record alone.
CREATE FUNCTION sec.planned_said(w public.incidents_plannedwork, what text, org uuid, more jsonb) RETURNS void
LANGUAGE sql {DEFINER} AS $$
    INSERT INTO public.ledger_event (id, kind, at, actor_organisation_id, actor_kind, actor_person_id, incident_reference,
                                     subject_id, audience, data)
    SELECT gen_random_uuid(), 'planned.' || what, clock_timestamp(), t.org_id,
           CASE WHEN t.person_id IS NULL THEN 'key' ELSE 'person' END, t.person_id, '', w.id,
           ARRAY(SELECT DISTINCT x FROM unnest(ARRAY[w.announced_by_id, org]) x),
           jsonb_build_object('reference', w.reference, 'title', w.title, 'organisation', o.slug,
                              'starts_at', w.starts_at, 'ends_at', w.ends_at) || more
      FROM sec.ticket() t, public.partners_organisation o WHERE o.id = org
$$;
CREATE FUNCTION sec.planned_said_on(w public.incidents_plannedwork, kind text, words text) RETURNS void
LANGUAGE plpgsql {DEFINER} AS $$
BEGIN
    INSERT INTO public.incidents_plannedchange (id, work_id, at, what, words, starts_at, ends_at)
    VALUES (gen_random_uuid(), w.id, clock_timestamp(), kind, words, w.starts_at, w.ends_at);
    PERFORM sec.planned_said(w, kind, s.organisation_id, '{{}}')
       FROM public.incidents_plannedside s WHERE s.work_id = w.id ORDER BY s.slug;
END $$;
-- `reasons`: why each organisation is reached, by its id, as the preview showed it. Somebody whom it does not name, or
-- who is not reached, refuses it: the register has changed meanwhile. The same `form` again is the same announcement, as long
-- as it says the same.
CREATE FUNCTION sec.announce_planned(form uuid, ref text, called text, stopping text, instead text, whom text,
    begins timestamptz, ends timestamptz, starts uuid[], reasons jsonb) RETURNS text LANGUAGE plpgsql {DEFINER} AS $$
DECLARE me uuid := sec.me(); w public.incidents_plannedwork; reached uuid[]; said uuid[]; BEGIN
    PERFORM sec.may_announce(starts);
    PERFORM pg_advisory_xact_lock(hashtextextended('planned work of ' || me, 0));
    SELECT * INTO w FROM public.incidents_plannedwork x WHERE x.announced_by_id = me AND x.once = form;
    IF w.id IS NOT NULL THEN
        IF (w.title, w.stops, w.fallback, w.ask, w.starts_at, w.ends_at)
               IS DISTINCT FROM (called, stopping, coalesce(instead, ''), whom, begins, ends)
           OR w.status NOT IN ('announced', 'running')
           OR ARRAY(SELECT y.system_id FROM public.incidents_plannedsystem y WHERE y.work_id = w.id ORDER BY 1)
               <> ARRAY(SELECT DISTINCT y FROM unnest(starts) y ORDER BY 1) THEN
            RAISE EXCEPTION 'this form was already announced as %: open a new form', w.reference USING ERRCODE = '23514';
        END IF;
        RETURN w.reference;
    END IF;
    IF form IS NULL OR ref !~ '^PLN-[2-9A-Z]{{6}}$' OR (btrim(called) = '' OR btrim(stopping) = '' OR btrim(whom) = '') IS NOT FALSE
       OR length(called) > 200 OR length(whom) > 200 OR length(stopping) > 4000 OR length(instead) > 4000 THEN
        RAISE EXCEPTION 'say what it is, what stops and whom to ask' USING ERRCODE = '23514';
    END IF;
    IF (begins >= clock_timestamp() AND ends > begins AND begins < clock_timestamp() + interval '366 days'
        AND ends <= begins + interval '14 days') IS NOT TRUE THEN
        RAISE EXCEPTION 'the work starts from now on, within a year, and ends after its start, within 14 days'
            USING ERRCODE = '23514';
    END IF;
    IF 20 <= (SELECT count(*) FROM public.incidents_plannedwork x
               WHERE x.announced_by_id = me AND x.announced_at > clock_timestamp() - interval '1 day') THEN
        RAISE EXCEPTION 'twenty announcements within a day: wait, or put them together' USING ERRCODE = '23514';
    END IF;
    reached := sec.stopped_for(sec.stopped_with(starts));
    said := ARRAY(SELECT k::uuid FROM jsonb_object_keys(reasons) k);
    IF (reached <@ said AND said <@ reached) IS NOT TRUE THEN
        RAISE EXCEPTION 'the register has changed meanwhile: look again at who is reached' USING ERRCODE = '23514';
    END IF;
    IF EXISTS (SELECT 1 FROM jsonb_each_text(reasons) r WHERE length(r.value) > 500) THEN
        RAISE EXCEPTION 'a reason has at most 500 signs' USING ERRCODE = '23514';
    END IF;
    INSERT INTO public.incidents_plannedwork (id, reference, once, announced_by_id, title, stops, fallback, ask, status,
        starts_at, ends_at, "window", confirm_by, announced_at)
    VALUES (gen_random_uuid(), ref, form, me, called, stopping, coalesce(instead, ''), whom, 'announced', begins, ends, 1,
        least(begins, clock_timestamp() + interval '2 days'), clock_timestamp())
    RETURNING * INTO w;
    INSERT INTO public.incidents_plannedsystem (id, work_id, system_id, slug, name)
    SELECT gen_random_uuid(), w.id, s.id, s.slug, s.name FROM public.partners_sharedsystem s WHERE s.id = ANY (starts);
    INSERT INTO public.incidents_plannedside (id, work_id, announcer_id, organisation_id, slug, name, because, answer,
        reason, answered_window)
    SELECT gen_random_uuid(), w.id, me, o.id, o.slug, o.name, reasons ->> o.id::text, '', '', 0
      FROM public.partners_organisation o WHERE o.id = ANY (reached);
    PERFORM sec.planned_said_on(w, 'announced', '');
    RETURN w.reference;
END $$;
-- The arrows: announced -> running -> finished, and called off from the first two. The same press again changes nothing.
CREATE FUNCTION sec.move_planned(which uuid, act text, words text, begins timestamptz, ends timestamptz) RETURNS boolean
LANGUAGE plpgsql {DEFINER} AS $$
DECLARE w public.incidents_plannedwork; at timestamptz; BEGIN
    SELECT * INTO w FROM public.incidents_plannedwork x WHERE x.id = which AND x.announced_by_id = sec.me() FOR UPDATE;
    IF w.id IS NULL OR NOT sec.may_keep() OR NOT sec.key_has('open') THEN
        RAISE EXCEPTION 'whoever announced the work says how it goes on' USING ERRCODE = '42501';
    END IF;
    at := clock_timestamp();
    IF (act, w.status) IN (('started', 'running'), ('finished', 'finished'), ('cancelled', 'cancelled'))
       OR act = 'moved' AND w.status = 'announced' AND (begins, ends) = (w.starts_at, w.ends_at)
       OR act = 'extended' AND w.status = 'running' AND ends = w.ends_at THEN
        RETURN false;
    END IF;
    IF act IN ('moved', 'extended', 'cancelled') AND (btrim(words) = '') IS NOT FALSE OR length(words) > 4000 THEN
        RAISE EXCEPTION 'say why, for everybody whom it reaches' USING ERRCODE = '23514';
    END IF;
    IF act IN ('moved', 'extended') AND 10 <= (SELECT count(*) FROM public.incidents_plannedchange c
         WHERE c.work_id = w.id AND c.what IN ('moved', 'extended') AND c.at > clock_timestamp() - interval '1 day') THEN
        RAISE EXCEPTION 'its times were changed ten times within a day: call it off, or ring everybody' USING ERRCODE = '23514';
    END IF;
    IF act = 'started' AND w.status = 'announced' THEN
        IF at < w.starts_at THEN
            RAISE EXCEPTION 'it was announced for later: move it first, so that everybody knows' USING ERRCODE = '23514';
        END IF;
        UPDATE public.incidents_plannedwork x SET status = 'running', started_at = at WHERE x.id = w.id RETURNING * INTO w;
    ELSIF act = 'moved' AND w.status = 'announced' THEN
        IF (begins >= at AND ends > begins AND begins < at + interval '366 days' AND ends <= begins + interval '14 days')
           IS NOT TRUE THEN
            RAISE EXCEPTION 'the work starts from now on, within a year, and ends after its start, within 14 days'
                USING ERRCODE = '23514';
        END IF;
        -- What was said of the old times does not hold for the new ones.
        UPDATE public.incidents_plannedwork x
           SET starts_at = begins, ends_at = ends, "window" = x."window" + 1,
               confirm_by = least(begins, at + interval '2 days')
         WHERE x.id = w.id RETURNING * INTO w;
    ELSIF act = 'extended' AND w.status = 'running' THEN
        IF (ends > greatest(at, w.ends_at) AND ends <= at + interval '14 days') IS NOT TRUE THEN
            RAISE EXCEPTION 'the new end is later than now and than the old one, within 14 days' USING ERRCODE = '23514';
        END IF;
        UPDATE public.incidents_plannedwork x SET ends_at = ends WHERE x.id = w.id RETURNING * INTO w;
    ELSIF act = 'finished' AND w.status = 'running' THEN
        UPDATE public.incidents_plannedwork x SET status = 'finished', ended_at = at WHERE x.id = w.id RETURNING * INTO w;
    ELSIF act = 'cancelled' AND w.status IN ('announced', 'running') THEN
        UPDATE public.incidents_plannedwork x SET status = 'cancelled', ended_at = at WHERE x.id = w.id RETURNING * INTO w;
    ELSE
        RAISE EXCEPTION 'that does not follow now: the work is %', CASE w.status WHEN 'announced' THEN 'announced'
            WHEN 'running' THEN 'under way' WHEN 'finished' THEN 'finished' ELSE 'called off' END USING ERRCODE = '23514';
    END IF;
    PERFORM sec.planned_said_on(w, act, coalesce(words, ''));
    RETURN true;
END $$;
-- One's own word alone, on the times that were `seen`. It may be changed until the work is over; the announcer reads it,
-- and nobody else.
CREATE FUNCTION sec.answer_planned(which uuid, say text, why text, seen integer) RETURNS boolean LANGUAGE plpgsql {DEFINER} AS $$
DECLARE w public.incidents_plannedwork; s public.incidents_plannedside; BEGIN
    SELECT * INTO s FROM public.incidents_plannedside x WHERE x.work_id = which AND x.organisation_id = sec.me() FOR UPDATE;
    IF s.id IS NULL OR NOT sec.key_has('answer') OR NOT ((SELECT t.kind FROM sec.ticket() t) = 'key' OR sec.role() IN ('administrator',
           'incident_manager', 'responder', 'approver', 'data_protection_officer')) THEN
        RAISE EXCEPTION 'not planned work that you answer' USING ERRCODE = '42501';
    END IF;
    SELECT * INTO w FROM public.incidents_plannedwork x WHERE x.id = which FOR SHARE;
    IF w.status NOT IN ('announced', 'running') THEN
        RAISE EXCEPTION 'the work is over' USING ERRCODE = '23514';
    END IF;
    IF seen IS DISTINCT FROM w."window" THEN
        RAISE EXCEPTION 'it was moved meanwhile: look at the new times, then answer' USING ERRCODE = '23514';
    END IF;
    IF say IS NULL OR say NOT IN ('known', 'objects') OR length(why) > 4000 OR say = 'objects' AND (btrim(why) = '') IS NOT FALSE THEN
        RAISE EXCEPTION 'say that you know of it, or object and say why' USING ERRCODE = '23514';
    END IF;
    IF (s.answer, s.reason, s.answered_window) = (say, CASE say WHEN 'objects' THEN why ELSE '' END, w."window") THEN
        RETURN false;
    END IF;
    UPDATE public.incidents_plannedside x
       SET answer = say, reason = CASE say WHEN 'objects' THEN why ELSE '' END, answered_at = clock_timestamp(),
           answered_window = w."window"
     WHERE x.id = s.id;
    PERFORM sec.planned_said(w, 'answered', s.organisation_id, jsonb_build_object('answer', say));
    RETURN true;
END $$;
-- These kinds are said by the functions above alone.
CREATE POLICY planned_said ON public.ledger_event AS RESTRICTIVE FOR INSERT TO portal_app, portal_worker
    WITH CHECK (kind NOT LIKE 'planned.%');
"""
GRANTS = """
REVOKE ALL ON FUNCTION sec.stopped_with(uuid[]), sec.stopped_for(uuid[]), sec.may_announce(uuid[]),
    sec.key_has(text), sec.planned_estate(uuid[]), sec.planned_said(public.incidents_plannedwork, text, uuid, jsonb),
    sec.planned_said_on(public.incidents_plannedwork, text, text),
    sec.announce_planned(uuid, text, text, text, text, text, timestamptz, timestamptz, uuid[], jsonb),
    sec.move_planned(uuid, text, text, timestamptz, timestamptz), sec.answer_planned(uuid, text, text, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sec.planned_estate(uuid[]),
    sec.announce_planned(uuid, text, text, text, text, text, timestamptz, timestamptz, uuid[], jsonb),
    sec.move_planned(uuid, text, text, timestamptz, timestamptz), sec.answer_planned(uuid, text, text, integer) TO portal_app;
"""
BACKWARD = """
DROP POLICY planned_said ON public.ledger_event;
DROP FUNCTION sec.answer_planned(uuid, text, text, integer), sec.move_planned(uuid, text, text, timestamptz, timestamptz),
    sec.announce_planned(uuid, text, text, text, text, text, timestamptz, timestamptz, uuid[], jsonb),
    sec.planned_said_on(public.incidents_plannedwork, text, text),
    sec.planned_said(public.incidents_plannedwork, text, uuid, jsonb), sec.planned_estate(uuid[]),
    sec.may_announce(uuid[]), sec.key_has(text), sec.stopped_for(uuid[]), sec.stopped_with(uuid[]);
"""


class Migration(migrations.Migration):
    dependencies = [("incidents", "0013_radius_moves"), ("partners", "0013_contacts_known_to_work")]
    operations = [
        migrations.CreateModel(
            name="PlannedWork",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("reference", models.TextField(unique=True)),
                ("once", models.UUIDField()),
                ("title", models.TextField()),
                ("stops", models.TextField()),
                ("fallback", models.TextField(blank=True, default="")),
                ("ask", models.TextField()),
                (
                    "status",
                    models.TextField(
                        choices=[
                            ("announced", "Announced"),
                            ("running", "Under way"),
                            ("finished", "Finished"),
                            ("cancelled", "Called off"),
                        ],
                        default="announced",
                    ),
                ),
                ("starts_at", models.DateTimeField()),
                ("ends_at", models.DateTimeField()),
                ("window", models.PositiveSmallIntegerField(default=1)),
                ("confirm_by", models.DateTimeField()),
                ("announced_at", models.DateTimeField()),
                ("started_at", models.DateTimeField(null=True)),
                ("ended_at", models.DateTimeField(null=True)),
                (
                    "announced_by",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="partners.organisation",
                    ),
                ),
            ],
            options={
                "ordering": ["-starts_at", "-id"],
            },
        ),
        migrations.CreateModel(
            name="PlannedSystem",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("slug", models.TextField()),
                ("name", models.TextField()),
                (
                    "system",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="partners.sharedsystem"
                    ),
                ),
                (
                    "work",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="systems",
                        to="incidents.plannedwork",
                    ),
                ),
            ],
            options={
                "ordering": ["name"],
            },
        ),
        migrations.CreateModel(
            name="PlannedSide",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("announcer_id", models.UUIDField()),
                ("slug", models.TextField()),
                ("name", models.TextField()),
                ("because", models.TextField()),
                (
                    "answer",
                    models.TextField(
                        blank=True,
                        choices=[("", "No answer"), ("known", "Knows of it"), ("objects", "Objects")],
                        default="",
                    ),
                ),
                ("reason", models.TextField(blank=True, default="")),
                ("answered_at", models.DateTimeField(null=True)),
                ("answered_window", models.PositiveSmallIntegerField(default=0)),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="partners.organisation"
                    ),
                ),
                (
                    "work",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="sides",
                        to="incidents.plannedwork",
                    ),
                ),
            ],
            options={
                "ordering": ["name"],
            },
        ),
        migrations.CreateModel(
            name="PlannedChange",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("at", models.DateTimeField()),
                (
                    "what",
                    models.TextField(
                        choices=[
                            ("announced", "Announced"),
                            ("moved", "Moved"),
                            ("started", "Started"),
                            ("extended", "Takes longer"),
                            ("finished", "Finished"),
                            ("cancelled", "Called off"),
                        ]
                    ),
                ),
                ("words", models.TextField(blank=True, default="")),
                ("starts_at", models.DateTimeField()),
                ("ends_at", models.DateTimeField()),
                (
                    "work",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="changes",
                        to="incidents.plannedwork",
                    ),
                ),
            ],
            options={
                "ordering": ["at"],
            },
        ),
        migrations.AddIndex(
            model_name="plannedwork",
            index=models.Index(fields=["-starts_at", "-id"], name="planned_newest"),
        ),
        migrations.AddConstraint(
            model_name="plannedwork",
            constraint=models.UniqueConstraint(fields=("announced_by", "once"), name="planned_once"),
        ),
        migrations.AddConstraint(
            model_name="plannedwork",
            constraint=models.CheckConstraint(
                condition=models.Q(("ends_at__gt", models.F("starts_at"))), name="planned_window"
            ),
        ),
        migrations.AddConstraint(
            model_name="plannedwork",
            constraint=models.CheckConstraint(
                condition=models.Q(("status__in", ["announced", "running", "finished", "cancelled"])),
                name="planned_status",
            ),
        ),
        migrations.AddConstraint(
            model_name="plannedsystem",
            constraint=models.UniqueConstraint(fields=("work", "system"), name="planned_system_once"),
        ),
        migrations.AddConstraint(
            model_name="plannedside",
            constraint=models.UniqueConstraint(fields=("work", "organisation"), name="planned_side_once"),
        ),
        migrations.AddConstraint(
            model_name="plannedside",
            constraint=models.CheckConstraint(
                condition=models.Q(("answer__in", ["", "known", "objects"])), name="planned_answer"
            ),
        ),
        migrations.AddConstraint(
            model_name="plannedside",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("answer", "objects"), _negated=True),
                    models.Q(("reason", ""), _negated=True),
                    _connector="OR",
                ),
                name="planned_objection_has_reason",
            ),
        ),
        migrations.AddIndex(
            model_name="plannedchange",
            index=models.Index(fields=["work", "at"], name="planned_changes"),
        ),
        migrations.AddIndex(
            model_name="plannedside",
            index=models.Index(fields=["announcer_id"], name="planned_side_announcer"),
        ),
        migrations.RunSQL(WALKING + SAYING + GRANTS, BACKWARD),
        protect("incidents_plannedside", Allow(APP, "select", OWN_SIDE)),
        protect("incidents_plannedwork", Allow(APP, "select", ANNOUNCED_OR_REACHED)),
        protect("incidents_plannedsystem", Allow(APP, "select", of_work("incidents_plannedsystem"))),
        protect("incidents_plannedchange", Allow(APP, "select", of_work("incidents_plannedchange"))),
    ]
