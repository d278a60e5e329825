"""What keeps the register alive: its history, work for people, and what is done by the clock. Rows of all three are
written by functions and triggers alone."""

import uuid

import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from portal.tenancy.policies import ME, Allow, keep_history, protect

APP, WORKER = "portal_app", "portal_worker"
OWN = f"organisation_id = {ME}"
DEFINER = "SECURITY DEFINER SET search_path = pg_catalog, pg_temp"
# All but who else may read it.
OF_A_CHANGE = ("id", "kind", "object_id", "what", "before", "after", "at", "organisation_id", "person_id")

KEEPING = f"""
-- A person who looks after the register, or a key (whose scope the API asks).
CREATE FUNCTION sec.may_keep() RETURNS boolean LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT sec.me() IS NOT NULL AND ((SELECT t.kind FROM sec.ticket() t) = 'key'
           OR sec.role() IN ('administrator', 'incident_manager'))
$$;
-- Whether the ticket may write in the register: the same, of a key one of that scope.
CREATE FUNCTION sec.may_keep_register() RETURNS boolean LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT sec.may_keep() AND ((SELECT t.kind FROM sec.ticket() t) <> 'key' OR EXISTS (
        SELECT 1 FROM sec.grant_token g JOIN public.partners_apikey k ON k.id = g.key_id
         WHERE g.token_hash = sha256(convert_to(current_setting('app.ticket', true), 'UTF8'))
           AND k.revoked_at IS NULL AND 'estate' = ANY (k.scopes)))
$$;
-- Whose history a row is. Everybody on a system reads the system's; a link's is for whoever runs one of its ends.
CREATE FUNCTION sec.on_system(system uuid) RETURNS uuid[] LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT sec.runners(system) || coalesce((SELECT array_agg(p.organisation_id) FROM public.partners_participation p
                                             WHERE p.system_id = system), '{{}}')
$$;
CREATE FUNCTION sec.told_of_system(r jsonb) RETURNS uuid[] LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT ARRAY[(r ->> 'owner_id')::uuid, (r ->> 'provider_id')::uuid] || sec.on_system((r ->> 'id')::uuid)
$$;
CREATE FUNCTION sec.told_of_part(r jsonb) RETURNS uuid[] LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT sec.on_system((r ->> 'system_id')::uuid)
$$;
CREATE FUNCTION sec.told_of_stand(r jsonb) RETURNS uuid[] LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT sec.runners((r ->> 'system_id')::uuid) || (r ->> 'organisation_id')::uuid
$$;
CREATE FUNCTION sec.told_of_edge(r jsonb) RETURNS uuid[] LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT sec.runners((r ->> 'source_id')::uuid) || sec.runners((r ->> 'target_id')::uuid)
$$;
CREATE FUNCTION sec.told_of_own(r jsonb) RETURNS uuid[] LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT ARRAY[(r ->> 'organisation_id')::uuid]
$$;
-- What happened to the register, for one reader: an audience can be read, and readers need not know of one another.
CREATE FUNCTION sec.register_changed(reader uuid, object uuid, details jsonb) RETURNS void LANGUAGE sql {DEFINER} AS $$
    INSERT INTO public.ledger_event (id, kind, at, actor_organisation_id, actor_kind, actor_person_id, incident_reference,
                                     subject_id, audience, data)
    SELECT gen_random_uuid(), 'register.changed', clock_timestamp(), t.org_id,
           CASE WHEN t.kind = 'job' THEN 'system' WHEN t.person_id IS NULL THEN 'key' ELSE 'person' END, t.person_id, '',
           object, ARRAY[reader], details
      FROM sec.ticket() t
$$;
-- Arguments: kind, name of the function that says whose history it is, hidden columns.
CREATE FUNCTION sec.history_kept() RETURNS trigger LANGUAGE plpgsql {DEFINER} AS $$
DECLARE t record; was jsonb[]; became jsonb[]; done text; told uuid[]; differ text[]; whole jsonb; object uuid; n int;
        reader uuid; firsts jsonb := '{{}}'; counts jsonb := '{{}}'; BEGIN
    IF TG_OP = 'INSERT' THEN
        done := 'made';
        SELECT array_agg('{{}}'::jsonb), array_agg(to_jsonb(x)) INTO was, became FROM new_rows x;
    ELSIF TG_OP = 'DELETE' THEN
        done := 'removed';
        SELECT array_agg(to_jsonb(x)), array_agg('{{}}'::jsonb) INTO was, became FROM old_rows x;
    ELSE
        done := 'changed';
        SELECT array_agg(to_jsonb(o)), array_agg(to_jsonb(x)) INTO was, became
          FROM new_rows x JOIN old_rows o USING (id) WHERE to_jsonb(o) <> to_jsonb(x);
    END IF;
    IF was IS NULL THEN
        RETURN NULL;
    END IF;
    SELECT * INTO t FROM sec.ticket();
    FOR n IN 1 .. cardinality(was) LOOP
        whole := CASE WHEN done = 'removed' THEN was[n] ELSE became[n] END;
        object := (whole ->> 'id')::uuid;
        EXECUTE format('SELECT sec.%I($1)', TG_ARGV[1]) INTO told USING whole;
        told := ARRAY(SELECT DISTINCT x FROM unnest(told || t.org_id) x WHERE x IS NOT NULL);
        differ := ARRAY(SELECT k FROM jsonb_object_keys(was[n] || became[n]) k
                         WHERE was[n] -> k IS DISTINCT FROM became[n] -> k ORDER BY k);
        INSERT INTO public.partners_change (id, kind, object_id, what, before, after, at, organisation_id, person_id, audience)
        SELECT gen_random_uuid(), TG_ARGV[0], object, done,
               coalesce(jsonb_object_agg(k, CASE WHEN k = ANY (TG_ARGV[2:]) THEN to_jsonb('•'::text) ELSE was[n] -> k END)
                        FILTER (WHERE was[n] ? k), '{{}}'),
               coalesce(jsonb_object_agg(k, CASE WHEN k = ANY (TG_ARGV[2:]) THEN to_jsonb('•'::text) ELSE became[n] -> k END)
                        FILTER (WHERE became[n] ? k), '{{}}'),
               clock_timestamp(), t.org_id, t.person_id, told
          FROM unnest(differ) k;
        IF t.org_id IS NULL THEN
            CONTINUE;
        END IF;
        -- A long statement is one event for each reader, about the first object that is theirs to read and how many are.
        whole := jsonb_build_object('object', TG_ARGV[0], 'what', done, 'fields', differ, 'count', 1);
        FOREACH reader IN ARRAY told LOOP
            IF cardinality(was) <= 20 THEN
                PERFORM sec.register_changed(reader, object, whole);
            ELSIF counts ? reader::text THEN
                counts := jsonb_set(counts, ARRAY[reader::text], to_jsonb((counts ->> reader::text)::int + 1));
            ELSE
                counts := counts || jsonb_build_object(reader, 1);
                firsts := firsts || jsonb_build_object(reader, whole || jsonb_build_object('first', object));
            END IF;
        END LOOP;
    END LOOP;
    PERFORM sec.register_changed(f.key::uuid, (f.value ->> 'first')::uuid,
                                 f.value - 'first' || jsonb_build_object('count', counts -> f.key))
       FROM jsonb_each(firsts) f;
    RETURN NULL;
END $$;
REVOKE ALL ON FUNCTION sec.may_keep(), sec.may_keep_register(), sec.on_system(uuid), sec.told_of_system(jsonb), sec.told_of_part(jsonb),
    sec.told_of_stand(jsonb), sec.told_of_edge(jsonb), sec.told_of_own(jsonb), sec.register_changed(uuid, uuid, jsonb),
    sec.history_kept() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sec.may_keep(), sec.may_keep_register() TO portal_app;
"""

