"""The seal: numbers, canonical text and leaf hash are given at COMMIT, in the order in which readers can see events.

A plain sequence would lose events: two open transactions can commit in the other order, and a reader that asks for
"more than the last" never sees the earlier number. The lock on the head is held for the commit alone.
"""

from django.db import migrations

from portal.tenancy.policies import ME, MINE, Allow, protect

COLUMNS = (
    "id", "kind", "at", "actor_organisation_id", "actor_kind", "actor_person_id", "actor_key_id", "incident_id",
    "incident_reference", "subject_id", "audience", "data",
)  # fmt: skip
READABLE = (*COLUMNS, "pos", "text", "leaf", "nonce")

FORWARD = """
ALTER TABLE ledger_event ADD COLUMN ordinal bigint GENERATED ALWAYS AS IDENTITY;
ALTER TABLE ledger_event ALTER COLUMN data SET DEFAULT '{}';
INSERT INTO ledger_head (id, pos, epoch) VALUES (1, 0, gen_random_uuid());
-- The row of a head is updated at every commit: keep room on its page so that the update stays cheap.
ALTER TABLE ledger_head SET (fillfactor = 10);
ALTER TABLE ledger_organisationhead SET (fillfactor = 50);

CREATE FUNCTION sec.seal() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
DECLARE first bigint; last bigint; sealed bigint; BEGIN
    SELECT e.pos INTO sealed FROM public.ledger_event e WHERE e.id = NEW.id;
    IF sealed IS NOT NULL THEN
        RETURN NULL;  -- an earlier firing of this transaction sealed them all
    END IF;
    -- A row that only the owner may lock: anybody could hold an advisory lock, and stop every commit with it.
    SELECT h.pos INTO first FROM public.ledger_head h WHERE h.id = 1 FOR UPDATE;

    UPDATE public.ledger_event e
       SET pos = fresh.pos, nonce = fresh.nonce, text = fresh.text,
           leaf = sha256('\\x00'::bytea || convert_to(fresh.text, 'UTF8'))
      FROM (SELECT n.id, n.pos, n.nonce, jsonb_build_object(
                'pos', n.pos, 'id', n.id, 'kind', n.kind, 'at', n.at, 'actor_organisation', n.actor_organisation_id,
                'actor_kind', n.actor_kind, 'actor_person', n.actor_person_id, 'actor_key', n.actor_key_id,
                'incident', n.incident_id, 'reference', n.incident_reference, 'subject', n.subject_id,
                'audience', n.audience, 'data', n.data, 'nonce', encode(n.nonce, 'hex'))::text AS text
              FROM (SELECT u.*, first + row_number() OVER (ORDER BY u.ordinal) AS pos,
                           uuid_send(gen_random_uuid()) AS nonce
                      FROM (SELECT e2.id, e2.kind, e2.at, e2.actor_organisation_id, e2.actor_kind, e2.actor_person_id,
                                   e2.actor_key_id, e2.incident_id, e2.incident_reference, e2.subject_id,
                                   e2.audience, e2.data, e2.ordinal
                              FROM public.ledger_event e2 WHERE e2.pos IS NULL) u) n) fresh
     WHERE e.id = fresh.id;
    SELECT max(e.pos) INTO last FROM public.ledger_event e WHERE e.pos > first;

    INSERT INTO public.ledger_streamentry (organisation_id, seq, event_id)
    SELECT a.org, coalesce(h.seq, 0) + row_number() OVER (PARTITION BY a.org ORDER BY e.pos), e.id
      FROM public.ledger_event e
      CROSS JOIN LATERAL (SELECT DISTINCT unnest(e.audience) AS org) a
      LEFT JOIN public.ledger_organisationhead h ON h.organisation_id = a.org
     WHERE e.pos > first;
    INSERT INTO public.ledger_organisationhead (organisation_id, seq)
    SELECT a.org, count(*) FROM public.ledger_event e CROSS JOIN LATERAL (SELECT DISTINCT unnest(e.audience) AS org) a
     WHERE e.pos > first GROUP BY a.org
    ON CONFLICT (organisation_id) DO UPDATE SET seq = ledger_organisationhead.seq + excluded.seq;
    UPDATE public.ledger_head SET pos = last WHERE id = 1;
    PERFORM pg_notify('bulkhead', last::text);
    RETURN NULL;
END $$;
REVOKE ALL ON FUNCTION sec.seal() FROM PUBLIC;
CREATE CONSTRAINT TRIGGER seal AFTER INSERT ON ledger_event DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION sec.seal();

-- Nobody rewrites the past: not the serving roles, which have no grant, and not the owner by mistake either.
CREATE FUNCTION sec.append_only() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND TG_TABLE_NAME = 'ledger_event' AND OLD.pos IS NULL AND NEW.pos IS NOT NULL
       AND (OLD.id, OLD.kind, OLD.at, OLD.audience, OLD.data, OLD.actor_kind)
           IS NOT DISTINCT FROM (NEW.id, NEW.kind, NEW.at, NEW.audience, NEW.data, NEW.actor_kind)
       AND OLD.actor_organisation_id IS NOT DISTINCT FROM NEW.actor_organisation_id
       AND OLD.actor_person_id IS NOT DISTINCT FROM NEW.actor_person_id
       AND OLD.actor_key_id IS NOT DISTINCT FROM NEW.actor_key_id
       AND OLD.incident_id IS NOT DISTINCT FROM NEW.incident_id
       AND OLD.subject_id IS NOT DISTINCT FROM NEW.subject_id THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'the ledger is append-only' USING ERRCODE = '42501';
END $$;
REVOKE ALL ON FUNCTION sec.append_only() FROM PUBLIC;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON ledger_event FOR EACH ROW EXECUTE FUNCTION sec.append_only();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON ledger_streamentry
    FOR EACH ROW EXECUTE FUNCTION sec.append_only();
CREATE TRIGGER no_truncate BEFORE TRUNCATE ON ledger_event FOR EACH STATEMENT EXECUTE FUNCTION sec.append_only();
CREATE TRIGGER no_truncate BEFORE TRUNCATE ON ledger_streamentry FOR EACH STATEMENT EXECUTE FUNCTION sec.append_only();

CREATE FUNCTION sec.stream_head() RETURNS TABLE (epoch uuid, head bigint) LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
    SELECT h.epoch, coalesce((SELECT o.seq FROM public.ledger_organisationhead o WHERE o.organisation_id = m.me), 0)
      FROM public.ledger_head h, (SELECT sec.me() AS me) m WHERE h.id = 1
$$;

-- One read a wake for every listening organisation of a live process. A ticket that is no longer valid comes back with
-- `alive` false and no rows: that is how a revoked socket learns of it. A ticket that reaches no further than own tasks
-- has no stream: its sockets end as if the organisation were isolated.
CREATE FUNCTION sec.tail(tickets text[], afters bigint[], most integer)
RETURNS TABLE (nth integer, alive boolean, isolated boolean, epoch uuid, head bigint, seq bigint, id uuid, at timestamptz,
               kind text, incident_reference text, actor_organisation_id uuid, actor_kind text, actor_person_id uuid,
               data jsonb)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT t.n::integer, t.alive, coalesce(t.isolated, false),
           h.epoch, coalesce(o.seq, 0), s.seq, e.id, e.at, e.kind, e.incident_reference, e.actor_organisation_id,
           e.actor_kind, CASE WHEN e.actor_organisation_id = t.org_id THEN e.actor_person_id END, e.data
      FROM (SELECT a.n, a.after, g.org_id, coalesce(st.isolated_at, st.own_tasks_at) IS NOT NULL AS isolated,
                   -- Cutting off revokes the sessions' tickets: they still say that it is isolation they ended by.
                   g.revoked_at IS NULL AND g.expires_at > now() AND g.reach = 'all' AND g.org_id IS NOT NULL
                   AND st.isolated_at IS NULL AND st.own_tasks_at IS NULL
                   AND NOT (g.born = 'provider' AND st.provider_distrusted_at IS NOT NULL) IS TRUE AS alive
              FROM unnest(tickets, afters) WITH ORDINALITY AS a(ticket, after, n)
              LEFT JOIN sec.grant_token g ON g.token_hash = sha256(convert_to(a.ticket, 'UTF8'))
              LEFT JOIN sec.org_state st ON st.org_id = g.org_id) t
      CROSS JOIN public.ledger_head h
      LEFT JOIN public.ledger_organisationhead o ON o.organisation_id = t.org_id AND t.alive
      LEFT JOIN LATERAL (SELECT x.seq, x.event_id FROM public.ledger_streamentry x
                          WHERE x.organisation_id = t.org_id AND x.seq > t.after AND t.alive
                          ORDER BY x.seq LIMIT most) s ON true
      LEFT JOIN public.ledger_event e ON e.id = s.event_id
     ORDER BY t.n, s.seq
$$;
REVOKE ALL ON FUNCTION sec.stream_head(), sec.tail(text[], bigint[], integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sec.stream_head(), sec.tail(text[], bigint[], integer) TO portal_app;
"""

