"""Webhooks to an organisation's own tools: subscriptions, their sealed keys, the queue that is the log, and its functions.

Pages read their organisation's rows and write by functions alone, each of which asks for an administrator with a passkey
used just now. The worker reads no row: it claims, gets what it claimed, and settles, by functions that look at each
statement whether the organisation is cut off.
"""

import uuid

import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

from portal.tenancy.policies import ME, Allow, protect

APP = "portal_app"
DEFINER = "SECURITY DEFINER SET search_path = pg_catalog, pg_temp"
OWN = f"organisation_id = {ME}"
HOOK = (
    "id", "organisation_id", "label", "host", "kinds", "state", "because", "made_at", "made_by_id", "failures",
    "failing_since", "rests_until",
)  # fmt: skip
KEY = ("id", "webhook_id", "organisation_id", "made_at", "ends_at")
LOG = (
    "id", "webhook_id", "organisation_id", "seq", "event_id", "kind", "state", "made_at", "queued_at", "due_at",
    "attempts", "tries", "tried_at", "settled_at", "status", "error", "replayed",
)  # fmt: skip

QUEUE = f"""
ALTER TABLE notifications_webhookdelivery SET (fillfactor = 60);
-- In the seal's transaction: who is subscribed to what was just recorded for its organisation.
CREATE FUNCTION sec.webhooks_wanted() RETURNS trigger LANGUAGE plpgsql {DEFINER} AS $$
BEGIN
    INSERT INTO public.notifications_webhookdelivery (id, webhook_id, organisation_id, seq, event_id, kind)
    SELECT gen_random_uuid(), w.id, n.organisation_id, n.seq, n.event_id, e.kind
      FROM added n JOIN public.notifications_webhook w ON w.organisation_id = n.organisation_id AND w.state = 'on'
      JOIN public.ledger_event e ON e.id = n.event_id
     WHERE w.kinds && ARRAY['*', e.kind];
    RETURN NULL;
END $$;
CREATE TRIGGER webhooks_wanted AFTER INSERT ON ledger_streamentry
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION sec.webhooks_wanted();
REVOKE ALL ON FUNCTION sec.webhooks_wanted() FROM PUBLIC;
"""

