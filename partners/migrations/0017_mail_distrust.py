"""Mail that is not to be trusted: marks on mail domains, who sets, renews and lifts them, and notices to staff.

A mark for all holds for everybody at the next statement: nothing that reads it keeps a copy. Who marks another's domain
for itself alone is known to nobody else. Step 2 of an isolation is a mark, written by a trigger beside its row.
"""

import uuid

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

from portal.tenancy.policies import ME, Allow, protect

APP = "portal_app"
DEFINER = "SECURITY DEFINER SET search_path = pg_catalog, pg_temp"
PURE = "IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp"

COVERING = f"""
CREATE FUNCTION sec.mail_host(address text) RETURNS text LANGUAGE sql {PURE} AS $$
    SELECT lower(rtrim(btrim(substring(address from '@([^@]*)$')), '.'))
$$;
-- A domain covers itself and what is under it: example.org covers x.example.org and not notexample.org.
CREATE FUNCTION sec.host_in(host text, domain text) RETURNS boolean LANGUAGE sql {PURE} AS $$
    SELECT domain <> '' AND (host = domain OR right(host, length(domain) + 1) = '.' || domain)
$$;
-- Whether somebody else has registered a narrower domain that this host is in: nobody speaks for what is another's.
CREATE FUNCTION sec.host_of_another(host text, domain text, whose uuid) RETURNS boolean LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT EXISTS (SELECT 1 FROM public.partners_organisation o, unnest(o.mail_domains) d
                    WHERE o.id <> whose AND length(d) > length(domain)
                      AND sec.host_in(host, lower(d)) AND sec.host_in(lower(d), domain))
$$;
-- The mark for which an organisation does not use an address of its own, one for all before one of its own; null: none.
CREATE FUNCTION sec.mail_mark_on(org uuid, address text) RETURNS uuid LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT m.id FROM public.partners_maildistrust m
     WHERE m.lifted_at IS NULL AND (m.until IS NULL OR m.until > clock_timestamp())
       AND (m.for_all OR m.marked_by_organisation_id = org)
       AND CASE WHEN m.domain = '' THEN m.organisation_id = org
                ELSE sec.host_in(sec.mail_host(address), m.domain)
                     AND NOT sec.host_of_another(sec.mail_host(address), m.domain, m.organisation_id) END
     ORDER BY m.for_all DESC, m.marked_at, m.id LIMIT 1
$$;
-- The caller's own addresses that a mark keeps it from using.
CREATE FUNCTION sec.contacts_not_used() RETURNS TABLE (contact_point_id uuid, mark_id uuid)
LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT c.id, x.mark FROM public.partners_contactpoint c
     CROSS JOIN LATERAL (SELECT sec.mail_mark_on(c.organisation_id, c.address) AS mark) x
     WHERE c.organisation_id = sec.me() AND c.kind = 'email' AND c.is_active AND x.mark IS NOT NULL
$$;
-- What concerns the caller: every mark for all, and its own. Reason, names and incident are for whoever may know them; of
-- the others' marks it knows the fact. Those that have ended stay for a month.
CREATE FUNCTION sec.mail_distrust() RETURNS TABLE (id uuid, domain text, organisation_id uuid, for_all boolean, mine boolean,
    in_force boolean, suspected_from timestamptz, marked_at timestamptz, renewed_at timestamptz, until timestamptz,
    lifted_at timestamptz, told boolean, reason text, marked_by_name text, marked_by_organisation_id uuid,
    incident_reference text, isolation_id uuid, by_two boolean) LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT m.id, m.domain, m.organisation_id, m.for_all, m.marked_by_organisation_id = w.me,
           m.lifted_at IS NULL AND (m.until IS NULL OR m.until > clock_timestamp()),
           m.suspected_from, m.marked_at, m.renewed_at, m.until, m.lifted_at, k.told,
           CASE WHEN k.told THEN m.reason ELSE '' END,
           CASE WHEN m.marked_by_organisation_id = w.me THEN m.marked_by_name ELSE '' END,
           CASE WHEN k.told OR m.marked_by_organisation_id = m.organisation_id THEN m.marked_by_organisation_id END,
           CASE WHEN k.told THEN m.incident_reference ELSE '' END,
           CASE WHEN k.told THEN m.isolation_id END, k.told AND m.approval_id IS NOT NULL
      FROM (SELECT sec.me() AS me) w
      JOIN public.partners_maildistrust m ON m.for_all OR m.marked_by_organisation_id = w.me
      CROSS JOIN LATERAL (SELECT w.me = ANY (m.audience) AS told) k
     WHERE w.me IS NOT NULL AND coalesce(least(m.lifted_at, m.until), 'infinity') > clock_timestamp() - interval '30 days'
     ORDER BY m.marked_at DESC, m.domain
$$;
REVOKE ALL ON FUNCTION sec.mail_host(text), sec.host_in(text, text), sec.host_of_another(text, text, uuid),
    sec.mail_mark_on(uuid, text), sec.contacts_not_used(), sec.mail_distrust() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sec.contacts_not_used(), sec.mail_distrust() TO portal_app, portal_worker;
"""

