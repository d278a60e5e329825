"""A provider's standing access into each council: the provider writes what it has, the council says line by line what is
still needed. Functions write the rows; who attested is for the council alone."""

import uuid

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

from portal.tenancy.policies import ME, Allow, keep_history, protect

APP, WORKER = "portal_app", "portal_worker"
DEFINER = "SECURITY DEFINER SET search_path = pg_catalog, pg_temp"
EITHER = f"{ME} IN (provider_id, council_id)"

STANDING = f"""
CREATE FUNCTION sec.told_of_access(r jsonb) RETURNS uuid[] LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT ARRAY[(r ->> 'provider_id')::uuid, (r ->> 'council_id')::uuid]
$$;
-- Who may have standing access into a council: a provider, or whoever runs a system that it stands on.
CREATE FUNCTION sec.may_have_access(council uuid) RETURNS boolean LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT council <> sec.me() AND EXISTS (SELECT 1 FROM public.partners_organisation o WHERE o.id = council)
       AND (EXISTS (SELECT 1 FROM public.partners_organisation o WHERE o.id = sec.me() AND o.kind = 'provider')
            OR EXISTS (SELECT 1 FROM public.partners_participation p
                        WHERE p.organisation_id = council AND p.system_id = ANY (sec.systems_i_run())))
$$;
-- Write one line, new (`line` null) or as it is now. What the council said holds for what it said it of: any change but
-- of the last use takes the answer back.
CREATE FUNCTION sec.keep_access(line uuid, read integer, council uuid, doc jsonb) RETURNS uuid LANGUAGE plpgsql {DEFINER} AS $$
DECLARE me uuid := sec.me(); was public.partners_standingaccess; now_is public.partners_standingaccess; BEGIN
    IF me IS NULL OR sec.role() NOT IN ('administrator', 'incident_manager') OR NOT sec.fresh() THEN
        RAISE EXCEPTION 'this needs an incident manager, and a passkey used just now' USING ERRCODE = '42501';
    END IF;
    IF line IS NOT NULL THEN
        SELECT * INTO was FROM public.partners_standingaccess x
         WHERE x.id = line AND x.provider_id = me AND x.removed_at IS NULL FOR UPDATE;
        IF was.id IS NULL THEN
            RAISE EXCEPTION 'not a line of yours' USING ERRCODE = '42501';
        END IF;
        IF was.version IS DISTINCT FROM read THEN
            RAISE EXCEPTION 'somebody changed it meanwhile: look at it again' USING ERRCODE = '23514';
        END IF;
        council := was.council_id;
    END IF;
    IF sec.may_have_access(council) IS NOT TRUE THEN
        RAISE EXCEPTION 'not an organisation that you can have standing access into' USING ERRCODE = '42501';
    END IF;
    now_is := was;
    now_is.name := btrim(coalesce(doc ->> 'name', ''));
    now_is.kind := coalesce(doc ->> 'kind', '');
    now_is.rights := btrim(coalesce(doc ->> 'rights', ''));
    now_is.privileged := coalesce((doc ->> 'privileged')::boolean, false);
    now_is.why := btrim(coalesce(doc ->> 'why', ''));
    now_is.approved_by := btrim(coalesce(doc ->> 'approved_by', ''));
    now_is.approved_on := (doc ->> 'approved_on')::date;
    now_is.system_ids := ARRAY(SELECT DISTINCT x::uuid FROM jsonb_array_elements_text(doc -> 'systems') x ORDER BY 1);
    now_is.link_group := btrim(coalesce(doc ->> 'link_group', ''));
    now_is.links := ARRAY(SELECT DISTINCT x::uuid FROM jsonb_array_elements_text(doc -> 'links') x ORDER BY 1);
    now_is.last_used_on := (doc ->> 'last_used_on')::date;
    IF now_is.name = '' OR now_is.rights = '' OR now_is.why = '' OR now_is.kind NOT IN ('group', 'account')
       OR length(now_is.name || now_is.rights || now_is.why || now_is.approved_by || now_is.link_group) > 5000 THEN
        RAISE EXCEPTION 'a line has a name, what it may do, and why' USING ERRCODE = '23514';
    END IF;
    IF now_is.last_used_on > current_date OR now_is.approved_on > current_date THEN
        RAISE EXCEPTION 'that day has not been yet' USING ERRCODE = '23514';
    END IF;
    IF cardinality(now_is.system_ids) > 50 OR EXISTS (SELECT 1 FROM unnest(now_is.system_ids) x
            WHERE x <> ALL (sec.my_systems() || coalesce(was.system_ids, '{{}}'))
              AND x NOT IN (SELECT n.system_id FROM sec.neighbours() n)) THEN
        RAISE EXCEPTION 'not a system that you can name' USING ERRCODE = '42501';
    END IF;
    -- A link that it cannot see is no link to it; what it named before stays.
    IF cardinality(now_is.links) > 50 OR EXISTS (SELECT 1 FROM unnest(now_is.links) x
            WHERE x <> ALL (coalesce(was.links, '{{}}'))
              AND NOT EXISTS (SELECT 1 FROM public.partners_dependency d WHERE d.id = x
                                 AND (d.source_id = ANY (sec.my_systems()) OR d.target_id = ANY (sec.my_systems())))) THEN
        RAISE EXCEPTION 'not a link that you can name' USING ERRCODE = '42501';
    END IF;
    IF now_is.link_group NOT IN ('', coalesce(was.link_group, ''))
       AND NOT EXISTS (SELECT 1 FROM public.partners_dependency d WHERE d."group" = now_is.link_group
                          AND (d.source_id = ANY (sec.my_systems()) OR d.target_id = ANY (sec.my_systems()))) THEN
        RAISE EXCEPTION 'not a group of a link that you can name' USING ERRCODE = '42501';
    END IF;
    IF line IS NULL THEN
        INSERT INTO public.partners_standingaccess (id, provider_id, council_id, name, kind, rights, privileged, why,
            approved_by, approved_on, system_ids, link_group, links, last_used_on, added_at, version, answer, answer_note)
        VALUES (gen_random_uuid(), me, council, now_is.name, now_is.kind, now_is.rights, now_is.privileged, now_is.why,
            now_is.approved_by, now_is.approved_on, now_is.system_ids, now_is.link_group, now_is.links, now_is.last_used_on,
            clock_timestamp(), 1, '', '') RETURNING id INTO line;
        RETURN line;
    END IF;
    IF to_jsonb(now_is) - 'last_used_on' <> to_jsonb(was) - 'last_used_on' THEN
        now_is.version := was.version + 1;
        now_is.answer := '';
        now_is.answered_at := NULL;
        now_is.answer_note := '';
    END IF;
    UPDATE public.partners_standingaccess x
       SET name = now_is.name, kind = now_is.kind, rights = now_is.rights, privileged = now_is.privileged, why = now_is.why,
           approved_by = now_is.approved_by, approved_on = now_is.approved_on, system_ids = now_is.system_ids,
           link_group = now_is.link_group, links = now_is.links, last_used_on = now_is.last_used_on, version = now_is.version,
           answer = now_is.answer, answered_at = now_is.answered_at, answer_note = now_is.answer_note
     WHERE x.id = line;
    RETURN line;
END $$;
-- The provider says that it has taken the access away.
CREATE FUNCTION sec.remove_access(line uuid) RETURNS void LANGUAGE plpgsql {DEFINER} AS $$
BEGIN
    IF sec.me() IS NULL OR sec.role() NOT IN ('administrator', 'incident_manager') OR NOT sec.fresh() THEN
        RAISE EXCEPTION 'this needs an incident manager, and a passkey used just now' USING ERRCODE = '42501';
    END IF;
    UPDATE public.partners_standingaccess x SET removed_at = clock_timestamp()
     WHERE x.id = line AND x.provider_id = sec.me() AND x.removed_at IS NULL;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'not a line of yours' USING ERRCODE = '42501';
    END IF;
    UPDATE public.partners_workitem w SET state = 'cleared', settled_at = clock_timestamp()
     WHERE w.organisation_id = sec.me() AND w.key = 'access-answer:' || line AND w.state = 'open';
END $$;
-- The council says of each of these lines, as it read them, what holds; a no becomes work for whoever has the access.
CREATE FUNCTION sec.attest_access(lines uuid[], read integer[], answers text[], notes text[]) RETURNS integer
LANGUAGE plpgsql {DEFINER} AS $$
DECLARE me uuid := sec.me(); moment timestamptz := clock_timestamp(); x public.partners_standingaccess; n integer; BEGIN
    IF me IS NULL OR NOT sec.may_approve() OR NOT sec.fresh() THEN
        RAISE EXCEPTION 'this needs a role that may approve, and a passkey used just now' USING ERRCODE = '42501';
    END IF;
    n := cardinality(lines);
    IF n IS NULL OR n NOT BETWEEN 1 AND 500 OR n <> cardinality(read) OR n <> cardinality(answers) OR n <> cardinality(notes)
       OR n <> (SELECT count(DISTINCT l) FROM unnest(lines) l)
       OR EXISTS (SELECT 1 FROM unnest(answers) a WHERE a IS NULL OR a NOT IN ('needed', 'remove', 'not_ours'))
       OR EXISTS (SELECT 1 FROM unnest(notes) w WHERE w IS NULL OR length(w) > 2000) THEN
        RAISE EXCEPTION 'one answer for each line' USING ERRCODE = '23514';
    END IF;
    PERFORM 1 FROM public.partners_standingaccess s WHERE s.id = ANY (lines) ORDER BY s.id FOR UPDATE;
    IF n <> (SELECT count(*) FROM public.partners_standingaccess s WHERE s.id = ANY (lines) AND s.council_id = me) THEN
        RAISE EXCEPTION 'not a line of access into your organisation' USING ERRCODE = '42501';
    END IF;
    IF n <> (SELECT count(*) FROM public.partners_standingaccess s JOIN unnest(lines, read) r(id, version)
               ON s.id = r.id AND s.version = r.version WHERE s.removed_at IS NULL) THEN
        RAISE EXCEPTION 'a line was changed or removed meanwhile: look at it again' USING ERRCODE = '23514';
    END IF;
    UPDATE public.partners_standingaccess s SET answer = r.answer, answered_at = moment, answer_note = btrim(r.note)
      FROM unnest(lines, answers, notes) r(id, answer, note) WHERE s.id = r.id;
    INSERT INTO public.partners_attestation (id, access_id, organisation_id, version, answer, note, said_by, said_by_name, at)
    SELECT gen_random_uuid(), s.id, me, s.version, s.answer, s.answer_note, sec.who(), sec.my_name(), moment
      FROM public.partners_standingaccess s WHERE s.id = ANY (lines);
    FOR x IN SELECT * FROM public.partners_standingaccess s WHERE s.id = ANY (lines) ORDER BY s.id LOOP
        IF x.answer = 'needed' THEN
            UPDATE public.partners_workitem w SET state = 'cleared', settled_at = moment
             WHERE w.organisation_id = x.provider_id AND w.key = 'access-answer:' || x.id AND w.state = 'open';
        ELSE
            PERFORM sec.raise_work(x.provider_id, 'standing_access', 'access-answer:' || x.id,
                format(CASE x.answer WHEN 'remove' THEN 'Remove %s: %s does not need it any more'
                                     ELSE 'Look into %s: %s says that it is not theirs' END,
                       x.name, (SELECT o.name FROM public.partners_organisation o WHERE o.id = me)),
                x.answer_note, '/access/' || x.id || '/', x.id, NULL);
        END IF;
    END LOOP;
    RETURN n;
END $$;
-- Names of the systems that these lines name, and nothing else of them.
CREATE FUNCTION sec.access_systems() RETURNS TABLE (id uuid, slug text, name text) LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT DISTINCT s.id, s.slug, s.name FROM public.partners_standingaccess a
      JOIN public.partners_sharedsystem s ON s.id = ANY (a.system_ids)
     WHERE sec.me() IN (a.provider_id, a.council_id)
$$;
REVOKE ALL ON FUNCTION sec.told_of_access(jsonb), sec.may_have_access(uuid), sec.keep_access(uuid, integer, uuid, jsonb),
    sec.remove_access(uuid), sec.attest_access(uuid[], integer[], text[], text[]), sec.access_systems() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sec.keep_access(uuid, integer, uuid, jsonb), sec.remove_access(uuid),
    sec.attest_access(uuid[], integer[], text[], text[]), sec.access_systems() TO portal_app;
"""
BACKWARD = """
DROP FUNCTION sec.access_systems(), sec.attest_access(uuid[], integer[], text[], text[]), sec.remove_access(uuid),
    sec.keep_access(uuid, integer, uuid, jsonb), sec.may_have_access(uuid), sec.told_of_access(jsonb);
"""


