"""Techniques on an incident: what is supposed, who saw what, what was ruled out. Functions alone write it, with events."""

import uuid

import django.db.models.deletion
from django.db import migrations, models
from django.db.models import Q

from portal.tenancy.policies import ME, Allow, protect

DEFINER = "SECURITY DEFINER SET search_path = pg_catalog, pg_temp"
IN_IT = (
    "EXISTS (SELECT 1 FROM incidents_incident i WHERE i.id = {}.incident_id AND " + ME + " = ANY (i.participants){})"
)
OVERSEES = f" AND {ME} = ANY (i.overseers)"

SAYING = f"""
-- What everybody hears: that the state is another, or the number of those who saw it. Who saw it is not in it, and an
-- organisation's word is told by nobody. `openly`: the lead's own word, with its reason.
CREATE FUNCTION sec.technique_moved(t public.incidents_incidenttechnique, was text, openly boolean, why text) RETURNS void
LANGUAGE sql {DEFINER} AS $$
    INSERT INTO public.ledger_event (id, kind, at, actor_organisation_id, actor_kind, actor_person_id, incident_id,
                                     incident_reference, subject_id, audience, data)
    SELECT gen_random_uuid(), 'technique.changed', clock_timestamp(), CASE WHEN openly THEN k.org_id END,
           CASE WHEN NOT openly THEN 'system' WHEN k.person_id IS NULL THEN 'key' ELSE 'person' END,
           CASE WHEN openly THEN k.person_id END, i.id, i.reference, t.id, i.participants,
           jsonb_build_object('technique', t.technique, 'attack_version', t.attack_version, 'state', t.state, 'was', was,
                              'count', t.seen_count, 'reason', why)
      FROM public.incidents_incident i, sec.ticket() k WHERE i.id = t.incident_id
$$;
-- What the organisation itself and the overseers hear of its word.
CREATE FUNCTION sec.technique_said(t public.incidents_incidenttechnique, what text, more jsonb) RETURNS void
LANGUAGE sql {DEFINER} AS $$
    INSERT INTO public.ledger_event (id, kind, at, actor_organisation_id, actor_kind, actor_person_id, incident_id,
                                     incident_reference, subject_id, audience, data)
    SELECT gen_random_uuid(), what, clock_timestamp(), k.org_id, CASE WHEN k.person_id IS NULL THEN 'key' ELSE 'person' END,
           k.person_id, i.id, i.reference, t.id, ARRAY(SELECT DISTINCT x FROM unnest(i.overseers || k.org_id) x),
           jsonb_build_object('technique', t.technique, 'attack_version', t.attack_version, 'organisation', o.slug) || more
      FROM public.incidents_incident i, sec.ticket() k, public.partners_organisation o
     WHERE i.id = t.incident_id AND o.id = k.org_id
$$;
-- Whether the ticket may say this of the incident: lead and deputy suppose and rule out, each participant says what it
-- saw itself. A key goes by its scope.
CREATE FUNCTION sec.may_say_technique(i public.incidents_incident, say text) RETURNS void LANGUAGE plpgsql STABLE {DEFINER} AS $$
DECLARE me uuid := sec.me(); BEGIN
    IF say IN ('hypothesised', 'ruled_out') THEN
        IF (me IN (i.lead_id, i.deputy_lead_id) AND sec.may_keep() AND sec.key_has('open')) IS NOT TRUE THEN
            RAISE EXCEPTION 'an incident manager of the lead or its deputy says this' USING ERRCODE = '42501';
        END IF;
    ELSIF (sec.key_has('answer') AND ((SELECT k.kind FROM sec.ticket() k) = 'key' OR sec.role() NOT IN ('', 'observer'))
           AND EXISTS (SELECT 1 FROM public.incidents_participant p WHERE p.incident_id = i.id AND p.organisation_id = me
                          AND p.role <> 'observer')) IS NOT TRUE THEN
        RAISE EXCEPTION 'a person of an organisation that takes part says what was seen there' USING ERRCODE = '42501';
    END IF;
    IF i.status = 'closed' THEN
        RAISE EXCEPTION 'the incident is closed' USING ERRCODE = '23514';
    END IF;
    IF i.suspended_at IS NOT NULL THEN
        RAISE EXCEPTION 'the exercise is put aside: do nothing more in it' USING ERRCODE = '23514';
    END IF;
END $$;
-- Say something of a technique; whether that changed anything. The same words again change nothing. Nobody rules out, or
-- only supposes, what an organisation says that it saw: whoever said so takes it back first, and then it is supposed again.
CREATE FUNCTION sec.say_technique(incident uuid, which text, facts text, say text, words text, shares boolean)
RETURNS boolean LANGUAGE plpgsql {DEFINER} AS $$
DECLARE
    me uuid := sec.me(); i public.incidents_incident; t public.incidents_incidenttechnique; made uuid := gen_random_uuid();
    why text := btrim(coalesce(words, '')); openly boolean := say IN ('hypothesised', 'ruled_out'); was text; seen integer;
    again uuid; leads boolean; most integer;
BEGIN
    -- Before every other row: whoever closes, hands over or puts aside comes before this or after it, never in the middle.
    SELECT * INTO i FROM public.incidents_incident x WHERE x.id = incident AND me = ANY (x.participants) FOR SHARE;
    IF i.id IS NULL THEN
        RAISE EXCEPTION 'no incident that you take part in' USING ERRCODE = '42501';
    END IF;
    IF say IS NULL OR say NOT IN ('hypothesised', 'ruled_out', 'observed', 'withdrawn') THEN
        RAISE EXCEPTION 'a technique is supposed, seen, taken back or ruled out' USING ERRCODE = '23514';
    END IF;
    PERFORM sec.may_say_technique(i, say);
    leads := coalesce(me IN (i.lead_id, i.deputy_lead_id), false);
    IF (which ~ '^T[0-9]{{4}}(\\.[0-9]{{3}})?$' AND facts ~ '^[0-9.]{{1,10}}$') IS NOT TRUE THEN
        RAISE EXCEPTION 'an id of MITRE ATT&CK, as T1486 or T1078.002' USING ERRCODE = '23514';
    END IF;
    IF length(why) > 2000 OR why = '' AND say <> 'hypothesised' THEN
        RAISE EXCEPTION '%', CASE WHEN why <> '' THEN 'at most 2,000 characters' WHEN say = 'observed'
            THEN 'say what was seen, and where' ELSE 'say why' END USING ERRCODE = '23514';
    END IF;
    IF say <> 'withdrawn' THEN
        INSERT INTO public.incidents_incidenttechnique (id, incident_id, technique, attack_version, state, seen_count, put_at,
            changed_at) VALUES (gen_random_uuid(), i.id, which, facts, 'hypothesised', 0, clock_timestamp(), clock_timestamp())
        ON CONFLICT DO NOTHING;
        was := CASE WHEN FOUND THEN '' END;
        -- Each has its own share, so that no participant's words stand in the way of the lead's.
        most := CASE WHEN NOT leads THEN 40 WHEN FOUND THEN 200 END;
        IF most <= (SELECT count(DISTINCT s.subject_id) FROM public.incidents_techniquesaying s
                      JOIN public.incidents_incidenttechnique x ON x.id = s.subject_id
                     WHERE s.incident_id = i.id AND s.organisation_id = me AND x.technique <> which) THEN
            RAISE EXCEPTION '%', format('your organisation speaks of %s techniques here: that is the most', most)
                USING ERRCODE = '23514';
        END IF;
    END IF;
    SELECT * INTO t FROM public.incidents_incidenttechnique x WHERE x.incident_id = i.id AND x.technique = which FOR UPDATE;
    was := coalesce(was, t.state);
    IF say IN ('observed', 'withdrawn') THEN
        SELECT s.id INTO again FROM public.incidents_techniquesaying s
          JOIN public.incidents_techniqueevidence e ON e.saying_id = s.id
         WHERE s.subject_id = t.id AND s.organisation_id = me AND s.in_force AND e.text = why LIMIT 1;
        IF say = 'observed' AND again IS NOT NULL THEN
            RETURN CASE WHEN shares THEN sec.share_evidence(again) ELSE false END;
        END IF;
        IF say = 'observed' AND 20 <= (SELECT count(*) FROM public.incidents_techniquesaying s
                WHERE s.subject_id = t.id AND s.organisation_id = me AND s.said = 'observed') THEN
            RAISE EXCEPTION 'this was said twenty times by your organisation: that is enough' USING ERRCODE = '23514';
        END IF;
        IF say = 'withdrawn' THEN
            UPDATE public.incidents_techniquesaying s SET in_force = false
             WHERE s.subject_id = t.id AND s.organisation_id = me AND s.in_force;
            IF NOT FOUND THEN
                RAISE EXCEPTION 'your organisation does not say that it saw this' USING ERRCODE = '23514';
            END IF;
        END IF;
    ELSIF t.seen_count > 0 THEN
        RAISE EXCEPTION '%', format('seen at %s: whoever saw it takes that back first, nobody else can', CASE t.seen_count
            WHEN 1 THEN 'one organisation' ELSE t.seen_count || ' organisations' END) USING ERRCODE = '23514';
    ELSIF was = say AND (why = '' OR why = (SELECT s.words FROM public.incidents_techniquesaying s
            WHERE s.subject_id = t.id AND s.said = say ORDER BY s.at DESC LIMIT 1)) THEN
        RETURN false;
    ELSIF 50 <= (SELECT count(*) FROM public.incidents_techniquesaying s
            WHERE s.subject_id = t.id AND s.said IN ('hypothesised', 'ruled_out')) THEN
        RAISE EXCEPTION 'this was supposed or ruled out fifty times: that is enough' USING ERRCODE = '23514';
    END IF;
    INSERT INTO public.incidents_techniquesaying (id, incident_id, subject_id, organisation_id, said, words, said_by, at,
        in_force) VALUES (made, i.id, t.id, me, say, CASE say WHEN 'observed' THEN '' ELSE why END,
        sec.who(), clock_timestamp(), say = 'observed');
    IF say = 'observed' THEN
        INSERT INTO public.incidents_techniqueevidence (saying_id, incident_id, organisation_id, text, shared_at)
        VALUES (made, i.id, me, why, CASE WHEN shares THEN clock_timestamp() END);
    END IF;
    SELECT count(DISTINCT s.organisation_id) INTO seen FROM public.incidents_techniquesaying s
     WHERE s.subject_id = t.id AND s.in_force;
    IF say IN ('observed', 'withdrawn') THEN
        PERFORM sec.technique_said(t, CASE say WHEN 'observed' THEN 'technique.observed' ELSE 'technique.withdrawn' END,
            CASE say WHEN 'observed' THEN jsonb_build_object('shared', coalesce(shares, false))
                 ELSE jsonb_build_object('reason', why) END);
        say := CASE WHEN seen > 0 THEN 'observed' ELSE 'hypothesised' END;
    END IF;
    IF was <> say OR t.seen_count <> seen OR seen = 0 THEN
        UPDATE public.incidents_incidenttechnique x SET state = say, seen_count = seen, changed_at = clock_timestamp()
         WHERE x.id = t.id RETURNING x.* INTO t;
        PERFORM sec.technique_moved(t, was, openly, CASE WHEN openly THEN why ELSE '' END);
    END IF;
    RETURN true;
END $$;
-- The lead sets aside what an organisation that is cut off says that it saw: that one cannot take it back. The lead's
-- reason is for the overseers and, when it is back, for that organisation; everybody else hears the new state alone.
CREATE FUNCTION sec.set_sightings_aside(incident uuid, which text, org uuid, words text) RETURNS boolean
LANGUAGE plpgsql {DEFINER} AS $$
DECLARE
    i public.incidents_incident; t public.incidents_incidenttechnique; why text := btrim(coalesce(words, '')); was text;
    seen integer;
BEGIN
    SELECT * INTO i FROM public.incidents_incident x WHERE x.id = incident AND x.lead_id = sec.me() FOR SHARE;
    IF i.id IS NULL THEN
        RAISE EXCEPTION 'an incident manager of the lead sets words aside' USING ERRCODE = '42501';
    END IF;
    PERFORM sec.may_say_technique(i, 'ruled_out');
    IF why = '' OR length(why) > 2000 THEN
        RAISE EXCEPTION 'say why, in at most 2,000 characters' USING ERRCODE = '23514';
    END IF;
    IF NOT EXISTS (SELECT 1 FROM sec.org_state s WHERE s.org_id = org AND s.isolated_at IS NOT NULL) THEN
        RAISE EXCEPTION 'only an organisation that is cut off: any other takes its own words back' USING ERRCODE = '23514';
    END IF;
    SELECT * INTO t FROM public.incidents_incidenttechnique x WHERE x.incident_id = i.id AND x.technique = which FOR UPDATE;
    UPDATE public.incidents_techniquesaying s SET in_force = false
     WHERE s.subject_id = t.id AND s.organisation_id = org AND s.in_force;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'that organisation does not say that it saw this' USING ERRCODE = '23514';
    END IF;
    INSERT INTO public.incidents_techniquesaying (id, incident_id, subject_id, organisation_id, about_id, said, words, said_by,
        at, in_force) VALUES (gen_random_uuid(), i.id, t.id, i.lead_id, org, 'set_aside', why, sec.who(), clock_timestamp(),
        false);
    INSERT INTO public.ledger_event (id, kind, at, actor_organisation_id, actor_kind, actor_person_id, incident_id,
                                     incident_reference, subject_id, audience, data)
    SELECT gen_random_uuid(), 'technique.set_aside', clock_timestamp(), k.org_id,
           CASE WHEN k.person_id IS NULL THEN 'key' ELSE 'person' END, k.person_id, i.id, i.reference, t.id,
           ARRAY(SELECT DISTINCT x FROM unnest(i.overseers || org) x),
           jsonb_build_object('technique', t.technique, 'attack_version', t.attack_version, 'organisation', o.slug,
                              'reason', why)
      FROM sec.ticket() k, public.partners_organisation o WHERE o.id = org;
    SELECT count(DISTINCT s.organisation_id) INTO seen FROM public.incidents_techniquesaying s
     WHERE s.subject_id = t.id AND s.in_force;
    was := t.state;
    UPDATE public.incidents_incidenttechnique x
       SET state = CASE WHEN seen > 0 THEN 'observed' ELSE 'hypothesised' END, seen_count = seen,
           changed_at = clock_timestamp()
     WHERE x.id = t.id RETURNING x.* INTO t;
    PERFORM sec.technique_moved(t, was, false, '');
    RETURN true;
END $$;
-- What was named at opening is supposed by the lead. After everybody has joined, so that everybody hears it: once, of all.
CREATE FUNCTION sec.suppose_at_opening(incident uuid, which text[], facts text) RETURNS void LANGUAGE plpgsql {DEFINER} AS $$
DECLARE i public.incidents_incident; named text[]; BEGIN
    SELECT * INTO i FROM public.incidents_incident x WHERE x.id = incident AND x.lead_id = sec.me();
    IF i.id IS NULL OR (facts ~ '^[0-9.]{{1,10}}$') IS NOT TRUE OR NOT (which <@ i.techniques) OR EXISTS (
            SELECT 1 FROM public.incidents_incidenttechnique x WHERE x.incident_id = i.id) THEN
        RAISE EXCEPTION 'only the lead, and only what the opening named' USING ERRCODE = '42501';
    END IF;
    named := ARRAY(SELECT DISTINCT unnest(which) AS x ORDER BY 1);
    IF cardinality(named) = 0 THEN
        RETURN;
    END IF;
    WITH put AS (
        INSERT INTO public.incidents_incidenttechnique (id, incident_id, technique, attack_version, state, seen_count, put_at,
            changed_at)
        SELECT gen_random_uuid(), i.id, x, facts, 'hypothesised', 0, clock_timestamp(), clock_timestamp()
          FROM unnest(named) x RETURNING id)
    INSERT INTO public.incidents_techniquesaying (id, incident_id, subject_id, organisation_id, said, words, said_by, at,
        in_force)
    SELECT gen_random_uuid(), i.id, put.id, i.lead_id, 'hypothesised', '', sec.who(), clock_timestamp(), false FROM put;
    INSERT INTO public.ledger_event (id, kind, at, actor_organisation_id, actor_kind, actor_person_id, incident_id,
                                     incident_reference, subject_id, audience, data)
    SELECT gen_random_uuid(), 'technique.named', clock_timestamp(), k.org_id,
           CASE WHEN k.person_id IS NULL THEN 'key' ELSE 'person' END, k.person_id, i.id, i.reference, i.id, i.participants,
           jsonb_build_object('techniques', named, 'attack_version', facts) FROM sec.ticket() k;
END $$;
-- The owner lets lead, deputy and provider read what it saw. They have read it then: there is no way back.
CREATE FUNCTION sec.share_evidence(saying uuid) RETURNS boolean LANGUAGE plpgsql {DEFINER} AS $$
DECLARE t public.incidents_incidenttechnique; i public.incidents_incident; told uuid; BEGIN
    SELECT y.* INTO i FROM public.incidents_incident y
     WHERE y.id = (SELECT e.incident_id FROM public.incidents_techniqueevidence e
                    WHERE e.saying_id = saying AND e.organisation_id = sec.me()) FOR SHARE;
    SELECT x.* INTO t FROM public.incidents_techniqueevidence e
      JOIN public.incidents_techniquesaying s ON s.id = e.saying_id
      JOIN public.incidents_incidenttechnique x ON x.id = s.subject_id
     WHERE e.saying_id = saying AND e.organisation_id = sec.me() AND sec.me() = ANY (i.participants);
    IF t.id IS NULL OR NOT sec.key_has('answer') OR (SELECT k.kind FROM sec.ticket() k) <> 'key'
            AND sec.role() IN ('', 'observer') THEN
        RAISE EXCEPTION 'a person of the organisation that wrote it shares it' USING ERRCODE = '42501';
    END IF;
    IF i.suspended_at IS NOT NULL THEN
        RAISE EXCEPTION 'the exercise is put aside: do nothing more in it' USING ERRCODE = '23514';
    END IF;
    UPDATE public.incidents_techniqueevidence e SET shared_at = clock_timestamp()
     WHERE e.saying_id = saying AND e.shared_at IS NULL RETURNING e.saying_id INTO told;
    IF told IS NOT NULL THEN
        PERFORM sec.technique_said(t, 'technique.shared', '{{}}');
    END IF;
    RETURN told IS NOT NULL;
END $$;
-- The plan that runs, for whoever takes part: by path, the playbooks within it, and whether anything can still come of it.
-- Where the run stands is not in it.
CREATE FUNCTION sec.plan_of(incident uuid) RETURNS TABLE (path text, playbook uuid, ended boolean)
LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT c.path, c.playbook, i.status = 'closed' OR r.ended_at IS NOT NULL
      FROM public.incidents_incident i LEFT JOIN public.incidents_run r ON r.incident_id = i.id,
           LATERAL (SELECT '' AS path, i.playbook_id AS playbook UNION ALL
                    SELECT x.key, x.value::uuid FROM jsonb_each_text(coalesce(r.called, '{{}}')) x) c
     WHERE i.id = incident AND sec.me() = ANY (i.participants)
$$;
CREATE POLICY techniques_by_functions ON ledger_event AS RESTRICTIVE FOR INSERT TO portal_app, portal_worker
    WITH CHECK (split_part(kind, '.', 1) <> 'technique');
REVOKE ALL ON FUNCTION sec.technique_moved(public.incidents_incidenttechnique, text, boolean, text),
    sec.technique_said(public.incidents_incidenttechnique, text, jsonb),
    sec.may_say_technique(public.incidents_incident, text), sec.say_technique(uuid, text, text, text, text, boolean),
    sec.set_sightings_aside(uuid, text, uuid, text), sec.suppose_at_opening(uuid, text[], text), sec.share_evidence(uuid),
    sec.plan_of(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sec.say_technique(uuid, text, text, text, text, boolean),
    sec.set_sightings_aside(uuid, text, uuid, text), sec.suppose_at_opening(uuid, text[], text), sec.share_evidence(uuid),
    sec.plan_of(uuid) TO portal_app;
"""
# Incidents from before: what their opening named is supposed by their lead.
SUPPOSED = """
WITH named AS (
    INSERT INTO incidents_incidenttechnique (id, incident_id, technique, attack_version, state, seen_count, put_at, changed_at)
    SELECT gen_random_uuid(), i.id, x, '18.1', 'hypothesised', 0, i.opened_at, i.opened_at
      FROM incidents_incident i, LATERAL (SELECT DISTINCT unnest(i.techniques) AS x) n
     WHERE x ~ '^T[0-9]{4}([.][0-9]{3})?$' RETURNING id, incident_id, put_at)
INSERT INTO incidents_techniquesaying (id, incident_id, subject_id, organisation_id, said, words, said_by, at, in_force)
SELECT gen_random_uuid(), n.incident_id, n.id, i.lead_id, 'hypothesised', '', NULL, n.put_at, false
  FROM named n JOIN incidents_incident i ON i.id = n.incident_id
"""
BACKWARD = """
DROP POLICY techniques_by_functions ON ledger_event;
DROP FUNCTION sec.plan_of(uuid), sec.share_evidence(uuid), sec.suppose_at_opening(uuid, text[], text),
    sec.set_sightings_aside(uuid, text, uuid, text),
    sec.say_technique(uuid, text, text, text, text, boolean), sec.may_say_technique(public.incidents_incident, text),
    sec.technique_said(public.incidents_incidenttechnique, text, jsonb),
    sec.technique_moved(public.incidents_incidenttechnique, text, boolean, text);
"""


