"""Cards: which facts an organisation can say something about, who is asked, and what an answer changes. Functions deal
and answer; the three places of a person's month are a constraint. The count of what waits stands in every page's head."""

import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from portal.tenancy.policies import ME, Allow, keep_history, protect

APP, WORKER = "portal_app", "portal_worker"
OWN = f"organisation_id = {ME}"
DEFINER = "SECURITY DEFINER SET search_path = pg_catalog, pg_temp"

FACTS = f"""
-- What an organisation can say something about, as its pages show it, and when somebody last did.
CREATE FUNCTION sec.card_facts(org uuid) RETURNS TABLE (kind text, object_id uuid, fact jsonb, reviewed_on date, was jsonb,
    owner uuid) LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT f.kind, f.object_id, f.fact, greatest(f.seen_on, r.reviewed_on), r.fact, f.owner FROM (
        SELECT 'participation' AS kind, p.id AS object_id, NULL::date AS seen_on,
               jsonb_build_object('system', s.name, 'slug', s.slug, 'services', p.services, 'people', p.people_served,
                                  'fallback', p.fallback, 'safety', p.safety_critical, 'status', p.status,
                                  'left_on', p.left_on) AS fact, p.decision_owner_id AS owner
          FROM public.partners_participation p JOIN public.partners_sharedsystem s ON s.id = p.system_id
         WHERE p.organisation_id = org AND p.denied_at IS NULL
        UNION ALL
        SELECT 'system', s.id, s.reviewed_on, jsonb_build_object('system', s.name, 'slug', s.slug, 'owner', w.name, 'provider', v.name),
               NULL
          FROM public.partners_sharedsystem s
          LEFT JOIN public.partners_organisation w ON w.id = s.owner_id
          LEFT JOIN public.partners_organisation v ON v.id = s.provider_id
         WHERE org IN (s.owner_id, s.provider_id) OR s.owner_id IS NULL AND EXISTS (
               SELECT 1 FROM public.partners_participation p WHERE p.system_id = s.id AND p.organisation_id = org)
        UNION ALL
        SELECT 'link', d.id, d.reviewed_on,
               jsonb_build_object('source', a.name, 'target', b.name, 'kind', d.kind,
                                  'label', coalesce(nullif(d.label, ''), d."group"), 'barrier', d.barrier,
                                  'tested_on', d.tested_on, 'valid_until', d.valid_until), NULL
          FROM public.partners_dependency d
          JOIN public.partners_sharedsystem a ON a.id = d.source_id
          JOIN public.partners_sharedsystem b ON b.id = d.target_id
         WHERE org IN (a.owner_id, a.provider_id, b.owner_id, b.provider_id)
           AND NOT (d.cut_source_at IS NOT NULL AND d.cut_target_at IS NOT NULL)
        UNION ALL
        SELECT 'contact', c.id, c.tested_at::date,
               jsonb_build_object('label', c.label, 'way', c.kind, 'person', p.name, 'changed_at', c.changed_at), NULL
          FROM public.partners_contactpoint c LEFT JOIN public.partners_person p ON p.id = c.person_id
         WHERE c.organisation_id = org AND c.is_active
        UNION ALL  -- in the words of the version that both sides approved, for the one who answers for it on this side
        SELECT 'permission', i.id, v.permitted_at::date,
               jsonb_build_object('name', v.name, 'grantor', a.name, 'grantee', b.name, 'purpose', v.purpose,
                                  'expires_on', v.expires_on),
               CASE WHEN i.grantor_id = org THEN v.grantor_owner_id ELSE v.grantee_owner_id END
          FROM public.partners_integration i
          JOIN public.partners_integrationversion v ON v.integration_id = i.id AND v.number = i.permitted
          JOIN public.partners_organisation a ON a.id = i.grantor_id
          JOIN public.partners_organisation b ON b.id = i.grantee_id
         WHERE org IN (i.grantor_id, i.grantee_id) AND i.ended_at IS NULL AND i.lapsed_at IS NULL) f
      LEFT JOIN public.partners_factreview r
             ON r.organisation_id = org AND r.kind = f.kind AND r.object_id = f.object_id
$$;
-- Whoever may be asked: there every day, and with a say.
CREATE FUNCTION sec.may_be_asked(person uuid, org uuid) RETURNS boolean LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT EXISTS (SELECT 1 FROM public.partners_person p
                    WHERE p.id = person AND p.organisation_id = org AND p.is_active AND NOT p.break_glass
                      AND p.access_ends_at IS NULL AND p.role NOT IN ('observer', 'service_account', 'guest'))
$$;
-- One card in the next free place of the person's month; refused when there is none. Called under the lock.
CREATE FUNCTION sec.put_card(org uuid, who uuid, what text, about uuid, says jsonb, at timestamptz) RETURNS uuid
LANGUAGE plpgsql {DEFINER} AS $$
DECLARE spot integer; month_of date := date_trunc('month', at AT TIME ZONE 'UTC'); made uuid := gen_random_uuid(); BEGIN
    SELECT min(n) INTO spot FROM generate_series(1, 3) n WHERE NOT EXISTS (
        SELECT 1 FROM public.partners_reviewcard c WHERE c.person_id = who AND c.month = month_of AND c.place = n);
    IF spot IS NULL THEN
        RAISE EXCEPTION 'they have had three this month already' USING ERRCODE = '23514';
    END IF;
    INSERT INTO public.partners_reviewcard (id, organisation_id, person_id, month, place, kind, object_id, fact, dealt_at,
                                            state, words, work_raised)
    VALUES (made, org, who, month_of, spot, what, about, says, at, 'open', '', false);
    RETURN made;
END $$;
CREATE FUNCTION sec.lock_cards(org uuid) RETURNS void LANGUAGE sql {DEFINER} AS $$
    SELECT pg_advisory_xact_lock(hashtextextended('cards of ' || org, 0))
$$;
-- Whether somebody may be asked and has a place left.
CREATE FUNCTION sec.has_place(who uuid, org uuid, month_of date) RETURNS boolean LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT who IS NOT NULL AND sec.may_be_asked(who, org)
       AND (SELECT count(*) FROM public.partners_reviewcard c WHERE c.person_id = who AND c.month = month_of) < 3
$$;
-- The oldest fact that is due goes to whoever answers for it by name, else to whoever of the administrators and incident
-- managers was asked least.
CREATE FUNCTION sec.deal_card(at timestamptz) RETURNS uuid LANGUAGE plpgsql {DEFINER} AS $$
DECLARE org uuid := sec.me(); who uuid; f record; month_of date := date_trunc('month', at AT TIME ZONE 'UTC'); BEGIN
    IF org IS NULL OR (SELECT t.kind FROM sec.ticket() t) IS DISTINCT FROM 'job' THEN
        RAISE EXCEPTION 'cards are dealt by the clock' USING ERRCODE = '42501';
    END IF;
    PERFORM sec.lock_cards(org);
    IF sec.in_open_incident(org) THEN
        RETURN NULL;
    END IF;
    SELECT p.id INTO who FROM public.partners_person p CROSS JOIN LATERAL (
           SELECT count(*) FILTER (WHERE c.month = month_of) AS had, max(c.dealt_at) AS last_at
             FROM public.partners_reviewcard c WHERE c.person_id = p.id) h
     WHERE p.organisation_id = org AND p.role IN ('administrator', 'incident_manager')
       AND sec.has_place(p.id, org, month_of)
     ORDER BY h.had, h.last_at NULLS FIRST, p.name, p.id LIMIT 1;
    SELECT * INTO f FROM sec.card_facts(org) x
     WHERE (x.reviewed_on IS NULL OR x.reviewed_on <= (at - interval '12 months')::date OR x.was <> x.fact)
       AND NOT EXISTS (SELECT 1 FROM public.partners_reviewcard c
                        WHERE c.organisation_id = org AND c.kind = x.kind AND c.object_id = x.object_id
                          AND c.fact = x.fact AND c.dealt_at > at - interval '12 months')
       AND (who IS NOT NULL OR sec.has_place(x.owner, org, month_of))
     ORDER BY x.reviewed_on NULLS FIRST,
              array_position(ARRAY['participation', 'system', 'permission', 'link', 'contact'], x.kind),
              x.fact ->> 'system', x.object_id LIMIT 1;
    IF f.object_id IS NULL THEN
        RETURN NULL;
    END IF;
    UPDATE public.partners_reviewcard c SET state = 'lapsed', answered_at = at
     WHERE c.organisation_id = org AND c.kind = f.kind AND c.object_id = f.object_id AND c.state = 'open';
    RETURN sec.put_card(org, CASE WHEN sec.has_place(f.owner, org, month_of) THEN f.owner ELSE who END, f.kind, f.object_id, f.fact, at);
END $$;
"""