MARKING = f"""
-- Writes the event of a mark for exactly those who may know of it.
CREATE FUNCTION sec.mail_happened(m public.partners_maildistrust, what text) RETURNS void LANGUAGE sql {DEFINER} AS $$
    INSERT INTO public.ledger_event (id, kind, at, actor_organisation_id, actor_kind, actor_person_id, incident_id,
                                     incident_reference, subject_id, audience, data)
    SELECT gen_random_uuid(), what, clock_timestamp(), t.org_id, 'person', t.person_id, m.incident_id, m.incident_reference,
           m.id, m.audience, jsonb_build_object('domain', m.domain, 'for_all', m.for_all, 'until', m.until, 'organisation',
           (SELECT o.slug FROM public.partners_organisation o WHERE o.id = m.organisation_id))
      FROM sec.ticket() t
$$;
-- The lead of an open incident speaks about a participant, and against the lead its deputy.
CREATE FUNCTION sec.speaks_about(incident uuid, about uuid) RETURNS uuid LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT CASE WHEN i.lead_id = about THEN i.deputy_lead_id ELSE i.lead_id END FROM public.incidents_incident i
     WHERE i.id = incident AND i.status <> 'closed' AND about = ANY (i.participants)
$$;
-- Mark a domain for seven days. One's own, for all: an administrator. Another's, for oneself: an administrator or an
-- incident manager. Another's for all: what the lead of an incident and a second organisation agreed on.
CREATE FUNCTION sec.mark_mail(whose uuid, domain text, everybody boolean, because text, since timestamptz, incident uuid,
    approval uuid) RETURNS uuid LANGUAGE plpgsql {DEFINER} AS $$
DECLARE t record; a public.partners_approval; i public.incidents_incident; m public.partners_maildistrust; me uuid := sec.me();
        host text := lower(rtrim(btrim(mark_mail.domain), '.')); told uuid[]; BEGIN
    SELECT * INTO t FROM sec.ticket();
    IF me IS NULL OR t.person_id IS NULL OR NOT sec.fresh() THEN
        RAISE EXCEPTION 'this needs a passkey used just now' USING ERRCODE = '42501';
    END IF;
    IF approval IS NOT NULL THEN
        a := sec.carry_out(approval, 'distrust_mail');
        IF a.about_id IS DISTINCT FROM whose OR a.incident_id IS DISTINCT FROM incident OR NOT everybody
           OR a.payload ->> 'domain' IS DISTINCT FROM host OR (a.payload ->> 'since')::timestamptz IS DISTINCT FROM since
           OR whose IN (a.requesting_organisation_id, a.deciding_organisation_id)
           OR a.requesting_organisation_id = a.deciding_organisation_id
           OR a.requesting_organisation_id IS DISTINCT FROM sec.speaks_about(incident, whose) THEN
            RAISE EXCEPTION 'not what was approved' USING ERRCODE = '42501';
        END IF;
        because := a.reason;
    ELSIF whose = me THEN
        IF sec.role() <> 'administrator' OR NOT everybody THEN
            RAISE EXCEPTION 'an administrator marks the own mail, for all' USING ERRCODE = '42501';
        END IF;
    ELSIF everybody OR sec.role() NOT IN ('administrator', 'incident_manager') THEN
        RAISE EXCEPTION 'the mail of others is marked for oneself, or for all by two organisations' USING ERRCODE = '42501';
    END IF;
    IF incident IS NOT NULL THEN
        SELECT * INTO i FROM public.incidents_incident x WHERE x.id = incident AND x.status <> 'closed'
           AND me = ANY (x.participants) AND (a.id IS NULL OR a.deciding_organisation_id = ANY (x.participants));
        IF i.id IS NULL THEN
            RAISE EXCEPTION 'not an open incident that you take part in' USING ERRCODE = '42501';
        END IF;
    END IF;
    IF btrim(coalesce(because, '')) = '' OR length(because) > 1000 THEN
        RAISE EXCEPTION 'say why' USING ERRCODE = '23514';
    END IF;
    IF since > clock_timestamp() THEN
        RAISE EXCEPTION 'that is still to come' USING ERRCODE = '23514';
    END IF;
    IF NOT EXISTS (SELECT 1 FROM public.partners_organisation o, unnest(o.mail_domains) d
                    WHERE o.id = whose AND sec.host_in(host, lower(d))
                      AND NOT sec.host_of_another(host, lower(d), whose)) THEN
        RAISE EXCEPTION 'not a mail domain of that organisation' USING ERRCODE = '23514';
    END IF;
    -- Two at once: the second one sees what the first has written.
    PERFORM pg_advisory_xact_lock(hashtextextended('mail ' || CASE WHEN everybody THEN '' ELSE me::text END || host, 0));
    IF EXISTS (SELECT 1 FROM public.partners_maildistrust x WHERE x.domain = host AND x.for_all = everybody
                  AND x.lifted_at IS NULL AND x.until > clock_timestamp() AND x.isolation_id IS NULL
                  AND CASE WHEN a.id IS NOT NULL THEN x.approval_id IS NOT NULL
                           ELSE x.approval_id IS NULL AND x.marked_by_organisation_id = me END) THEN
        RAISE EXCEPTION 'this mark is in force already: renew it instead' USING ERRCODE = '23514';
    END IF;
    -- Each one wakes people: whoever has taken an account over must not do it all night.
    IF everybody AND a.id IS NULL AND (SELECT count(*) FROM public.partners_maildistrust x
            WHERE x.for_all AND x.approval_id IS NULL AND x.isolation_id IS NULL AND x.marked_by_organisation_id = me
              AND x.marked_at > clock_timestamp() - interval '1 hour') >= 5 THEN
        RAISE EXCEPTION 'five marks within an hour: ring the portal''s operator' USING ERRCODE = '23514';
    END IF;
    told := CASE WHEN NOT everybody THEN ARRAY[me] WHEN i.id IS NOT NULL THEN i.participants
                 ELSE ARRAY(SELECT o.id FROM public.partners_organisation o WHERE o.status = 'current' OR o.id = me) END;
    INSERT INTO public.partners_maildistrust AS x (id, domain, organisation_id, for_all, reason, suspected_from, marked_by,
        marked_by_name, marked_by_organisation_id, marked_at, until, lifted_by_name, incident_id, incident_reference,
        approval_id, audience)
    VALUES (gen_random_uuid(), host, whose, everybody, because, coalesce(since, clock_timestamp()),
        coalesce(a.requested_by, t.person_id), coalesce(a.requested_by_name, sec.my_name()),
        coalesce(a.requesting_organisation_id, me), clock_timestamp(), clock_timestamp() + interval '7 days', '',
        i.id, coalesce(i.reference, ''), a.id, told)
    RETURNING x.* INTO m;
    PERFORM sec.mail_happened(m, 'mail.distrusted');
    RETURN m.id;
END $$;
-- A mark that the caller may end or renew, locked. `spent`: the approval that two organisations gave, for one set by two.
CREATE FUNCTION sec.mail_mark_to_change(which uuid, approval uuid, act text) RETURNS public.partners_maildistrust
LANGUAGE plpgsql {DEFINER} AS $$
DECLARE m public.partners_maildistrust; a public.partners_approval; t record; BEGIN
    SELECT * INTO t FROM sec.ticket();
    SELECT * INTO m FROM public.partners_maildistrust x WHERE x.id = which AND sec.me() = ANY (x.audience) FOR UPDATE;
    IF m.id IS NULL OR m.isolation_id IS NOT NULL THEN
        RAISE EXCEPTION 'not a mark of yours' USING ERRCODE = '42501';
    END IF;
    IF t.person_id IS NULL OR NOT sec.fresh() THEN
        RAISE EXCEPTION 'this needs a passkey used just now' USING ERRCODE = '42501';
    END IF;
    IF m.lifted_at IS NOT NULL OR m.until <= clock_timestamp() THEN
        RAISE EXCEPTION 'not in force (any more)' USING ERRCODE = '23514';
    END IF;
    IF m.approval_id IS NULL THEN
        IF approval IS NOT NULL OR m.marked_by_organisation_id <> sec.me()
           OR NOT (sec.role() = 'administrator' OR (NOT m.for_all AND sec.role() = 'incident_manager')) THEN
            RAISE EXCEPTION 'only whoever may set this mark' USING ERRCODE = '42501';
        END IF;
        RETURN m;
    END IF;
    IF approval IS NULL THEN
        RAISE EXCEPTION 'this takes two persons of two organisations' USING ERRCODE = '42501';
    END IF;
    a := sec.carry_out(approval, act);
    IF (a.payload ->> 'mark')::uuid IS DISTINCT FROM which OR a.requesting_organisation_id = a.deciding_organisation_id
       OR m.organisation_id IN (a.requesting_organisation_id, a.deciding_organisation_id)
       OR NOT ARRAY[a.requesting_organisation_id, a.deciding_organisation_id] <@ m.audience THEN
        RAISE EXCEPTION 'not what was approved' USING ERRCODE = '42501';
    END IF;
    RETURN m;
END $$;
CREATE FUNCTION sec.renew_mail_mark(which uuid, approval uuid) RETURNS timestamptz LANGUAGE plpgsql {DEFINER} AS $$
DECLARE m public.partners_maildistrust; BEGIN
    m := sec.mail_mark_to_change(which, approval, 'renew_mail_distrust');
    UPDATE public.partners_maildistrust x SET renewed_at = clock_timestamp(), until = clock_timestamp() + interval '7 days'
     WHERE x.id = which RETURNING x.* INTO m;
    PERFORM sec.mail_happened(m, 'mail.distrust_renewed');
    RETURN m.until;
END $$;
CREATE FUNCTION sec.lift_mail_mark(which uuid, approval uuid) RETURNS void LANGUAGE plpgsql {DEFINER} AS $$
DECLARE m public.partners_maildistrust; BEGIN
    m := sec.mail_mark_to_change(which, approval, 'trust_mail');
    UPDATE public.partners_maildistrust x SET lifted_at = clock_timestamp(), lifted_by_name = sec.my_name()
     WHERE x.id = which RETURNING x.* INTO m;
    PERFORM sec.mail_happened(m, 'mail.trusted');
END $$;
-- What must be true is asked when somebody asks, so that nobody is asked in vain, and again by the act.
CREATE FUNCTION sec.mail_approval_asked() RETURNS trigger LANGUAGE plpgsql {DEFINER} AS $$
DECLARE m public.partners_maildistrust; BEGIN
    NEW.two_organisations := true;
    IF NEW.kind = 'distrust_mail' THEN
        IF NEW.about_id IS NULL OR NEW.about_id = ANY (NEW.audience)
           OR NEW.requesting_organisation_id IS DISTINCT FROM sec.speaks_about(NEW.incident_id, NEW.about_id) THEN
            RAISE EXCEPTION 'the lead of an open incident asks for this, about one of its participants' USING ERRCODE = '42501';
        END IF;
        RETURN NEW;
    END IF;
    SELECT * INTO m FROM public.partners_maildistrust x WHERE x.id = (NEW.payload ->> 'mark')::uuid
       AND x.lifted_at IS NULL AND x.until > clock_timestamp() AND x.approval_id IS NOT NULL
       AND x.organisation_id = NEW.about_id AND NEW.audience <@ x.audience AND NOT x.organisation_id = ANY (NEW.audience);
    IF m.id IS NULL THEN
        RAISE EXCEPTION 'not a mark in force that both may change' USING ERRCODE = '42501';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER mail_approval BEFORE INSERT ON partners_approval FOR EACH ROW
    WHEN (NEW.kind IN ('distrust_mail', 'renew_mail_distrust', 'trust_mail')) EXECUTE FUNCTION sec.mail_approval_asked();
-- Step 2 of an isolation is a mark for all on every domain of the organisation, for as long as the step lasts.
CREATE FUNCTION sec.isolation_marks_mail() RETURNS trigger LANGUAGE plpgsql {DEFINER} AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        UPDATE public.partners_maildistrust x SET lifted_at = NEW.lifted_at, lifted_by_name = NEW.lifted_by_name
         WHERE x.isolation_id = NEW.id AND x.lifted_at IS NULL AND NEW.lifted_at IS NOT NULL;
        RETURN NULL;
    END IF;
    INSERT INTO public.partners_maildistrust (id, domain, organisation_id, for_all, reason, suspected_from, marked_by,
        marked_by_name, marked_by_organisation_id, marked_at, lifted_by_name, incident_id, incident_reference, approval_id,
        isolation_id, audience)
    SELECT gen_random_uuid(), d.host, NEW.organisation_id, true, NEW.reason, coalesce(NEW.suspected_from, NEW.started_at),
           NEW.pressed_by, NEW.pressed_by_name, NEW.pressing_organisation_id, NEW.started_at, '', NEW.incident_id,
           NEW.incident_reference, NEW.approval_id, NEW.id, NEW.audience
      FROM public.partners_organisation o,
           unnest(CASE WHEN o.mail_domains = '{{}}' THEN ARRAY[''] ELSE o.mail_domains END) x(written),
           lower(rtrim(btrim(x.written), '.')) d(host)
     WHERE o.id = NEW.organisation_id AND NEW.lifted_at IS NULL;
    RETURN NULL;
END $$;
CREATE TRIGGER isolation_marks_mail AFTER INSERT OR UPDATE OF lifted_at ON partners_isolation FOR EACH ROW
    WHEN (NEW.step = 2) EXECUTE FUNCTION sec.isolation_marks_mail();
REVOKE ALL ON FUNCTION sec.mail_happened(public.partners_maildistrust, text), sec.speaks_about(uuid, uuid),
    sec.mark_mail(uuid, text, boolean, text, timestamptz, uuid, uuid), sec.mail_mark_to_change(uuid, uuid, text),
    sec.renew_mail_mark(uuid, uuid), sec.lift_mail_mark(uuid, uuid), sec.mail_approval_asked(), sec.isolation_marks_mail()
    FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sec.mark_mail(uuid, text, boolean, text, timestamptz, uuid, uuid),
    sec.renew_mail_mark(uuid, uuid), sec.lift_mail_mark(uuid, uuid) TO portal_app;
"""