class Migration(migrations.Migration):
    dependencies = [
        ("partners", "0010_permissions"),
    ]

    operations = [
        migrations.CreateModel(
            name="StandingAccess",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("name", models.TextField()),
                ("kind", models.TextField(choices=[("group", "Group"), ("account", "Account")])),
                ("rights", models.TextField()),
                ("privileged", models.BooleanField(default=False)),
                ("why", models.TextField()),
                ("approved_by", models.TextField(blank=True, default="")),
                ("approved_on", models.DateField(blank=True, null=True)),
                (
                    "system_ids",
                    django.contrib.postgres.fields.ArrayField(base_field=models.UUIDField(), default=list, size=None),
                ),
                ("link_group", models.TextField(blank=True, default="")),
                (
                    "links",
                    django.contrib.postgres.fields.ArrayField(base_field=models.UUIDField(), default=list, size=None),
                ),
                ("last_used_on", models.DateField(blank=True, null=True)),
                ("added_at", models.DateTimeField()),
                ("version", models.PositiveIntegerField(default=1)),
                (
                    "answer",
                    models.TextField(
                        blank=True,
                        choices=[
                            ("", ""),
                            ("needed", "Still needed"),
                            ("remove", "Remove it"),
                            ("not_ours", "Not ours"),
                        ],
                        default="",
                    ),
                ),
                ("answered_at", models.DateTimeField(blank=True, null=True)),
                ("answer_note", models.TextField(blank=True, default="")),
                ("removed_at", models.DateTimeField(blank=True, null=True)),
                (
                    "council",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="partners.organisation"
                    ),
                ),
                (
                    "provider",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="partners.organisation"
                    ),
                ),
            ],
            options={
                "ordering": ["name"],
            },
        ),
        migrations.CreateModel(
            name="Attestation",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("version", models.PositiveIntegerField()),
                (
                    "answer",
                    models.TextField(
                        choices=[("needed", "Still needed"), ("remove", "Remove it"), ("not_ours", "Not ours")]
                    ),
                ),
                ("note", models.TextField(blank=True, default="")),
                ("said_by", models.UUIDField(blank=True, null=True)),
                ("said_by_name", models.TextField()),
                ("at", models.DateTimeField()),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="partners.organisation"
                    ),
                ),
                (
                    "access",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="attestations",
                        to="partners.standingaccess",
                    ),
                ),
            ],
            options={
                "ordering": ["-at"],
            },
        ),
        migrations.AddConstraint(
            model_name="standingaccess",
            constraint=models.UniqueConstraint(
                condition=models.Q(("removed_at", None)),
                fields=("provider", "council", "name"),
                name="standing_access_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="standingaccess",
            constraint=models.CheckConstraint(
                condition=models.Q(("provider", models.F("council")), _negated=True),
                name="standing_access_two_organisations",
            ),
        ),
        migrations.AddIndex(
            model_name="attestation",
            index=models.Index(fields=["access", "-at"], name="attestation_of"),
        ),
        migrations.RunSQL(STANDING, BACKWARD),
        protect("partners_standingaccess", Allow(APP, "select", EITHER), Allow(WORKER, "select", EITHER)),
        protect("partners_attestation", Allow(APP, "select", f"organisation_id = {ME}")),
        keep_history("partners_standingaccess", "standing access", "told_of_access"),
    ]