ANSWERS = f"""
-- The fact was looked at today by the ticket's person; the row of the history that says so.
CREATE FUNCTION sec.fact_reviewed(what text, about uuid) RETURNS uuid LANGUAGE plpgsql {DEFINER} AS $$
DECLARE org uuid := sec.me(); kept uuid; told uuid; whose text; BEGIN
    INSERT INTO public.partners_factreview AS r (id, organisation_id, kind, object_id, fact, reviewed_on, reviewed_by_id)
    SELECT gen_random_uuid(), org, what, about, f.fact, current_date, sec.who()
      FROM sec.card_facts(org) f WHERE f.kind = what AND f.object_id = about
    ON CONFLICT (organisation_id, kind, object_id) DO UPDATE
    SET fact = excluded.fact, reviewed_on = excluded.reviewed_on, reviewed_by_id = excluded.reviewed_by_id
    RETURNING r.id INTO kept;
    SELECT sec.my_name() || ', ' || o.name INTO whose FROM public.partners_organisation o WHERE o.id = org;
    IF what = 'link' THEN
        UPDATE public.partners_dependency d SET reviewed_on = current_date, reviewed_by = whose WHERE d.id = about;
        kept := about;
    ELSIF what = 'system' AND org = ANY (sec.runners(about)) THEN
        UPDATE public.partners_sharedsystem s SET reviewed_on = current_date, reviewed_by = whose WHERE s.id = about;
        kept := about;
    END IF;
    SELECT x.id INTO told FROM public.partners_change x WHERE x.object_id = kept AND org = ANY (x.audience)
     ORDER BY x.at DESC LIMIT 1;
    RETURN told;
END $$;
-- Work for whoever can mend what an answer found, at the page where it is mended; for oneself when nobody else can.
CREATE FUNCTION sec.card_work(c public.partners_reviewcard, said text) RETURNS void LANGUAGE plpgsql {DEFINER} AS $$
DECLARE mends uuid[]; org uuid; asker text; headline text; path text; BEGIN
    mends := CASE c.kind
        WHEN 'participation' THEN (SELECT sec.runners(p.system_id) FROM public.partners_participation p WHERE p.id = c.object_id)
        WHEN 'system' THEN sec.runners(c.object_id)
        WHEN 'link' THEN (SELECT sec.runners(d.source_id) || sec.runners(d.target_id) FROM public.partners_dependency d
                           WHERE d.id = c.object_id)
        WHEN 'permission' THEN (SELECT ARRAY[i.grantor_id, i.grantee_id] FROM public.partners_integration i
                                 WHERE i.id = c.object_id)
        ELSE ARRAY[c.organisation_id] END;
    IF coalesce(cardinality(mends), 0) = 0 THEN
        mends := ARRAY[c.organisation_id];
    END IF;
    path := CASE c.kind WHEN 'link' THEN '/partners/links/' || c.object_id || '/' WHEN 'contact' THEN '/partners/contacts/'
                        WHEN 'permission' THEN '/permissions/' || c.object_id || '/' ELSE '/systems/' || (c.fact ->> 'slug') || '/' END;
    SELECT o.name INTO asker FROM public.partners_organisation o WHERE o.id = c.organisation_id;
    headline := CASE c.kind WHEN 'link' THEN (c.fact ->> 'source') || ' leads to ' || (c.fact ->> 'target')
                            WHEN 'contact' THEN c.fact ->> 'label'
                            WHEN 'permission' THEN c.fact ->> 'name' ELSE c.fact ->> 'system' END || ': not as recorded';
    FOR org IN SELECT DISTINCT x FROM unnest(mends) x WHERE x IS NOT NULL LOOP
        PERFORM sec.raise_work(org, 'not_true', 'not_true:' || c.organisation_id || ':' || c.object_id, headline,
                               asker || ' says: ' || said, path, c.object_id, NULL);
    END LOOP;
END $$;
-- What came of it: yes, no, passed, elsewhere; already (somebody was first) or changed (asked of what is no longer so).
CREATE FUNCTION sec.answer_card(card uuid, answer text, what text, said text, person uuid) RETURNS text
LANGUAGE plpgsql {DEFINER} AS $$
DECLARE c public.partners_reviewcard; org uuid := sec.me(); now_says jsonb; told uuid; raised boolean := false; BEGIN
    IF org IS NULL OR sec.who() IS NULL
       OR sec.role() NOT IN ('administrator', 'incident_manager', 'responder', 'approver', 'data_protection_officer') THEN
        RAISE EXCEPTION 'an observer or a machine answers no card' USING ERRCODE = '42501';
    END IF;
    PERFORM sec.lock_cards(org);
    SELECT * INTO c FROM public.partners_reviewcard x WHERE x.id = card AND x.organisation_id = org FOR UPDATE;
    IF c.id IS NULL THEN
        RAISE EXCEPTION 'not a card of yours' USING ERRCODE = '42501';
    ELSIF c.state <> 'open' THEN
        RETURN 'already';
    END IF;
    SELECT f.fact INTO now_says FROM sec.card_facts(org) f WHERE f.kind = c.kind AND f.object_id = c.object_id;
    IF now_says IS DISTINCT FROM c.fact THEN
        UPDATE public.partners_reviewcard x SET state = 'lapsed', answered_at = clock_timestamp() WHERE x.id = card;
        RETURN 'changed';
    END IF;
    IF answer IN ('no', 'elsewhere') AND btrim(said) = '' AND what <> 'left' THEN
        RAISE EXCEPTION 'say it in a few words' USING ERRCODE = '23514';
    END IF;
    IF answer = 'yes' THEN
        told := sec.fact_reviewed(c.kind, c.object_id);
    ELSIF answer = 'no' AND c.kind = 'participation' AND (what = 'left' OR what = 'fallback' AND NOT EXISTS (
            SELECT 1 FROM public.partners_publicservice s WHERE s.participation_id = c.object_id)) THEN
        -- Left, and connected until both ends of its links say cut: no radius grows smaller by a card.
        UPDATE public.partners_participation p
           SET status = CASE WHEN what = 'left' THEN 'left_connected' ELSE p.status END,
               left_on = CASE WHEN what = 'left' THEN coalesce(p.left_on, current_date) ELSE p.left_on END,
               fallback = CASE WHEN what = 'fallback' THEN btrim(said) ELSE p.fallback END
         WHERE p.id = c.object_id AND p.organisation_id = org;
        PERFORM sec.fact_reviewed(c.kind, c.object_id);
        SELECT x.id INTO told FROM public.partners_change x WHERE x.object_id = c.object_id AND org = ANY (x.audience)
         ORDER BY x.at DESC LIMIT 1;
    ELSIF answer = 'no' AND what = 'fallback' THEN  -- each service has a fallback of its own: changed where they stand
        PERFORM sec.raise_work(org, 'not_true', 'not_true:' || org || ':' || c.object_id,
                               (c.fact ->> 'system') || ': the fallback is not as recorded', btrim(said),
                               '/systems/' || (c.fact ->> 'slug') || '/standing/', c.object_id, NULL);
        raised := true;
    ELSIF answer = 'no' OR answer = 'elsewhere' AND c.kind <> 'contact' THEN
        PERFORM sec.card_work(c, btrim(said));
        raised := true;
    ELSIF answer = 'passed' THEN
        IF sec.in_open_incident(org) THEN
            RAISE EXCEPTION 'no card is dealt while an incident is open' USING ERRCODE = '23514';
        ELSIF person = c.person_id OR NOT sec.may_be_asked(person, org) IS TRUE THEN
            RAISE EXCEPTION 'choose somebody else of your organisation who answers cards' USING ERRCODE = '23514';
        END IF;
    ELSE
        RAISE EXCEPTION 'no such answer' USING ERRCODE = '23514';
    END IF;
    UPDATE public.partners_reviewcard x
       SET state = answer, answered_at = clock_timestamp(), answered_by_id = sec.who(), change_id = told,
           work_raised = raised, next_on = CASE WHEN answer = 'yes' THEN (current_date + interval '12 months')::date END,
           words = CASE WHEN answer = 'passed' THEN (SELECT p.name FROM public.partners_person p WHERE p.id = person)
                        ELSE btrim(said) END
     WHERE x.id = card;
    IF answer = 'passed' THEN
        PERFORM sec.put_card(org, person, c.kind, c.object_id, c.fact, clock_timestamp());
    END IF;
    RETURN answer;
END $$;
REVOKE ALL ON FUNCTION sec.card_facts(uuid), sec.may_be_asked(uuid, uuid), sec.lock_cards(uuid), sec.has_place(uuid, uuid, date),
    sec.put_card(uuid, uuid, text, uuid, jsonb, timestamptz), sec.deal_card(timestamptz), sec.fact_reviewed(text, uuid),
    sec.card_work(public.partners_reviewcard, text), sec.answer_card(uuid, text, text, text, uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sec.deal_card(timestamptz) TO portal_worker;
GRANT EXECUTE ON FUNCTION sec.answer_card(uuid, text, text, text, uuid) TO portal_app;
"""
BACKWARD = """
DROP FUNCTION sec.answer_card(uuid, text, text, text, uuid), sec.card_work(public.partners_reviewcard, text),
    sec.fact_reviewed(text, uuid), sec.deal_card(timestamptz), sec.lock_cards(uuid), sec.has_place(uuid, uuid, date),
    sec.put_card(uuid, uuid, text, uuid, jsonb, timestamptz), sec.may_be_asked(uuid, uuid), sec.card_facts(uuid);
"""