NOTICES = f"""
-- That the caller's organisation told its own people, outside of Bulkhead.
CREATE FUNCTION sec.issue_mail_notice(which uuid, words text, people integer) RETURNS uuid LANGUAGE plpgsql {DEFINER} AS $$
DECLARE t record; me uuid := sec.me(); made uuid := gen_random_uuid(); BEGIN
    SELECT * INTO t FROM sec.ticket();
    IF me IS NULL OR t.person_id IS NULL OR sec.role() IN ('', 'observer', 'guest', 'service_account') THEN
        RAISE EXCEPTION 'a person of the organisation issues its notice' USING ERRCODE = '42501';
    END IF;
    IF NOT EXISTS (SELECT 1 FROM public.partners_maildistrust m WHERE m.id = which
                      AND (m.for_all OR m.marked_by_organisation_id = me)) THEN
        RAISE EXCEPTION 'no mark that you know of' USING ERRCODE = '42501';
    END IF;
    IF NOT EXISTS (SELECT 1 FROM public.partners_maildistrust m WHERE m.id = which AND m.lifted_at IS NULL
                      AND (m.until IS NULL OR m.until > clock_timestamp())) THEN
        RAISE EXCEPTION 'this mark has ended' USING ERRCODE = '23514';
    END IF;
    IF btrim(coalesce(words, '')) = '' OR length(words) > 5000 OR coalesce(people, 0) NOT BETWEEN 1 AND 1000000 THEN
        RAISE EXCEPTION 'a notice has its words, and how many it went to' USING ERRCODE = '23514';
    END IF;
    INSERT INTO public.partners_mailnotice (id, mark_id, organisation_id, text, people, issued_by, issued_by_name, issued_at)
    VALUES (made, which, me, words, people, t.person_id, sec.my_name(), clock_timestamp());
    INSERT INTO public.ledger_event (id, kind, at, actor_organisation_id, actor_kind, actor_person_id, incident_reference,
                                     subject_id, audience, data)
    VALUES (gen_random_uuid(), 'mail.notice_issued', clock_timestamp(), me, 'person', t.person_id, '', which, ARRAY[me],
            jsonb_build_object('people', people));
    RETURN made;
END $$;
-- Which participants have told their staff of a mark for all on a participant's mail: yes or no, for the overseers alone.
CREATE FUNCTION sec.mail_notices_in(incident uuid) RETURNS TABLE (mark_id uuid, organisation_id uuid, issued boolean)
LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT m.id, p.organisation_id, EXISTS (SELECT 1 FROM public.partners_mailnotice n
                                             WHERE n.mark_id = m.id AND n.organisation_id = p.organisation_id)
      FROM public.incidents_incident i
      JOIN public.incidents_participant p ON p.incident_id = i.id AND p.role <> 'observer'
      JOIN public.partners_maildistrust m ON m.for_all AND m.organisation_id = ANY (i.participants) AND m.lifted_at IS NULL
           AND (m.until IS NULL OR m.until > clock_timestamp())
     WHERE i.id = incident AND sec.me() = ANY (i.overseers)
     ORDER BY m.marked_at, p.organisation_id
$$;
-- A person says how far one of the own contacts is to be trusted, and why. A mark on its domain holds whatever is said.
CREATE FUNCTION sec.trust_contact(point uuid, how text, because text) RETURNS void LANGUAGE plpgsql {DEFINER} AS $$
DECLARE c public.partners_contactpoint; BEGIN
    SELECT * INTO c FROM public.partners_contactpoint x
     WHERE x.id = point AND x.organisation_id = sec.me() AND x.is_active FOR UPDATE;
    IF c.id IS NULL OR NOT sec.may_keep_contact(c.person_id) THEN
        RAISE EXCEPTION 'not a contact that is yours to judge, with a passkey used just now' USING ERRCODE = '42501';
    END IF;
    IF how NOT IN ('trusted', 'doubtful', 'compromised') OR btrim(coalesce(because, '')) = '' OR length(because) > 500 THEN
        RAISE EXCEPTION 'say how far it is trusted, and why' USING ERRCODE = '23514';
    END IF;
    UPDATE public.partners_contactpoint x SET trust = how, trust_since = clock_timestamp(),
           trust_because = CASE how WHEN 'trusted' THEN '' ELSE because END WHERE x.id = point;
    INSERT INTO public.ledger_event (id, kind, at, actor_organisation_id, actor_kind, actor_person_id, incident_reference,
                                     subject_id, audience, data)
    SELECT gen_random_uuid(), 'contact.trust_changed', clock_timestamp(), t.org_id, 'person', t.person_id, '', point,
           ARRAY[t.org_id], jsonb_build_object('was', c.trust, 'now', how, 'because', because) FROM sec.ticket() t;
    PERFORM sec.contact_told(point, 'judged');
END $$;
REVOKE ALL ON FUNCTION sec.issue_mail_notice(uuid, text, integer), sec.mail_notices_in(uuid),
    sec.trust_contact(uuid, text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sec.issue_mail_notice(uuid, text, integer), sec.mail_notices_in(uuid),
    sec.trust_contact(uuid, text, text) TO portal_app;
"""

