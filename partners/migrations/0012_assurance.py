"""Provider assurance: assessments, findings with what was said of them, contract records, evidence. Functions write all
of it; who reads what is a policy. Events are written one for each reader, who need not know of one another."""

import uuid

import django.db.models.deletion
from django.db import migrations, models

import portal.clock
from portal.tenancy.policies import ME, Allow, keep_history, protect

APP, WORKER = "portal_app", "portal_worker"
DEFINER = "SECURITY DEFINER SET search_path = pg_catalog, pg_temp"
SHARED_WITH_ME = (
    "EXISTS (SELECT 1 FROM partners_assessmentshare s WHERE s.assessment_id = {assessment} AND s.organisation_id = "
    f"{ME} AND s.shared_by_organisation_id = {{owner}})"
)
READS_ASSESSMENT = f"organisation_id = {ME} OR " + SHARED_WITH_ME.format(
    assessment="partners_assessment.id", owner="partners_assessment.organisation_id"
)
# Of a finding that the assessment's owner raised, everybody who reads the assessment; else the two alone.
READS_FINDING = f"provider_id = {ME} OR organisation_id = {ME} OR " + SHARED_WITH_ME.format(
    assessment="partners_finding.assessment_id", owner="partners_finding.organisation_id"
)
TWO_OF_CONTRACT = f"organisation_id = {ME} OR provider_id = {ME}"
ACTIVITIES = ("detect", "isolate", "cut_links", "preserve", "notify", "tell_residents", "restore", "report")

WHO = f"""
-- The organisations that provide a system which the ticket's organisation stands on.
CREATE FUNCTION sec.my_providers() RETURNS uuid[] LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT coalesce(array_agg(DISTINCT s.provider_id), '{{}}') FROM public.partners_participation p
      JOIN public.partners_sharedsystem s ON s.id = p.system_id
     WHERE p.organisation_id = sec.me() AND s.provider_id IS NOT NULL
$$;
CREATE FUNCTION sec.readers_of_assessment(assessment uuid) RETURNS uuid[] LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT a.organisation_id || ARRAY(SELECT s.organisation_id FROM public.partners_assessmentshare s WHERE s.assessment_id = a.id)
      FROM public.partners_assessment a WHERE a.id = assessment
$$;
CREATE FUNCTION sec.readers_of_finding(f public.partners_finding) RETURNS uuid[] LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT ARRAY(SELECT DISTINCT x FROM unnest(ARRAY[f.provider_id, f.organisation_id] || ARRAY(
        SELECT s.organisation_id FROM public.partners_assessmentshare s
         WHERE s.assessment_id = f.assessment_id AND s.shared_by_organisation_id = f.organisation_id)) x)
$$;
CREATE FUNCTION sec.told_of_contract(r jsonb) RETURNS uuid[] LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT ARRAY[(r ->> 'organisation_id')::uuid, (r ->> 'provider_id')::uuid]
$$;
CREATE FUNCTION sec.assurance_happened(what text, about uuid, readers uuid[], more jsonb) RETURNS void LANGUAGE sql {DEFINER} AS $$
    INSERT INTO public.ledger_event (id, kind, at, actor_organisation_id, actor_kind, actor_person_id, incident_reference,
                                     subject_id, audience, data)
    SELECT gen_random_uuid(), what, clock_timestamp(), t.org_id, CASE WHEN t.kind = 'job' THEN 'system' ELSE 'person' END,
           t.person_id, '', about, ARRAY[o.org], more
      FROM sec.ticket() t CROSS JOIN (SELECT DISTINCT x AS org FROM unnest(readers || sec.me()) x) o
$$;
-- A person who looks after the register, for a provider of theirs or for their own organisation.
CREATE FUNCTION sec.may_assure(about uuid) RETURNS void LANGUAGE plpgsql STABLE {DEFINER} AS $$
BEGIN
    IF sec.me() IS NULL OR sec.role() NOT IN ('administrator', 'incident_manager') THEN
        RAISE EXCEPTION 'this needs an administrator or incident manager' USING ERRCODE = '42501';
    END IF;
    IF about IS NULL OR NOT (about = ANY (sec.my_providers()) OR about = sec.me() AND EXISTS (
            SELECT 1 FROM public.partners_sharedsystem s WHERE s.provider_id = about)) THEN
        RAISE EXCEPTION 'no provider of a system that you stand on' USING ERRCODE = '42501';
    END IF;
END $$;
REVOKE ALL ON FUNCTION sec.my_providers(), sec.readers_of_assessment(uuid), sec.readers_of_finding(public.partners_finding),
    sec.told_of_contract(jsonb), sec.assurance_happened(text, uuid, uuid[], jsonb), sec.may_assure(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sec.my_providers() TO portal_app;
"""