def incident(related_name: str = "+", *, indexed: bool = False) -> models.Field:
    return models.ForeignKey(
        db_index=indexed,
        on_delete=django.db.models.deletion.CASCADE,
        related_name=related_name,
        to="incidents.incident",
    )


def organisation(*, null: bool = False) -> models.Field:
    return models.ForeignKey(
        db_index=False,
        null=null,
        on_delete=django.db.models.deletion.PROTECT,
        related_name="+",
        to="partners.organisation",
    )


class Migration(migrations.Migration):
    dependencies = [("incidents", "0034_work_orders")]
    operations = [
        migrations.CreateModel(
            name="IncidentTechnique",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("technique", models.TextField()),
                ("attack_version", models.TextField()),
                (
                    "state",
                    models.TextField(
                        choices=[("hypothesised", "Supposed"), ("observed", "Seen"), ("ruled_out", "Ruled out")]
                    ),
                ),
                ("seen_count", models.PositiveSmallIntegerField(default=0)),
                ("put_at", models.DateTimeField()),
                ("changed_at", models.DateTimeField()),
                ("incident", incident("on_techniques")),
            ],
            options={
                "ordering": ["technique"],
                "constraints": [
                    models.UniqueConstraint(fields=("incident", "technique"), name="incident_technique_once"),
                    models.CheckConstraint(
                        condition=Q(("technique__regex", r"^T[0-9]{4}(\.[0-9]{3})?$")), name="incident_technique_id"
                    ),
                    models.CheckConstraint(
                        condition=Q(
                            Q(("seen_count__gt", 0), ("state", "observed")),
                            Q(("seen_count", 0), ("state__in", ["hypothesised", "ruled_out"])),
                            _connector="OR",
                        ),
                        name="incident_technique_seen",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="TechniqueSaying",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                (
                    "said",
                    models.TextField(
                        choices=[
                            ("hypothesised", "Supposed"),
                            ("ruled_out", "Ruled out"),
                            ("observed", "Seen"),
                            ("withdrawn", "Taken back"),
                            ("set_aside", "Set aside"),
                        ]
                    ),
                ),
                ("words", models.TextField(blank=True, default="")),
                ("said_by", models.UUIDField(null=True)),
                ("at", models.DateTimeField()),
                ("in_force", models.BooleanField(default=False)),
                ("incident", incident()),
                ("organisation", organisation()),
                ("about", organisation(null=True)),
                (
                    "subject",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="sayings",
                        to="incidents.incidenttechnique",
                    ),
                ),
            ],
            options={
                "ordering": ["at", "id"],
                "indexes": [
                    models.Index(fields=["subject", "at"], name="technique_saying_of"),
                    models.Index(fields=["incident", "at"], name="technique_saying_in"),
                ],
            },
        ),
        migrations.CreateModel(
            name="TechniqueEvidence",
            fields=[
                (
                    "saying",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="evidence",
                        serialize=False,
                        to="incidents.techniquesaying",
                    ),
                ),
                ("text", models.TextField()),
                ("shared_at", models.DateTimeField(null=True)),
                ("incident", incident(indexed=True)),
                ("organisation", organisation()),
            ],
        ),
        migrations.RunSQL(SAYING, BACKWARD),
        migrations.RunSQL(SUPPOSED, migrations.RunSQL.noop),
        protect(
            "incidents_incidenttechnique",
            Allow("portal_app", "select", IN_IT.format("incidents_incidenttechnique", "")),
        ),
        protect(
            "incidents_techniquesaying",
            Allow(
                "portal_app",
                "select",
                f"said IN ('hypothesised', 'ruled_out') AND {IN_IT.format('incidents_techniquesaying', '')}"
                f" OR {ME} IN (organisation_id, about_id) OR {IN_IT.format('incidents_techniquesaying', OVERSEES)}",
            ),
        ),
        protect(
            "incidents_techniqueevidence",
            Allow(
                "portal_app",
                "select",
                f"organisation_id = {ME}"
                f" OR shared_at IS NOT NULL AND {IN_IT.format('incidents_techniqueevidence', OVERSEES)}",
            ),
        ),
    ]