KEEPING = f"""
CREATE FUNCTION sec.webhook_said(hook uuid, what text, more jsonb) RETURNS void LANGUAGE sql {DEFINER} AS $$
    INSERT INTO public.ledger_event (id, kind, at, actor_organisation_id, actor_kind, actor_person_id, incident_reference,
                                     subject_id, audience, data)
    SELECT gen_random_uuid(), what, clock_timestamp(), w.organisation_id,
           CASE WHEN sec.who() IS NULL THEN 'system' ELSE 'person' END, sec.who(), '', w.id, ARRAY[w.organisation_id],
           more || jsonb_build_object('label', w.label)
      FROM public.notifications_webhook w WHERE w.id = hook
$$;
-- An own subscription that has not ended, locked, for an administrator with a passkey used just now.
CREATE FUNCTION sec.own_webhook(hook uuid) RETURNS public.notifications_webhook LANGUAGE plpgsql {DEFINER} AS $$
DECLARE w public.notifications_webhook; BEGIN
    IF sec.me() IS NULL OR NOT sec.fresh() OR sec.role() <> 'administrator' THEN
        RAISE EXCEPTION 'webhooks are for an administrator with a passkey used just now' USING ERRCODE = '42501';
    END IF;
    SELECT * INTO w FROM public.notifications_webhook x
     WHERE x.id = hook AND x.organisation_id = sec.me() AND x.state <> 'ended' FOR NO KEY UPDATE;
    RETURN w;
END $$;
-- Make a subscription with its first key, or change one: no address keeps the one that is there.
CREATE FUNCTION sec.put_webhook(hook uuid, named text, addr text, leads_to text, wanted text[], key uuid, whole bytea)
RETURNS void LANGUAGE plpgsql {DEFINER} AS $$
DECLARE old public.notifications_webhook := sec.own_webhook(hook); me uuid := sec.me(); BEGIN
    IF btrim(named) = '' OR length(named) > 100 OR length(addr) > 2048 OR length(leads_to) > 300
       OR (addr = '') <> (leads_to = '') OR addr <> '' AND addr !~ '^https?://'
       OR coalesce(cardinality(wanted), 0) NOT BETWEEN 1 AND 200 OR array_position(wanted, NULL) IS NOT NULL
       OR EXISTS (SELECT 1 FROM unnest(wanted) k WHERE k !~ '^([a-z_]+[.][a-z_]+|[*])$' OR length(k) > 100) THEN
        RAISE EXCEPTION 'not a webhook that could work' USING ERRCODE = '23514';
    END IF;
    IF old.id IS NULL THEN
        PERFORM 1 FROM sec.org_state s WHERE s.org_id = me FOR NO KEY UPDATE;
        IF (SELECT count(*) FROM public.notifications_webhook w WHERE w.organisation_id = me AND w.state <> 'ended') >= 10 THEN
            RAISE EXCEPTION 'ten webhooks is the most that an organisation has' USING ERRCODE = '23514';
        END IF;
        IF addr = '' OR whole IS NULL OR key IS NULL THEN
            RAISE EXCEPTION 'not a webhook that could work' USING ERRCODE = '23514';
        END IF;
        INSERT INTO public.notifications_webhook (id, organisation_id, label, address, host, kinds, made_by_id)
        VALUES (hook, me, named, addr, leads_to, wanted, sec.who());
        INSERT INTO public.notifications_webhooksecret (id, webhook_id, organisation_id, sealed) VALUES (key, hook, me, whole);
        PERFORM sec.webhook_said(hook, 'webhook.made', jsonb_build_object('kinds', wanted, 'host', leads_to));
    ELSE
        UPDATE public.notifications_webhook w SET label = named, kinds = wanted,
               address = CASE WHEN addr = '' THEN w.address ELSE addr END,
               host = CASE WHEN addr = '' THEN w.host ELSE leads_to END,
               failures = CASE WHEN addr = '' THEN w.failures ELSE 0 END,
               failing_since = CASE WHEN addr = '' THEN w.failing_since END,
               rests_until = CASE WHEN addr = '' THEN w.rests_until END
         WHERE w.id = hook;
        PERFORM sec.webhook_said(hook, 'webhook.changed', jsonb_build_object('kinds', wanted, 'moved', addr <> ''));
    END IF;
EXCEPTION WHEN unique_violation THEN  -- an id of somebody else's
    RAISE EXCEPTION 'not a webhook of yours' USING ERRCODE = '42501';
END $$;
-- A second key, which signs beside the first one; that one ends after a day, or when somebody ends it.
CREATE FUNCTION sec.rotate_webhook(hook uuid, key uuid, whole bytea) RETURNS void LANGUAGE plpgsql {DEFINER} AS $$
DECLARE w public.notifications_webhook := sec.own_webhook(hook); BEGIN
    IF w.id IS NULL OR key IS NULL OR whole IS NULL THEN
        RAISE EXCEPTION 'not a webhook of yours' USING ERRCODE = '42501';
    END IF;
    DELETE FROM public.notifications_webhooksecret s WHERE s.webhook_id = hook AND s.ends_at <= clock_timestamp();
    IF (SELECT count(*) FROM public.notifications_webhooksecret s WHERE s.webhook_id = hook) > 1 THEN
        RAISE EXCEPTION 'two keys are in use: end the old one first' USING ERRCODE = '23514';
    END IF;
    UPDATE public.notifications_webhooksecret s SET ends_at = clock_timestamp() + interval '24 hours' WHERE s.webhook_id = hook;
    INSERT INTO public.notifications_webhooksecret (id, webhook_id, organisation_id, sealed)
    VALUES (key, hook, w.organisation_id, whole);
    PERFORM sec.webhook_said(hook, 'webhook.key_made', '{{}}');
END $$;
CREATE FUNCTION sec.end_old_webhook_key(hook uuid) RETURNS void LANGUAGE plpgsql {DEFINER} AS $$
DECLARE w public.notifications_webhook := sec.own_webhook(hook); BEGIN
    DELETE FROM public.notifications_webhooksecret s WHERE s.webhook_id = w.id AND s.ends_at IS NOT NULL;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'there is no old key' USING ERRCODE = '42501';
    END IF;
    PERFORM sec.webhook_said(hook, 'webhook.key_ended', '{{}}');
END $$;
-- On, off or ended. What waits is given up when it is switched off, and can be sent again by a replay.
CREATE FUNCTION sec.switch_webhook(hook uuid, target text) RETURNS void LANGUAGE plpgsql {DEFINER} AS $$
DECLARE w public.notifications_webhook := sec.own_webhook(hook); BEGIN
    IF w.id IS NULL OR w.state = target OR target NOT IN ('on', 'off', 'ended') THEN
        RAISE EXCEPTION 'not a webhook of yours in another state' USING ERRCODE = '42501';
    END IF;
    UPDATE public.notifications_webhook x SET state = target, because = '', failures = 0, failing_since = NULL,
           rests_until = NULL, address = CASE target WHEN 'ended' THEN '' ELSE x.address END WHERE x.id = hook;
    IF target <> 'on' THEN
        UPDATE public.notifications_webhookdelivery d SET state = 'superseded', due_at = NULL, claimed_by = '',
               claimed_until = NULL, settled_at = clock_timestamp(),
               error = CASE target WHEN 'off' THEN 'The webhook was switched off.' ELSE 'The webhook was ended.' END
         WHERE d.webhook_id = hook AND d.due_at IS NOT NULL;
    END IF;
    IF target = 'ended' THEN
        DELETE FROM public.notifications_webhooksecret s WHERE s.webhook_id = hook;
    END IF;
    UPDATE public.partners_workitem i SET state = 'cleared', settled_at = clock_timestamp()
     WHERE i.organisation_id = w.organisation_id AND i.key = 'webhook:' || hook AND i.state = 'open';
    PERFORM sec.webhook_said(hook, 'webhook.switched_' || target, '{{}}');
END $$;
CREATE FUNCTION sec.test_webhook(hook uuid) RETURNS uuid LANGUAGE plpgsql {DEFINER} AS $$
DECLARE w public.notifications_webhook := sec.own_webhook(hook); made uuid; BEGIN
    IF w.id IS NULL OR w.state <> 'on' THEN
        RAISE EXCEPTION 'not a webhook of yours that is on' USING ERRCODE = '42501';
    END IF;
    IF (SELECT count(*) FROM public.notifications_webhookdelivery d
         WHERE d.webhook_id = hook AND d.seq IS NULL AND d.made_at > now() - interval '1 hour') >= 20 THEN
        RAISE EXCEPTION 'twenty tests an hour are enough' USING ERRCODE = '23514';
    END IF;
    INSERT INTO public.notifications_webhookdelivery (id, webhook_id, organisation_id, kind)
    VALUES (gen_random_uuid(), hook, w.organisation_id, 'webhook.test') RETURNING id INTO made;
    RETURN made;
END $$;
-- Send again what is settled: one, or all of a time. Each keeps its id, so that a tool which has it drops it.
CREATE FUNCTION sec.replay_webhook(hook uuid, one uuid, since timestamptz, until timestamptz, undelivered boolean)
RETURNS integer LANGUAGE plpgsql {DEFINER} AS $$
DECLARE w public.notifications_webhook := sec.own_webhook(hook); replays integer; BEGIN
    IF w.id IS NULL OR w.state <> 'on' THEN
        RAISE EXCEPTION 'not a webhook of yours that is on' USING ERRCODE = '42501';
    END IF;
    IF one IS NULL AND (since IS NULL OR until IS NULL OR until - since > interval '31 days') THEN
        RAISE EXCEPTION 'a time of at most 31 days' USING ERRCODE = '23514';
    END IF;
    UPDATE public.notifications_webhookdelivery d SET state = 'pending', due_at = clock_timestamp(),
           queued_at = clock_timestamp(), tries = 0, settled_at = NULL, status = NULL, error = '', replayed = d.replayed + 1
      FROM (SELECT x.id FROM public.notifications_webhookdelivery x
             WHERE x.webhook_id = hook AND x.due_at IS NULL AND CASE WHEN one IS NOT NULL THEN x.id = one
                   ELSE x.made_at >= since AND x.made_at <= until AND (x.state <> 'delivered' OR NOT undelivered) END
             ORDER BY x.made_at LIMIT 10000 FOR UPDATE) due
     WHERE d.id = due.id;
    GET DIAGNOSTICS replays = ROW_COUNT;
    IF replays > 0 THEN
        PERFORM sec.webhook_said(hook, 'webhook.replayed',
                                 jsonb_build_object('count', replays, 'since', since, 'until', until));
    END IF;
    RETURN replays;
END $$;
REVOKE ALL ON FUNCTION sec.webhook_said(uuid, text, jsonb), sec.own_webhook(uuid),
    sec.put_webhook(uuid, text, text, text, text[], uuid, bytea), sec.rotate_webhook(uuid, uuid, bytea),
    sec.end_old_webhook_key(uuid), sec.switch_webhook(uuid, text), sec.test_webhook(uuid),
    sec.replay_webhook(uuid, uuid, timestamptz, timestamptz, boolean) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sec.put_webhook(uuid, text, text, text, text[], uuid, bytea),
    sec.rotate_webhook(uuid, uuid, bytea), sec.end_old_webhook_key(uuid), sec.switch_webhook(uuid, text),
    sec.test_webhook(uuid), sec.replay_webhook(uuid, uuid, timestamptz, timestamptz, boolean) TO portal_app;
"""