WORKING = f"""
-- For other functions alone: they know whom it concerns. An open item of that key is brought up to date instead.
CREATE FUNCTION sec.raise_work(org uuid, what text, once text, headline text, words text, where_to text, about uuid,
    due timestamptz) RETURNS uuid LANGUAGE plpgsql {DEFINER} AS $$
DECLARE t record; made uuid; fresh boolean; BEGIN
    SELECT * INTO t FROM sec.ticket();
    INSERT INTO public.partners_workitem AS w (id, organisation_id, kind, key, title, detail, page, object_id, due_at,
        raised_at, raised_by_organisation_id, state, outcome)
    VALUES (gen_random_uuid(), org, what, once, headline, words, where_to, about, due, clock_timestamp(), t.org_id, 'open', '')
    ON CONFLICT (organisation_id, key) WHERE state = 'open'
    DO UPDATE SET title = excluded.title, detail = excluded.detail, page = excluded.page, due_at = excluded.due_at
    RETURNING w.id, w.xmax = 0 INTO made, fresh;
    IF fresh AND t.org_id IS NOT NULL THEN
        INSERT INTO public.ledger_event (id, kind, at, actor_organisation_id, actor_kind, actor_person_id,
                                         incident_reference, subject_id, audience, data)
        VALUES (gen_random_uuid(), 'work.raised', clock_timestamp(), t.org_id,
                CASE WHEN t.kind = 'job' THEN 'system' WHEN t.person_id IS NULL THEN 'key' ELSE 'person' END, t.person_id,
                '', made, ARRAY(SELECT DISTINCT x FROM unnest(ARRAY[t.org_id, org]) x), jsonb_build_object('kind', what));
    END IF;
    RETURN made;
END $$;
-- Whether an open item of the caller's organisation is a job's or a function's word alone: an alarm about a contact, or what
-- another organisation gave.
CREATE FUNCTION sec.work_said_by_others(once text) RETURNS boolean LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT (SELECT t.kind FROM sec.ticket() t) IS DISTINCT FROM 'job' AND EXISTS (
        SELECT 1 FROM public.partners_workitem w WHERE w.organisation_id = sec.me() AND w.key = once AND w.state = 'open'
           AND (w.kind = 'contact_changed' OR w.raised_by_organisation_id IS DISTINCT FROM w.organisation_id))
$$;
CREATE FUNCTION sec.raise_own_work(what text, once text, headline text, words text, where_to text, about uuid,
    due timestamptz) RETURNS uuid LANGUAGE plpgsql {DEFINER} AS $$
BEGIN
    IF sec.me() IS NULL OR btrim(headline) = '' THEN
        RAISE EXCEPTION 'work has an organisation and a title' USING ERRCODE = '42501';
    END IF;
    IF sec.work_said_by_others(once) OR sec.role() = 'observer' THEN
        RAISE EXCEPTION 'this item is not yours to write again' USING ERRCODE = '42501';
    END IF;
    RETURN sec.raise_work(sec.me(), what, once, headline, words, where_to, about, due);
END $$;
CREATE FUNCTION sec.settle_work(item uuid, dropped boolean, words text) RETURNS void LANGUAGE plpgsql {DEFINER} AS $$
DECLARE t record; BEGIN
    SELECT * INTO t FROM sec.ticket();
    IF sec.me() IS NULL OR t.person_id IS NULL OR sec.role() IN ('', 'observer') THEN
        RAISE EXCEPTION 'a person of the organisation settles its work' USING ERRCODE = '42501';
    END IF;
    IF btrim(coalesce(words, '')) = '' THEN
        RAISE EXCEPTION 'say what came of it' USING ERRCODE = '23514';
    END IF;
    -- An alarm about a contact is not settled by whoever changed it since, unless nobody else is there to.
    IF EXISTS (SELECT 1 FROM public.partners_workitem w JOIN public.partners_change c
                   ON c.object_id = w.object_id AND c.kind = 'contact' AND c.at > w.raised_at - interval '1 minute'
                WHERE w.id = item AND w.kind = 'contact_changed' AND c.person_id = t.person_id)
       AND EXISTS (SELECT 1 FROM public.partners_person p WHERE p.organisation_id = t.org_id AND p.id <> t.person_id
                      AND p.is_active AND NOT p.break_glass AND p.role NOT IN ('observer', 'service_account', 'guest')) THEN
        RAISE EXCEPTION 'somebody else than whoever changed the contact settles this' USING ERRCODE = '42501';
    END IF;
    UPDATE public.partners_workitem w
       SET state = CASE WHEN dropped THEN 'dropped' ELSE 'done' END, settled_at = clock_timestamp(),
           settled_by_id = t.person_id, outcome = words
     WHERE w.id = item AND w.organisation_id = sec.me() AND w.state = 'open';
    IF NOT FOUND THEN
        RAISE EXCEPTION 'not an open item of yours' USING ERRCODE = '42501';
    END IF;
    INSERT INTO public.ledger_event (id, kind, at, actor_organisation_id, actor_kind, actor_person_id, incident_reference,
                                     subject_id, audience, data)
    VALUES (gen_random_uuid(), 'work.settled', clock_timestamp(), t.org_id, 'person', t.person_id, '', item, ARRAY[t.org_id],
            jsonb_build_object('state', CASE WHEN dropped THEN 'dropped' ELSE 'done' END));
END $$;
-- Its reason has gone: what was overdue is done, what was unknown is known.
CREATE FUNCTION sec.clear_own_work(once text) RETURNS void LANGUAGE sql {DEFINER} AS $$
    UPDATE public.partners_workitem w SET state = 'cleared', settled_at = clock_timestamp()
     WHERE w.organisation_id = sec.me() AND w.key = once AND w.state = 'open'
       AND (sec.role() NOT IN ('', 'observer') OR (SELECT t.kind FROM sec.ticket() t) IN ('job', 'key'))
       AND NOT sec.work_said_by_others(once)
$$;
REVOKE ALL ON FUNCTION sec.raise_work(uuid, text, text, text, text, text, uuid, timestamptz),
    sec.raise_own_work(text, text, text, text, text, uuid, timestamptz), sec.settle_work(uuid, boolean, text),
    sec.clear_own_work(text), sec.work_said_by_others(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sec.raise_own_work(text, text, text, text, text, uuid, timestamptz), sec.clear_own_work(text)
    TO portal_app, portal_worker;
GRANT EXECUTE ON FUNCTION sec.settle_work(uuid, boolean, text) TO portal_app;
"""