def page_head(column: str, value: str) -> str:
    """The head of every page; an answer of another shape is another function."""
    return f"""
DROP FUNCTION sec.page_head();
CREATE FUNCTION sec.page_head() RETURNS TABLE (epoch uuid, head bigint, open_incidents bigint, open_tasks bigint,
    approvals bigint{column})
LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT h.epoch, coalesce((SELECT o.seq FROM public.ledger_organisationhead o WHERE o.organisation_id = m.me), 0),
           (SELECT count(*) FROM public.incidents_participant p JOIN public.incidents_incident i ON i.id = p.incident_id
             WHERE p.organisation_id = m.me AND i.status <> 'closed'),
           (SELECT count(*) FROM public.incidents_task t JOIN public.incidents_incident i ON i.id = t.incident_id
             WHERE t.organisation_id = m.me AND i.status <> 'closed'
               AND t.status IN ('waiting', 'acknowledged', 'in_progress', 'blocked')),
           CASE WHEN sec.may_approve() THEN
           (SELECT count(*) FROM public.partners_approval a
             WHERE sec.me() = ANY (a.audience) AND a.state = 'waiting' AND a.expires_at > clock_timestamp()
               AND a.requested_by <> sec.who()
               AND NOT (a.two_organisations AND a.requesting_organisation_id = m.me)
               AND NOT (a.about_id = m.me AND a.kind IN ('isolate', 'emergency_enrolment'))) ELSE 0 END{value}
      FROM public.ledger_head h, (SELECT sec.mine() AS me) m WHERE h.id = 1
$$;
REVOKE ALL ON FUNCTION sec.page_head() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sec.page_head() TO portal_app;
"""