SENDING = f"""
-- The subscriptions to which something may go now: on, not at rest, of an organisation that is neither cut off nor limited
-- to its own tasks, with something due that nobody holds.
CREATE FUNCTION sec.webhooks_due() RETURNS TABLE (id uuid, organisation_id uuid, failures integer, due_at timestamptz)
LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT w.id, w.organisation_id, w.failures, d.due_at
      FROM public.notifications_webhook w
      JOIN sec.org_state s ON s.org_id = w.organisation_id AND s.isolated_at IS NULL AND s.own_tasks_at IS NULL
     CROSS JOIN LATERAL (SELECT x.due_at FROM public.notifications_webhookdelivery x
                          WHERE x.webhook_id = w.id AND x.due_at <= now()
                            AND (x.claimed_until IS NULL OR x.claimed_until <= now()) ORDER BY x.due_at LIMIT 1) d
     WHERE w.state = 'on' AND (w.rests_until IS NULL OR w.rests_until <= now())
$$;
CREATE FUNCTION sec.webhooks_waiting() RETURNS double precision LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT extract(epoch FROM now() - min(d.due_at))::double precision FROM sec.webhooks_due() d
$$;
-- Take up to `most` rows for `lease`: first a fair share for each organisation and in it for each subscription, then what
-- is left over. One that has failed gets a single row, as a probe. Answers all that the sender needs but keys: the event
-- as its organisation's own stream has it, the slug of who did it, the name only of one's own people.
CREATE FUNCTION sec.claim_webhooks(worker text, most integer, lease interval)
RETURNS TABLE (id uuid, webhook_id uuid, attempts integer, tries integer, seq bigint, at timestamptz, kind text,
               incident_reference text, actor_organisation_id uuid, actor_kind text, actor_person_id uuid, data text,
               actor_slug text, actor_name text, label text)
LANGUAGE plpgsql {DEFINER} AS $$
DECLARE taken uuid[] := '{{}}'; more uuid[]; fair boolean; BEGIN
    IF coalesce(worker, '') = '' OR most NOT BETWEEN 1 AND 1000 OR lease > interval '10 minutes' THEN
        RAISE EXCEPTION 'not a claim' USING ERRCODE = '22023';
    END IF;
    FOREACH fair IN ARRAY ARRAY[true, false] LOOP
        WITH hooks AS MATERIALIZED (
            SELECT h.id, h.failures, count(*) OVER (PARTITION BY h.organisation_id) AS beside,
                   (SELECT count(DISTINCT o.organisation_id) FROM sec.webhooks_due() o) AS organisations
              FROM sec.webhooks_due() h
        ), shares AS MATERIALIZED (
            SELECT h.id, CASE WHEN h.failures > 0 THEN 1 WHEN fair THEN ceil(most::numeric / (h.beside * h.organisations))
                              ELSE most END AS share
              FROM hooks h WHERE fair OR h.failures = 0
        ), due AS MATERIALIZED (
            SELECT x.id FROM shares h CROSS JOIN LATERAL (
                SELECT d.id FROM public.notifications_webhookdelivery d
                 WHERE d.webhook_id = h.id AND d.due_at <= now() AND (d.claimed_until IS NULL OR d.claimed_until <= now())
                 ORDER BY d.due_at LIMIT h.share FOR UPDATE SKIP LOCKED) x
             LIMIT most - cardinality(taken)
        ), held AS (
            UPDATE public.notifications_webhookdelivery d SET state = 'claimed', attempts = d.attempts + 1,
                   claimed_by = worker, claimed_until = now() + lease
              FROM due WHERE d.id = due.id RETURNING d.id
        )
        SELECT array_agg(held.id) INTO more FROM held;
        taken := taken || coalesce(more, '{{}}');
        EXIT WHEN cardinality(taken) >= most OR more IS NULL;
    END LOOP;
    RETURN QUERY
    SELECT d.id, d.webhook_id, d.attempts, d.tries, d.seq, coalesce(e.at, d.made_at), d.kind, e.incident_reference,
           e.actor_organisation_id, e.actor_kind, p.id, e.data::text, o.slug, p.name, w.label
      FROM public.notifications_webhookdelivery d
      JOIN public.notifications_webhook w ON w.id = d.webhook_id
      LEFT JOIN public.ledger_event e ON e.id = d.event_id AND d.organisation_id = ANY (e.audience)
      LEFT JOIN public.partners_organisation o ON o.id = e.actor_organisation_id
      LEFT JOIN public.partners_person p ON p.id = e.actor_person_id AND p.organisation_id = d.organisation_id
            AND e.actor_organisation_id = d.organisation_id
     WHERE d.id = ANY (taken)
     ORDER BY d.made_at, d.seq;
END $$;
-- Addresses and sealed keys, the newest first, of subscriptions of which this worker holds something.
CREATE FUNCTION sec.webhook_keys(worker text, hooks uuid[])
RETURNS TABLE (webhook_id uuid, organisation_id uuid, address text, secret_id uuid, sealed bytea)
LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT w.id, w.organisation_id, w.address, s.id, s.sealed
      FROM public.notifications_webhook w
      JOIN sec.org_state t ON t.org_id = w.organisation_id AND t.isolated_at IS NULL AND t.own_tasks_at IS NULL
      JOIN public.notifications_webhooksecret s ON s.webhook_id = w.id AND (s.ends_at IS NULL OR s.ends_at > clock_timestamp())
     WHERE w.id = ANY (hooks) AND w.state = 'on' AND worker <> ''
       AND EXISTS (SELECT 1 FROM public.notifications_webhookdelivery d
                    WHERE d.webhook_id = w.id AND d.due_at IS NOT NULL AND d.claimed_by = worker
                      AND d.claimed_until > clock_timestamp())
     ORDER BY w.id, s.made_at DESC
$$;
-- Which of these may still be sent to. Asked all the time while a batch is on its way.
CREATE FUNCTION sec.webhooks_open(hooks uuid[]) RETURNS SETOF uuid LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT w.id FROM public.notifications_webhook w
      JOIN sec.org_state s ON s.org_id = w.organisation_id AND s.isolated_at IS NULL AND s.own_tasks_at IS NULL
     WHERE w.id = ANY (hooks) AND w.state = 'on'
$$;
-- How attempts ended: delivered, failed (again after `waits` seconds), dead, gone (410), or kept (not tried). Rows that
-- another worker has taken over are left alone. `down`: the failure is the host's and not the message's; `rests`: for how
-- many seconds the host asks to be left in peace. Answers how many were settled.
CREATE FUNCTION sec.settle_webhooks(worker text, ids uuid[], nths integer[], outcomes text[], statuses integer[],
    errors text[], waits double precision[], downs boolean[], rests double precision[])
RETURNS integer LANGUAGE plpgsql {DEFINER} AS $$
DECLARE settled integer := 0; at timestamptz := clock_timestamp(); h record; w public.notifications_webhook; BEGIN
    IF coalesce(worker, '') = '' THEN
        RAISE EXCEPTION 'no claim on these webhooks' USING ERRCODE = '42501';
    END IF;
    FOR h IN
        WITH done AS (
            UPDATE public.notifications_webhookdelivery d
               SET state = f.state, due_at = CASE WHEN f.state = 'pending' THEN at + make_interval(secs => r.wait) END,
                   claimed_by = '', claimed_until = NULL,
                   tries = d.tries + CASE r.outcome WHEN 'kept' THEN 0 ELSE 1 END,
                   tried_at = CASE r.outcome WHEN 'kept' THEN d.tried_at ELSE at END,
                   status = CASE r.outcome WHEN 'kept' THEN d.status ELSE nullif(r.status, 0) END,
                   error = CASE r.outcome WHEN 'kept' THEN d.error ELSE r.error END,
                   settled_at = CASE WHEN f.state <> 'pending' THEN at END
              FROM unnest(ids, nths, outcomes, statuses, errors, waits, downs, rests)
                   AS r(id, nth, outcome, status, error, wait, down, rest)
              JOIN public.notifications_webhookdelivery x ON x.id = r.id
             CROSS JOIN LATERAL (SELECT CASE WHEN r.outcome = 'delivered' THEN 'delivered'
                   WHEN r.outcome IN ('dead', 'gone') THEN 'dead' WHEN r.outcome = 'failed'
                        AND x.queued_at < at - interval '24 hours' AND x.tries >= 10 THEN 'dead' ELSE 'pending' END AS state) f
             WHERE d.id = r.id AND d.state = 'claimed' AND d.claimed_by = worker AND d.attempts = r.nth
            RETURNING d.webhook_id, r.outcome, r.down, r.rest
        )
        SELECT webhook_id, count(*) AS n, bool_or(outcome = 'delivered') AS worked, bool_or(down) AS down,
               bool_or(outcome = 'gone') AS gone, max(rest) AS rest
          FROM done GROUP BY webhook_id ORDER BY webhook_id
    LOOP
        settled := settled + h.n;
        IF h.gone THEN
            PERFORM sec.webhook_gone(h.webhook_id);
        ELSIF h.worked AND h.rest = 0 THEN
            UPDATE public.notifications_webhook x SET failures = 0, failing_since = NULL, rests_until = NULL
             WHERE x.id = h.webhook_id AND x.failures > 0 RETURNING * INTO w;
            IF w.id IS NOT NULL THEN
                UPDATE public.partners_workitem i SET state = 'cleared', settled_at = at
                 WHERE i.organisation_id = w.organisation_id AND i.key = 'webhook:' || w.id AND i.state = 'open';
            END IF;
        ELSIF h.down THEN
            PERFORM sec.webhook_failed(h.webhook_id, h.rest);
        END IF;
    END LOOP;
    RETURN settled;
END $$;
-- Its host failed: it rests, longer each time. One that has failed for a day and often gives up what is older than that,
-- and its people are told.
CREATE FUNCTION sec.webhook_failed(hook uuid, rest double precision) RETURNS void LANGUAGE plpgsql {DEFINER} AS $$
DECLARE w public.notifications_webhook; at timestamptz := clock_timestamp(); BEGIN
    UPDATE public.notifications_webhook x SET failures = x.failures + 1, failing_since = coalesce(x.failing_since, at),
           rests_until = at + make_interval(secs => greatest(rest, (0.5 + random())
               * (ARRAY[5, 15, 45, 120, 300, 600, 900])[least(x.failures + 1, 7)]))
     WHERE x.id = hook RETURNING * INTO w;
    IF w.failing_since < at - interval '24 hours' AND w.failures >= 20 THEN
        UPDATE public.notifications_webhookdelivery d SET state = 'dead', due_at = NULL, settled_at = at,
               error = 'Its server has failed for a day.'
         WHERE d.webhook_id = hook AND d.state = 'pending' AND d.due_at IS NOT NULL
           AND d.queued_at < at - interval '24 hours';
        IF FOUND THEN
            PERFORM sec.raise_work(w.organisation_id, 'webhook_failing', 'webhook:' || hook,
                'The webhook “' || w.label || '” has failed for a day',
                'What is older than a day was given up. When its server works again, send it once more from the log.',
                '/partners/webhooks/' || hook || '/', hook, NULL);
        END IF;
    END IF;
END $$;
CREATE FUNCTION sec.webhook_gone(hook uuid) RETURNS void LANGUAGE plpgsql {DEFINER} AS $$
DECLARE w public.notifications_webhook; BEGIN
    UPDATE public.notifications_webhook x SET state = 'off', because = 'Its server says that it is gone (410).'
     WHERE x.id = hook AND x.state = 'on' RETURNING * INTO w;
    IF w.id IS NULL THEN
        RETURN;
    END IF;
    UPDATE public.notifications_webhookdelivery d SET state = 'dead', due_at = NULL, settled_at = clock_timestamp(),
           claimed_by = '', claimed_until = NULL, error = 'The webhook was switched off: its server says that it is gone.'
     WHERE d.webhook_id = hook AND d.due_at IS NOT NULL;
    PERFORM sec.webhook_said(hook, 'webhook.gone', '{{}}');
    PERFORM sec.raise_work(w.organisation_id, 'webhook_gone', 'webhook:' || hook,
        'The webhook “' || w.label || '” was switched off', 'Its server answered 410: it is gone for good. Nothing is sent to'
        || ' it any more. Give it a new address and switch it on, or end it.',
        '/partners/webhooks/' || hook || '/', hook, NULL);
END $$;
-- The log is kept for ninety days.
CREATE FUNCTION sec.sweep_webhooks() RETURNS bigint LANGUAGE sql {DEFINER} AS $$
    WITH gone AS (DELETE FROM public.notifications_webhookdelivery d
                   WHERE d.due_at IS NULL AND d.settled_at < now() - interval '90 days' RETURNING 1),
         keys AS (DELETE FROM public.notifications_webhooksecret s WHERE s.ends_at < now() RETURNING 1)
    SELECT (SELECT count(*) FROM gone) + (SELECT count(*) FROM keys)
$$;
REVOKE ALL ON FUNCTION sec.webhooks_due(), sec.webhooks_waiting(), sec.claim_webhooks(text, integer, interval),
    sec.webhook_keys(text, uuid[]), sec.webhooks_open(uuid[]), sec.webhook_failed(uuid, double precision),
    sec.settle_webhooks(text, uuid[], integer[], text[], integer[], text[], double precision[], boolean[], double precision[]),
    sec.webhook_gone(uuid), sec.sweep_webhooks() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sec.webhooks_waiting(), sec.claim_webhooks(text, integer, interval),
    sec.webhook_keys(text, uuid[]), sec.webhooks_open(uuid[]),
    sec.settle_webhooks(text, uuid[], integer[], text[], integer[], text[], double precision[], boolean[], double precision[]),
    sec.sweep_webhooks() TO portal_worker;
"""
BACKWARD = """
DROP TRIGGER webhooks_wanted ON ledger_streamentry;
DROP FUNCTION sec.sweep_webhooks(), sec.webhook_gone(uuid), sec.webhook_failed(uuid, double precision),
    sec.settle_webhooks(text, uuid[], integer[], text[], integer[], text[], double precision[], boolean[], double precision[]),
    sec.webhooks_open(uuid[]), sec.webhook_keys(text, uuid[]), sec.claim_webhooks(text, integer, interval),
    sec.webhooks_waiting(), sec.webhooks_due(),
    sec.replay_webhook(uuid, uuid, timestamptz, timestamptz, boolean), sec.test_webhook(uuid),
    sec.switch_webhook(uuid, text), sec.end_old_webhook_key(uuid), sec.rotate_webhook(uuid, uuid, bytea),
    sec.put_webhook(uuid, text, text, text, text[], uuid, bytea), sec.own_webhook(uuid),
    sec.webhook_said(uuid, text, jsonb), sec.webhooks_wanted();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("notifications", "0011_mail_distrust"),
        ("partners", "0015_upkeep"),
        ("incidents", "0006_isolation"),
    ]
    operations = [
        migrations.CreateModel(
            name="Webhook",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("label", models.TextField()),
                ("address", models.TextField()),
                ("host", models.TextField()),
                ("kinds", django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), size=None)),
                (
                    "state",
                    models.TextField(
                        choices=[("on", "On"), ("off", "Off"), ("ended", "Ended")], db_default="on", default="on"
                    ),
                ),
                ("because", models.TextField(blank=True, db_default="", default="")),
                ("made_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("failures", models.PositiveIntegerField(db_default=0, default=0)),
                ("failing_since", models.DateTimeField(null=True)),
                ("rests_until", models.DateTimeField(null=True)),
                (
                    "made_by",
                    models.ForeignKey(
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
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="partners.organisation"
                    ),
                ),
            ],
            options={
                "ordering": ["made_at", "id"],
            },
        ),
        migrations.CreateModel(
            name="WebhookDelivery",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("seq", models.BigIntegerField(null=True)),
                ("event_id", models.UUIDField(null=True)),
                ("kind", models.TextField()),
                (
                    "state",
                    models.TextField(
                        choices=[
                            ("pending", "Waiting"),
                            ("claimed", "Being sent"),
                            ("delivered", "Delivered"),
                            ("dead", "Given up"),
                            ("superseded", "No longer needed"),
                        ],
                        db_default="pending",
                        default="pending",
                    ),
                ),
                ("made_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("queued_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("due_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), null=True)),
                ("attempts", models.PositiveIntegerField(db_default=0, default=0)),
                ("tries", models.PositiveIntegerField(db_default=0, default=0)),
                ("claimed_by", models.TextField(blank=True, db_default="", default="")),
                ("claimed_until", models.DateTimeField(null=True)),
                ("tried_at", models.DateTimeField(null=True)),
                ("settled_at", models.DateTimeField(null=True)),
                ("status", models.PositiveSmallIntegerField(null=True)),
                ("error", models.TextField(blank=True, db_default="", default="")),
                ("replayed", models.PositiveIntegerField(db_default=0, default=0)),
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
                    "webhook",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="deliveries",
                        to="notifications.webhook",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "webhook deliveries",
            },
        ),
        migrations.CreateModel(
            name="WebhookSecret",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("sealed", models.BinaryField()),
                ("made_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("ends_at", models.DateTimeField(null=True)),
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
                    "webhook",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="secrets", to="notifications.webhook"
                    ),
                ),
            ],
        ),
        migrations.AddConstraint(
            model_name="webhook",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["on", "off", "ended"])), name="webhook_state"
            ),
        ),
        migrations.AddIndex(
            model_name="webhookdelivery",
            index=models.Index(fields=["webhook", "made_at", "id"], name="webhook_log"),
        ),
        migrations.AddIndex(
            model_name="webhookdelivery",
            index=models.Index(
                condition=models.Q(("due_at__isnull", False)), fields=["webhook", "due_at"], name="webhook_due"
            ),
        ),
        migrations.AddConstraint(
            model_name="webhookdelivery",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["pending", "claimed", "delivered", "dead", "superseded"])),
                name="webhook_delivery_state",
            ),
        ),
        migrations.RunSQL(QUEUE + KEEPING + SENDING, BACKWARD),
        protect("notifications_webhook", Allow(APP, "select", OWN, columns=HOOK)),
        protect("notifications_webhooksecret", Allow(APP, "select", OWN, columns=KEY)),
        protect("notifications_webhookdelivery", Allow(APP, "select", OWN, columns=LOG)),
    ]