ASSESSING = f"""
CREATE FUNCTION sec.write_assessment(assessment uuid, about uuid, r jsonb) RETURNS uuid LANGUAGE plpgsql {DEFINER} AS $$
DECLARE a public.partners_assessment; BEGIN
    PERFORM sec.may_assure(about);
    IF btrim(coalesce(r ->> 'title', '')) = '' OR btrim(coalesce(r ->> 'scope', '')) = '' THEN
        RAISE EXCEPTION 'an assessment has a title and says what it covers' USING ERRCODE = '23514';
    END IF;
    IF (r ->> 'done_on')::date > current_date + 1 THEN
        RAISE EXCEPTION 'it cannot have been done on a day to come' USING ERRCODE = '23514';
    END IF;
    IF assessment IS NULL THEN
        INSERT INTO public.partners_assessment (id, provider_id, organisation_id, kind, title, scope, assessor, summary,
                                                done_on, retest_due_on, written_at)
        VALUES (gen_random_uuid(), about, sec.me(), r ->> 'kind', r ->> 'title', r ->> 'scope',
                coalesce(r ->> 'assessor', ''), coalesce(r ->> 'summary', ''), (r ->> 'done_on')::date,
                (r ->> 'retest_due_on')::date, clock_timestamp())
        RETURNING * INTO a;
    ELSE
        UPDATE public.partners_assessment x
           SET kind = r ->> 'kind', title = r ->> 'title', scope = r ->> 'scope', assessor = coalesce(r ->> 'assessor', ''),
               summary = coalesce(r ->> 'summary', ''), done_on = (r ->> 'done_on')::date,
               retest_due_on = (r ->> 'retest_due_on')::date
         WHERE x.id = assessment AND x.organisation_id = sec.me() AND x.provider_id = about RETURNING * INTO a;
        IF a.id IS NULL THEN
            RAISE EXCEPTION 'not an assessment of yours' USING ERRCODE = '42501';
        END IF;
    END IF;
    PERFORM sec.assurance_happened('assessment.written', a.id, sec.readers_of_assessment(a.id), jsonb_build_object('kind', a.kind));
    RETURN a.id;
END $$;
CREATE FUNCTION sec.my_assessment(assessment uuid) RETURNS public.partners_assessment LANGUAGE plpgsql STABLE {DEFINER} AS $$
DECLARE a public.partners_assessment; BEGIN
    SELECT * INTO a FROM public.partners_assessment x WHERE x.id = assessment AND x.organisation_id = sec.me();
    IF a.id IS NULL OR sec.role() NOT IN ('administrator', 'incident_manager') THEN
        RAISE EXCEPTION 'not an assessment of yours' USING ERRCODE = '42501';
    END IF;
    RETURN a;
END $$;
-- The owner lets others read it, with its evidence and the findings that it raised in it; how many are new.
CREATE FUNCTION sec.share_assessment(assessment uuid, with_whom uuid[]) RETURNS integer LANGUAGE plpgsql {DEFINER} AS $$
DECLARE a public.partners_assessment := sec.my_assessment(assessment); one uuid; fresh integer := 0; BEGIN
    IF NOT sec.fresh() THEN
        RAISE EXCEPTION 'sharing needs a passkey used just now' USING ERRCODE = '42501';
    END IF;
    FOR one IN
        INSERT INTO public.partners_assessmentshare (id, assessment_id, organisation_id, shared_by_organisation_id, shared_by,
                                                     shared_at)
        SELECT gen_random_uuid(), a.id, o.id, a.organisation_id, sec.who(), clock_timestamp()
          FROM public.partners_organisation o WHERE o.id = ANY (with_whom) AND o.id <> a.organisation_id
        ON CONFLICT (assessment_id, organisation_id) DO NOTHING RETURNING organisation_id
    LOOP
        fresh := fresh + 1;
        PERFORM sec.assurance_happened('assessment.shared', a.id, ARRAY[one],
            jsonb_build_object('kind', a.kind, 'with', (SELECT o.slug FROM public.partners_organisation o WHERE o.id = one)));
    END LOOP;
    RETURN fresh;
END $$;
CREATE FUNCTION sec.attach_evidence(assessment uuid, stored text, called text, weight bigint, digest bytea, looks_like text)
RETURNS uuid LANGUAGE plpgsql {DEFINER} AS $$
DECLARE a public.partners_assessment := sec.my_assessment(assessment); BEGIN
    RETURN sec.keep_file('assessment', a.id, stored, called, weight, digest, looks_like, sec.readers_of_assessment(a.id));
END $$;
-- Answers the name on the disk, for whoever takes the bytes away after the commit.
CREATE FUNCTION sec.remove_evidence(assessment uuid, file uuid) RETURNS text LANGUAGE plpgsql {DEFINER} AS $$
DECLARE a public.partners_assessment := sec.my_assessment(assessment); BEGIN
    IF NOT EXISTS (SELECT 1 FROM public.files_storedfile f
                    WHERE f.id = file AND f.owner_id = a.id AND f.purpose = 'assessment') THEN
        RAISE EXCEPTION 'not a file of yours' USING ERRCODE = '42501';
    END IF;
    RETURN sec.drop_file(file, sec.readers_of_assessment(a.id));
END $$;
REVOKE ALL ON FUNCTION sec.write_assessment(uuid, uuid, jsonb), sec.my_assessment(uuid), sec.share_assessment(uuid, uuid[]),
    sec.attach_evidence(uuid, text, text, bigint, bytea, text), sec.remove_evidence(uuid, uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sec.write_assessment(uuid, uuid, jsonb), sec.share_assessment(uuid, uuid[]),
    sec.attach_evidence(uuid, text, text, bigint, bytea, text), sec.remove_evidence(uuid, uuid) TO portal_app;
"""