CHORES = f"""
-- Every organisation has a row of every chore; one that is new is due at once.
CREATE FUNCTION sec.ensure_chores(names text[], since timestamptz) RETURNS void LANGUAGE sql {DEFINER} AS $$
    INSERT INTO public.partners_chore (id, organisation_id, name, due_at, claimed_by)
    SELECT gen_random_uuid(), o.id, n.name, since, '' FROM public.partners_organisation o, unnest(names) n(name)
    ON CONFLICT (organisation_id, name) DO NOTHING
$$;
CREATE FUNCTION sec.enter_chore(chore uuid, worker text) RETURNS text LANGUAGE plpgsql {DEFINER} AS $$
DECLARE org uuid; BEGIN
    SELECT c.organisation_id INTO org FROM public.partners_chore c
     WHERE c.id = chore AND c.claimed_by = worker AND worker <> '' AND c.claimed_until > clock_timestamp();
    IF org IS NULL THEN
        RAISE EXCEPTION 'no claim on this chore' USING ERRCODE = '42501';
    END IF;
    RETURN sec.enter(org);
END $$;
REVOKE ALL ON FUNCTION sec.ensure_chores(text[], timestamptz), sec.enter_chore(uuid, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sec.ensure_chores(text[], timestamptz), sec.enter_chore(uuid, text) TO portal_worker;
"""
BACKWARD = """
DROP FUNCTION sec.enter_chore(uuid, text), sec.ensure_chores(text[], timestamptz), sec.clear_own_work(text),
    sec.settle_work(uuid, boolean, text), sec.raise_own_work(text, text, text, text, text, uuid, timestamptz),
    sec.work_said_by_others(text), sec.raise_work(uuid, text, text, text, text, text, uuid, timestamptz);
DROP FUNCTION sec.history_kept(), sec.register_changed(uuid, uuid, jsonb), sec.told_of_own(jsonb), sec.told_of_edge(jsonb), sec.told_of_stand(jsonb),
    sec.told_of_part(jsonb), sec.told_of_system(jsonb), sec.on_system(uuid), sec.may_keep_register(), sec.may_keep();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("partners", "0007_edge_moves"),
    ]

    operations = [
        migrations.CreateModel(
            name="Change",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("kind", models.TextField()),
                ("object_id", models.UUIDField()),
                ("what", models.TextField(choices=[("made", "added"), ("changed", "changed"), ("removed", "removed")])),
                ("before", models.JSONField(default=dict)),
                ("after", models.JSONField(default=dict)),
                ("at", models.DateTimeField()),
                ("person_id", models.UUIDField(null=True)),
                ("audience", django.contrib.postgres.fields.ArrayField(base_field=models.UUIDField(), size=None)),
                (
                    "organisation",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="partners.organisation",
                    ),
                ),
            ],
            options={
                "ordering": ["-at"],
                "indexes": [models.Index(fields=["object_id", "-at"], name="change_object")],
            },
        ),
        migrations.CreateModel(
            name="Chore",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("name", models.TextField()),
                ("due_at", models.DateTimeField()),
                ("claimed_by", models.TextField(blank=True, default="")),
                ("claimed_until", models.DateTimeField(blank=True, null=True)),
                ("ran_at", models.DateTimeField(blank=True, null=True)),
                (
                    "organisation",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="partners.organisation",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["due_at"], name="chore_due")],
                "constraints": [models.UniqueConstraint(fields=("organisation", "name"), name="chore_once")],
            },
        ),
        migrations.CreateModel(
            name="WorkItem",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("kind", models.TextField()),
                ("key", models.TextField()),
                ("title", models.TextField()),
                ("detail", models.TextField(blank=True, default="")),
                ("page", models.TextField(blank=True, default="")),
                ("object_id", models.UUIDField(blank=True, null=True)),
                ("due_at", models.DateTimeField(blank=True, null=True)),
                ("raised_at", models.DateTimeField()),
                (
                    "state",
                    models.TextField(
                        choices=[
                            ("open", "Open"),
                            ("done", "Done"),
                            ("dropped", "Not needed"),
                            ("cleared", "Settled by itself"),
                        ],
                        default="open",
                    ),
                ),
                ("settled_at", models.DateTimeField(blank=True, null=True)),
                ("outcome", models.TextField(blank=True, default="")),
                (
                    "organisation",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="work_items",
                        to="partners.organisation",
                    ),
                ),
                (
                    "raised_by_organisation",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="partners.organisation",
                    ),
                ),
                (
                    "settled_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["raised_at"],
                "indexes": [models.Index(fields=["organisation", "state", "raised_at"], name="work_of")],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state", "open")), fields=("organisation", "key"), name="work_open_once"
                    )
                ],
            },
        ),
        migrations.RunSQL(KEEPING + WORKING + CHORES, BACKWARD),
        protect("partners_change", Allow(APP, "select", f"{ME} = ANY (audience)", columns=OF_A_CHANGE)),
        protect("partners_workitem", Allow(APP, "select", OWN), Allow(WORKER, "select", OWN)),
        protect(
            "partners_chore",
            Allow(WORKER, "select", "true"),
            Allow(WORKER, "update", "true", "true", columns=("due_at", "claimed_by", "claimed_until", "ran_at")),
        ),
        keep_history("partners_sharedsystem", "system", "told_of_system"),
        keep_history("partners_participation", "participation", "told_of_stand"),
        keep_history("partners_dependency", "link", "told_of_edge"),
    ]