# Events about mail say what happened, and are written by functions alone: messages are planned from them.
SAID = """
CREATE POLICY mail_said ON public.ledger_event AS RESTRICTIVE FOR INSERT TO portal_app, portal_worker
    WITH CHECK (split_part(kind, '.', 1) <> 'mail');
"""
# Steps that are in force already when this comes.
CAUGHT_UP = """
INSERT INTO public.partners_maildistrust (id, domain, organisation_id, for_all, reason, suspected_from, marked_by,
    marked_by_name, marked_by_organisation_id, marked_at, lifted_by_name, incident_id, incident_reference, approval_id,
    isolation_id, audience)
SELECT gen_random_uuid(), lower(rtrim(btrim(x.written), '.')), s.organisation_id, true, s.reason,
       coalesce(s.suspected_from, s.started_at), s.pressed_by, s.pressed_by_name, s.pressing_organisation_id, s.started_at, '',
       s.incident_id, s.incident_reference, s.approval_id, s.id, s.audience
  FROM public.partners_isolation s JOIN public.partners_organisation o ON o.id = s.organisation_id,
       unnest(CASE WHEN o.mail_domains = '{}' THEN ARRAY[''] ELSE o.mail_domains END) x(written)
 WHERE s.step = 2 AND s.lifted_at IS NULL;
"""
BACKWARD = """
DROP POLICY mail_said ON public.ledger_event;
DROP FUNCTION sec.trust_contact(uuid, text, text), sec.mail_notices_in(uuid), sec.issue_mail_notice(uuid, text, integer);
DROP TRIGGER isolation_marks_mail ON partners_isolation;
DROP TRIGGER mail_approval ON partners_approval;
DROP FUNCTION sec.isolation_marks_mail(), sec.mail_approval_asked(), sec.lift_mail_mark(uuid, uuid),
    sec.renew_mail_mark(uuid, uuid), sec.mail_mark_to_change(uuid, uuid, text),
    sec.mark_mail(uuid, text, boolean, text, timestamptz, uuid, uuid), sec.speaks_about(uuid, uuid),
    sec.mail_happened(public.partners_maildistrust, text);
DROP FUNCTION sec.mail_distrust(), sec.contacts_not_used(), sec.mail_mark_on(uuid, text),
    sec.host_of_another(text, text, uuid), sec.host_in(text, text), sec.mail_host(text);
"""