FINDING = f"""
CREATE FUNCTION sec.finding_work(f public.partners_finding) RETURNS void LANGUAGE sql {DEFINER} AS $$
    SELECT sec.raise_work(f.provider_id, 'finding', 'finding:' || f.id, f.title, '', '/findings/' || f.id || '/', f.id,
                          f.due_on::timestamptz)
$$;
CREATE FUNCTION sec.clear_finding_work(f public.partners_finding, what text) RETURNS void LANGUAGE sql {DEFINER} AS $$
    UPDATE public.partners_workitem w SET state = 'cleared', settled_at = clock_timestamp()
     WHERE w.key = what || ':' || f.id AND w.object_id = f.id AND w.state = 'open'
$$;
CREATE FUNCTION sec.raise_finding(about uuid, of uuid, r jsonb) RETURNS uuid LANGUAGE plpgsql {DEFINER} AS $$
DECLARE f public.partners_finding; BEGIN
    PERFORM sec.may_assure(about);
    IF of IS NOT NULL AND NOT EXISTS (SELECT 1 FROM public.partners_assessment a WHERE a.id = of AND a.provider_id = about
                                         AND sec.me() = ANY (sec.readers_of_assessment(a.id))) THEN
        RAISE EXCEPTION 'no assessment of this provider that you read' USING ERRCODE = '42501';
    END IF;
    IF btrim(coalesce(r ->> 'title', '')) = '' OR (r ->> 'due_on') IS NULL THEN
        RAISE EXCEPTION 'a finding says what is wrong and by when it is mended' USING ERRCODE = '23514';
    END IF;
    IF (r ->> 'due_on')::date < current_date - 1 THEN
        RAISE EXCEPTION 'the day by which it is mended lies in the past' USING ERRCODE = '23514';
    END IF;
    INSERT INTO public.partners_finding (id, provider_id, organisation_id, assessment_id, title, detail, severity, due_on,
                                         state, raised_at, retested_by)
    VALUES (gen_random_uuid(), about, sec.me(), of, r ->> 'title', coalesce(r ->> 'detail', ''), r ->> 'severity',
            (r ->> 'due_on')::date, 'open', clock_timestamp(), '')
    RETURNING * INTO f;
    PERFORM sec.assurance_happened('finding.raised', f.id, sec.readers_of_finding(f), jsonb_build_object('severity', f.severity));
    PERFORM sec.finding_work(f);
    RETURN f.id;
END $$;
-- The arrows. The provider: (open, planned) -> planned -> fixed -> retest asked for. Another organisation that reads it:
-- (fixed, retest asked for) -> closed or open again, closed -> open. The provider never closes.
CREATE FUNCTION sec.move_finding(finding uuid, act text, words text, day date, vouched text) RETURNS text
LANGUAGE plpgsql {DEFINER} AS $$
DECLARE me uuid := sec.me(); f public.partners_finding; readers uuid[]; becomes text; BEGIN
    SELECT * INTO f FROM public.partners_finding x WHERE x.id = finding;
    IF f.id IS NULL OR me IS NULL OR NOT me = ANY (sec.readers_of_finding(f)) THEN
        RAISE EXCEPTION 'no finding that you read' USING ERRCODE = '42501';
    END IF;
    IF NOT sec.fresh() OR sec.role() NOT IN ('administrator', 'incident_manager') THEN
        RAISE EXCEPTION 'this needs an incident manager, and a passkey used just now' USING ERRCODE = '42501';
    END IF;
    SELECT * INTO f FROM public.partners_finding x WHERE x.id = finding FOR UPDATE;
    readers := sec.readers_of_finding(f);
    IF act IN ('planned', 'fixed', 'retest_asked') AND me <> f.provider_id THEN
        RAISE EXCEPTION 'only the provider says this' USING ERRCODE = '42501';
    END IF;
    IF act IN ('confirmed', 'failed', 'reopened') AND me = f.provider_id THEN
        RAISE EXCEPTION 'another organisation than the provider tests again' USING ERRCODE = '42501';
    END IF;
    becomes := CASE WHEN act = 'planned' AND f.state IN ('open', 'planned') THEN 'planned'
                    WHEN act = 'fixed' AND f.state IN ('open', 'planned') THEN 'fixed'
                    WHEN act = 'retest_asked' AND f.state = 'fixed' THEN 'retest_asked'
                    WHEN act = 'confirmed' AND f.state IN ('fixed', 'retest_asked') THEN 'closed'
                    WHEN act = 'failed' AND f.state IN ('fixed', 'retest_asked') THEN 'open'
                    WHEN act = 'reopened' AND f.state = 'closed' THEN 'open' END;
    IF becomes IS NULL THEN
        RAISE EXCEPTION 'that cannot be said of it now' USING ERRCODE = '23514';
    END IF;
    IF act <> 'retest_asked' AND btrim(coalesce(words, '')) = '' THEN
        RAISE EXCEPTION 'say it in words' USING ERRCODE = '23514';
    END IF;
    IF act = 'planned' AND (day IS NULL OR day < current_date - 1) THEN
        RAISE EXCEPTION 'say for which day to come it is planned' USING ERRCODE = '23514';
    END IF;
    IF act IN ('confirmed', 'failed') AND (day IS NULL OR day > current_date + 1 OR btrim(coalesce(vouched, '')) = '') THEN
        RAISE EXCEPTION 'say on which day it was tested again, and who did' USING ERRCODE = '23514';
    END IF;
    INSERT INTO public.partners_findingmove (id, finding_id, what, text, on_day, vouched_by, pressed_by, organisation_id, at)
    VALUES (gen_random_uuid(), f.id, act, coalesce(words, ''), CASE WHEN act IN ('planned', 'confirmed', 'failed') THEN day END,
            CASE WHEN act IN ('confirmed', 'failed') THEN vouched ELSE '' END, sec.who(), me, clock_timestamp());
    UPDATE public.partners_finding x
       SET state = becomes, planned_for = CASE WHEN act = 'planned' THEN day ELSE x.planned_for END,
           retested_on = CASE WHEN becomes = 'closed' THEN day WHEN act IN ('failed', 'reopened') THEN NULL ELSE x.retested_on END,
           retested_by = CASE WHEN becomes = 'closed' THEN vouched WHEN act IN ('failed', 'reopened') THEN '' ELSE x.retested_by END,
           overdue_told_at = CASE WHEN becomes = 'open' THEN NULL ELSE x.overdue_told_at END
     WHERE x.id = f.id RETURNING * INTO f;
    PERFORM sec.assurance_happened('finding.' || act, f.id, readers, jsonb_build_object('state', f.state));
    PERFORM sec.clear_finding_work(f, 'retest');
    IF becomes = 'open' THEN
        PERFORM sec.finding_work(f);
    ELSIF becomes IN ('closed', 'retest_asked') THEN
        PERFORM sec.clear_finding_work(f, 'finding');
    END IF;
    IF act = 'retest_asked' THEN  -- of whoever raised it, or of everybody who reads what the provider found itself
        PERFORM sec.raise_work(r.org, 'retest', 'retest:' || f.id, f.title, '', '/findings/' || f.id || '/', f.id, NULL)
           FROM unnest(CASE WHEN f.organisation_id = f.provider_id THEN readers ELSE ARRAY[f.organisation_id] END) r(org)
          WHERE r.org <> f.provider_id;
    END IF;
    RETURN f.state;
END $$;
-- By the clock, in the provider's own scope: past its day, everybody who reads it is told, once.
CREATE FUNCTION sec.finding_overdue(finding uuid, at timestamptz) RETURNS void LANGUAGE plpgsql {DEFINER} AS $$
DECLARE f public.partners_finding; BEGIN
    UPDATE public.partners_finding x SET overdue_told_at = at
     WHERE x.id = finding AND x.provider_id = sec.me() AND x.state <> 'closed' AND x.overdue_told_at IS NULL
       AND x.due_on < (at AT TIME ZONE 'UTC')::date RETURNING * INTO f;
    IF f.id IS NOT NULL THEN
        PERFORM sec.assurance_happened('finding.overdue', f.id, sec.readers_of_finding(f),
                                       jsonb_build_object('severity', f.severity, 'due_on', f.due_on));
    END IF;
END $$;
REVOKE ALL ON FUNCTION sec.finding_work(public.partners_finding), sec.clear_finding_work(public.partners_finding, text),
    sec.raise_finding(uuid, uuid, jsonb), sec.move_finding(uuid, text, text, date, text),
    sec.finding_overdue(uuid, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sec.raise_finding(uuid, uuid, jsonb), sec.move_finding(uuid, text, text, date, text) TO portal_app;
GRANT EXECUTE ON FUNCTION sec.finding_overdue(uuid, timestamptz) TO portal_worker;
"""