# Work for anybody of the organisation, and the cards of the person who looks.
WAITS = """,
           (SELECT count(*) FROM public.partners_workitem w WHERE w.organisation_id = sec.me() AND w.state = 'open')
           + (SELECT count(*) FROM public.partners_reviewcard c
               WHERE c.organisation_id = sec.me() AND c.person_id = sec.who() AND c.state = 'open')"""


class Migration(migrations.Migration):
    dependencies = [("partners", "0014_in_and_out"), ("incidents", "0012_guests_security")]
    operations = [
        migrations.CreateModel(
            name="FactReview",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("kind", models.TextField()),
                ("object_id", models.UUIDField()),
                ("fact", models.JSONField()),
                ("reviewed_on", models.DateField()),
                (
                    "organisation",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="partners.organisation",
                    ),
                ),
                (
                    "reviewed_by",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("organisation", "kind", "object_id"), name="fact_review_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="ReviewCard",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("month", models.DateField()),
                ("place", models.PositiveSmallIntegerField()),
                (
                    "kind",
                    models.TextField(
                        choices=[
                            ("participation", "Standing on a system"),
                            ("system", "Who decides about a system"),
                            ("link", "Link between systems"),
                            ("permission", "Permission"),
                            ("contact", "Contact"),
                        ]
                    ),
                ),
                ("object_id", models.UUIDField()),
                ("fact", models.JSONField()),
                ("dealt_at", models.DateTimeField()),
                (
                    "state",
                    models.TextField(
                        choices=[
                            ("open", "Waiting"),
                            ("yes", "Still true"),
                            ("no", "Not true"),
                            ("passed", "Passed on"),
                            ("elsewhere", "For another organisation"),
                            ("lapsed", "Changed meanwhile"),
                        ],
                        default="open",
                    ),
                ),
                ("answered_at", models.DateTimeField(blank=True, null=True)),
                ("words", models.TextField(blank=True, default="")),
                ("next_on", models.DateField(blank=True, null=True)),
                ("change_id", models.UUIDField(blank=True, null=True)),
                ("work_raised", models.BooleanField(default=False)),
                (
                    "answered_by",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
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
                (
                    "person",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["dealt_at"],
                "indexes": [
                    models.Index(fields=["organisation", "kind", "object_id", "-dealt_at"], name="card_of_fact")
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("person", "month", "place"), name="card_place_once"),
                    models.CheckConstraint(condition=models.Q(("place__in", [1, 2, 3])), name="card_three_a_month"),
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ["open", "yes", "no", "passed", "elsewhere", "lapsed"])),
                        name="card_state",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("state", "open")),
                        fields=("organisation", "kind", "object_id"),
                        name="card_open_once",
                    ),
                ],
            },
        ),
        migrations.RunSQL(FACTS + ANSWERS, BACKWARD),
        migrations.RunSQL(page_head(", work bigint", WAITS), page_head("", "")),
        protect("partners_factreview", Allow(APP, "select", OWN)),
        protect("partners_reviewcard", Allow(APP, "select", OWN)),
        keep_history("partners_factreview", "review", "told_of_own", hidden=("fact",)),
    ]