BACKWARD = """
DROP FUNCTION sec.tail(text[], bigint[], integer), sec.stream_head();
DROP TRIGGER no_truncate ON ledger_streamentry; DROP TRIGGER no_truncate ON ledger_event;
DROP TRIGGER append_only ON ledger_streamentry; DROP TRIGGER append_only ON ledger_event;
DROP FUNCTION sec.append_only();
DROP TRIGGER seal ON ledger_event;
DROP FUNCTION sec.seal();
ALTER TABLE ledger_event DROP COLUMN ordinal;
DELETE FROM ledger_head;
"""

# Whoever is limited to own tasks records what it does, and reads none of it.
TOLD = f"{ME} = ANY (audience)"
OWN_ACT = f"actor_organisation_id = {MINE} AND pos IS NULL"


class Migration(migrations.Migration):
    dependencies = [("ledger", "0001_initial"), ("tenancy", "0001_tickets")]
    operations = [
        migrations.RunSQL(FORWARD, BACKWARD),
        protect(
            "ledger_event",
            Allow("portal_app", "select", TOLD, columns=READABLE),
            Allow("portal_app", "insert", OWN_ACT, columns=COLUMNS),
            Allow("portal_worker", "select", TOLD, columns=READABLE),
            Allow("portal_worker", "insert", OWN_ACT, columns=COLUMNS),
        ),
        protect(
            "ledger_streamentry",
            Allow("portal_app", "select", f"organisation_id = {ME}"),
            Allow("portal_worker", "select", f"organisation_id = {ME}"),
        ),
        protect("ledger_head"),
        protect("ledger_organisationhead", Allow("portal_app", "select", f"organisation_id = {ME}")),
    ]