CONTRACT = f"""
-- Each activity has four words: responsible, accountable, consulted, informed; exactly one of the two is accountable.
CREATE FUNCTION sec.duties_are_whole(r jsonb) RETURNS boolean LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT jsonb_typeof(r) = 'object' AND ARRAY(SELECT jsonb_object_keys(r) ORDER BY 1) = ARRAY{sorted(ACTIVITIES)!r}
       AND NOT EXISTS (SELECT 1 FROM jsonb_each(r) e
                        WHERE jsonb_typeof(e.value) <> 'array' OR jsonb_array_length(e.value) <> 4
                           OR NOT e.value <@ '["council", "provider", "both", "nobody"]'
                           OR e.value ->> 1 NOT IN ('council', 'provider'))
$$;
CREATE FUNCTION sec.write_contract(about uuid, r jsonb) RETURNS integer LANGUAGE plpgsql {DEFINER} AS $$
DECLARE made integer; BEGIN
    PERFORM sec.may_assure(about);
    IF about = sec.me() THEN
        RAISE EXCEPTION 'a contract is with another organisation' USING ERRCODE = '42501';
    END IF;
    IF sec.duties_are_whole(r -> 'responsibilities') IS NOT TRUE THEN
        RAISE EXCEPTION 'say for each activity who does what: exactly one of the two is accountable' USING ERRCODE = '23514';
    END IF;
    IF (r ->> 'valid_until')::date < (r ->> 'valid_from')::date OR (r ->> 'liability_cap')::bigint < 0
       OR (r ->> 'insured_sum')::bigint < 0 OR (r ->> 'hours_to_notify')::int NOT BETWEEN 0 AND 8760 THEN
        RAISE EXCEPTION 'a contract ends after it begins, and sums and hours are not below nothing' USING ERRCODE = '23514';
    END IF;
    INSERT INTO public.partners_contract AS c (id, organisation_id, provider_id, version, responsibilities, liability,
        liability_cap, insurer, insured_sum, insured_until, hours_to_notify, exit_terms, valid_from, valid_until, written_at)
    VALUES (gen_random_uuid(), sec.me(), about, 1, r -> 'responsibilities', coalesce(r ->> 'liability', ''),
        (r ->> 'liability_cap')::bigint, coalesce(r ->> 'insurer', ''), (r ->> 'insured_sum')::bigint,
        (r ->> 'insured_until')::date, (r ->> 'hours_to_notify')::int, coalesce(r ->> 'exit_terms', ''),
        (r ->> 'valid_from')::date, (r ->> 'valid_until')::date, clock_timestamp())
    ON CONFLICT (organisation_id, provider_id) DO UPDATE SET version = c.version + 1,
        responsibilities = excluded.responsibilities, liability = excluded.liability, liability_cap = excluded.liability_cap,
        insurer = excluded.insurer, insured_sum = excluded.insured_sum, insured_until = excluded.insured_until,
        hours_to_notify = excluded.hours_to_notify, exit_terms = excluded.exit_terms, valid_from = excluded.valid_from,
        valid_until = excluded.valid_until, written_at = excluded.written_at
    RETURNING c.version INTO made;
    IF made <> coalesce((r ->> 'read')::integer, 0) + 1 THEN
        RAISE EXCEPTION 'somebody changed it meanwhile: look at it again' USING ERRCODE = '23514';
    END IF;
    RETURN made;
END $$;
REVOKE ALL ON FUNCTION sec.duties_are_whole(jsonb), sec.write_contract(uuid, jsonb) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sec.write_contract(uuid, jsonb) TO portal_app;
"""
BACKWARD = """
DROP FUNCTION sec.write_contract(uuid, jsonb), sec.duties_are_whole(jsonb), sec.finding_overdue(uuid, timestamptz),
    sec.move_finding(uuid, text, text, date, text), sec.raise_finding(uuid, uuid, jsonb),
    sec.clear_finding_work(public.partners_finding, text), sec.finding_work(public.partners_finding),
    sec.remove_evidence(uuid, uuid), sec.attach_evidence(uuid, text, text, bigint, bytea, text),
    sec.share_assessment(uuid, uuid[]), sec.my_assessment(uuid), sec.write_assessment(uuid, uuid, jsonb),
    sec.may_assure(uuid), sec.assurance_happened(text, uuid, uuid[], jsonb), sec.told_of_contract(jsonb),
    sec.readers_of_finding(public.partners_finding), sec.readers_of_assessment(uuid), sec.my_providers();
"""