class Migration(migrations.Migration):
    dependencies = [("partners", "0016_ladder"), ("incidents", "0014_planned_work")]
    operations = [
        migrations.CreateModel(
            name="MailDistrust",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("domain", models.TextField()),
                ("for_all", models.BooleanField()),
                ("reason", models.TextField()),
                ("suspected_from", models.DateTimeField()),
                ("marked_by", models.UUIDField()),
                ("marked_by_name", models.TextField()),
                ("marked_at", models.DateTimeField()),
                ("renewed_at", models.DateTimeField(blank=True, null=True)),
                ("until", models.DateTimeField(blank=True, null=True)),
                ("lifted_at", models.DateTimeField(blank=True, null=True)),
                ("lifted_by_name", models.TextField(blank=True, default="")),
                ("incident_id", models.UUIDField(blank=True, null=True)),
                ("incident_reference", models.TextField(blank=True, default="")),
                (
                    "audience",
                    django.contrib.postgres.fields.ArrayField(base_field=models.UUIDField(), size=None),
                ),
                *(
                    (
                        name,
                        models.ForeignKey(
                            blank=True,
                            null=True,
                            on_delete=django.db.models.deletion.PROTECT,
                            related_name="+",
                            to=f"partners.{name}",
                        ),
                    )
                    for name in ("approval", "isolation")
                ),
                *(
                    (
                        name,
                        models.ForeignKey(
                            on_delete=django.db.models.deletion.PROTECT, related_name="+", to="partners.organisation"
                        ),
                    )
                    for name in ("marked_by_organisation", "organisation")
                ),
            ],
            options={
                "ordering": ["-marked_at"],
                "indexes": [
                    models.Index(fields=["domain"], name="mail_distrust_open", condition=models.Q(("lifted_at", None)))
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(isolation__isnull=False)
                        | (models.Q(until__isnull=False) & ~models.Q(domain="")),
                        name="mail_distrust_ends",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="MailNotice",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("text", models.TextField()),
                ("people", models.PositiveIntegerField()),
                ("issued_by", models.UUIDField()),
                ("issued_by_name", models.TextField()),
                ("issued_at", models.DateTimeField()),
                (
                    "mark",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="notices",
                        to="partners.maildistrust",
                    ),
                ),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="partners.organisation"
                    ),
                ),
            ],
            options={"ordering": ["-issued_at"]},
        ),
        protect("partners_maildistrust", Allow(APP, "select", f"{ME} = ANY (audience)")),
        protect("partners_mailnotice", Allow(APP, "select", f"organisation_id = {ME}")),
        migrations.RunSQL(COVERING + MARKING + NOTICES + SAID + CAUGHT_UP, BACKWARD),
    ]