def key() -> models.UUIDField:
    return models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)


class Migration(migrations.Migration):
    dependencies = [("partners", "0011_standing_access"), ("files", "0001_initial")]

    operations = [
        migrations.CreateModel(
            name="Assessment",
            fields=[
                ("id", key()),
                (
                    "kind",
                    models.TextField(
                        choices=[
                            ("architecture", "Architecture"),
                            ("incident_response", "Incident-response capability"),
                            ("penetration_test", "Penetration test"),
                        ]
                    ),
                ),
                ("title", models.TextField()),
                ("scope", models.TextField()),
                ("assessor", models.TextField(blank=True, default="")),
                ("summary", models.TextField(blank=True, default="")),
                ("done_on", models.DateField(blank=True, null=True)),
                ("retest_due_on", models.DateField(blank=True, null=True)),
                ("written_at", models.DateTimeField(default=portal.clock.now)),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="partners.organisation"
                    ),
                ),
                (
                    "provider",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="assessments",
                        to="partners.organisation",
                    ),
                ),
            ],
            options={
                "ordering": ["-written_at", "id"],
            },
        ),
        migrations.CreateModel(
            name="AssessmentShare",
            fields=[
                ("id", key()),
                ("shared_by", models.UUIDField(null=True)),
                ("shared_at", models.DateTimeField(default=portal.clock.now)),
                (
                    "assessment",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="shares",
                        to="partners.assessment",
                    ),
                ),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="partners.organisation"
                    ),
                ),
                (
                    "shared_by_organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="partners.organisation"
                    ),
                ),
            ],
            options={
                "ordering": ["organisation__name"],
            },
        ),
        migrations.CreateModel(
            name="Contract",
            fields=[
                ("id", key()),
                ("version", models.PositiveIntegerField(default=1)),
                ("responsibilities", models.JSONField(default=dict)),
                ("liability", models.TextField(blank=True, default="")),
                ("liability_cap", models.BigIntegerField(blank=True, null=True)),
                ("insurer", models.TextField(blank=True, default="")),
                ("insured_sum", models.BigIntegerField(blank=True, null=True)),
                ("insured_until", models.DateField(blank=True, null=True)),
                ("hours_to_notify", models.PositiveIntegerField(blank=True, null=True)),
                ("exit_terms", models.TextField(blank=True, default="")),
                ("valid_from", models.DateField(blank=True, null=True)),
                ("valid_until", models.DateField(blank=True, null=True)),
                ("written_at", models.DateTimeField(default=portal.clock.now)),
                (
                    "organisation",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="contracts",
                        to="partners.organisation",
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
                "ordering": ["organisation__name"],
            },
        ),
        migrations.CreateModel(
            name="Finding",
            fields=[
                ("id", key()),
                ("title", models.TextField()),
                ("detail", models.TextField(blank=True, default="")),
                (
                    "severity",
                    models.TextField(
                        choices=[("critical", "Critical"), ("high", "High"), ("medium", "Medium"), ("low", "Low")]
                    ),
                ),
                ("due_on", models.DateField()),
                (
                    "state",
                    models.TextField(
                        choices=[
                            ("open", "Open"),
                            ("planned", "Planned"),
                            ("fixed", "Fixed, says the provider"),
                            ("retest_asked", "Retest asked for"),
                            ("closed", "Closed"),
                        ],
                        default="open",
                    ),
                ),
                ("raised_at", models.DateTimeField(default=portal.clock.now)),
                ("planned_for", models.DateField(blank=True, null=True)),
                ("retested_on", models.DateField(blank=True, null=True)),
                ("retested_by", models.TextField(blank=True, default="")),
                ("overdue_told_at", models.DateTimeField(blank=True, null=True)),
                (
                    "assessment",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="findings",
                        to="partners.assessment",
                    ),
                ),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="partners.organisation"
                    ),
                ),
                (
                    "provider",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="findings", to="partners.organisation"
                    ),
                ),
            ],
            options={
                "ordering": ["due_on", "id"],
            },
        ),
        migrations.CreateModel(
            name="FindingMove",
            fields=[
                ("id", key()),
                (
                    "what",
                    models.TextField(
                        choices=[
                            ("planned", "planned"),
                            ("fixed", "says: fixed"),
                            ("retest_asked", "asks for a retest"),
                            ("confirmed", "tested again: mended"),
                            ("failed", "tested again: not mended"),
                            ("reopened", "opened again"),
                        ]
                    ),
                ),
                ("text", models.TextField(blank=True, default="")),
                ("on_day", models.DateField(blank=True, null=True)),
                ("vouched_by", models.TextField(blank=True, default="")),
                ("pressed_by", models.UUIDField()),
                ("at", models.DateTimeField()),
                (
                    "finding",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="moves",
                        to="partners.finding",
                    ),
                ),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="partners.organisation"
                    ),
                ),
            ],
            options={
                "ordering": ["at"],
            },
        ),
        migrations.AddConstraint(
            model_name="assessment",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["architecture", "incident_response", "penetration_test"])),
                name="assessment_kind",
            ),
        ),
        migrations.AddConstraint(
            model_name="assessmentshare",
            constraint=models.UniqueConstraint(fields=("assessment", "organisation"), name="assessment_shared_once"),
        ),
        migrations.AddConstraint(
            model_name="contract",
            constraint=models.UniqueConstraint(fields=("organisation", "provider"), name="contract_once"),
        ),
        migrations.AddIndex(
            model_name="finding",
            index=models.Index(fields=["provider", "state", "due_on"], name="finding_due"),
        ),
        migrations.AddConstraint(
            model_name="finding",
            constraint=models.CheckConstraint(
                condition=models.Q(("severity__in", ["critical", "high", "medium", "low"])), name="finding_severity"
            ),
        ),
        migrations.AddConstraint(
            model_name="finding",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["open", "planned", "fixed", "retest_asked", "closed"])),
                name="finding_state",
            ),
        ),
        migrations.AddConstraint(
            model_name="finding",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "closed"), _negated=True),
                    models.Q(("retested_on__isnull", False), models.Q(("retested_by", ""), _negated=True)),
                    _connector="OR",
                ),
                name="finding_retested",
            ),
        ),
        migrations.AddIndex(
            model_name="findingmove",
            index=models.Index(fields=["finding", "at"], name="finding_moves"),
        ),
        migrations.AddConstraint(
            model_name="findingmove",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("what__in", ["planned", "fixed", "retest_asked", "confirmed", "failed", "reopened"])
                ),
                name="finding_move",
            ),
        ),
        migrations.RunSQL(WHO + ASSESSING + FINDING + CONTRACT, BACKWARD),
        protect("partners_assessment", Allow(APP, "select", READS_ASSESSMENT)),
        protect(
            "partners_assessmentshare",
            Allow(APP, "select", f"organisation_id = {ME} OR shared_by_organisation_id = {ME}"),
        ),
        protect(
            "partners_finding",
            Allow(APP, "select", READS_FINDING),
            Allow(WORKER, "select", f"provider_id = {ME}"),
        ),
        protect(
            "partners_findingmove",
            Allow(
                APP,
                "select",
                f"{ME} IS NOT NULL AND EXISTS (SELECT 1 FROM partners_finding f WHERE f.id = partners_findingmove.finding_id)",
            ),
        ),
        protect("partners_contract", Allow(APP, "select", TWO_OF_CONTRACT), Allow(WORKER, "select", TWO_OF_CONTRACT)),
        keep_history("partners_assessment", "assessment", "told_of_own"),
        keep_history("partners_contract", "contract", "told_of_contract"),
    ]
