"""Tickets: how PostgreSQL knows which organisation is asking.

`sec.me()` raises when there is no valid ticket: a tool for incidents that silently shows none would be a hazard.
The tables in `sec` are granted to nobody; the functions are the only way in.
"""

from django.db import migrations

FORWARD = """
CREATE SCHEMA sec;
GRANT USAGE ON SCHEMA sec TO portal_app, portal_auth, portal_worker;
ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;

-- The four steps of cutting an organisation off, each for itself; null means that the step is not taken.
CREATE TABLE sec.org_state (
    org_id uuid PRIMARY KEY,
    provider_distrusted_at timestamptz,
    mail_distrusted_at timestamptz,
    own_tasks_at timestamptz,
    isolated_at timestamptz
);
CREATE TABLE sec.grant_token (
    token_hash bytea PRIMARY KEY,
    org_id uuid NOT NULL REFERENCES sec.org_state,
    kind text NOT NULL CHECK (kind IN ('session', 'key', 'socket', 'job')),
    -- How far it reaches. Only 'all' is somebody to `sec.me()`; the others are let in where a policy names them.
    reach text NOT NULL DEFAULT 'all' CHECK (reach IN ('all', 'own_tasks', 'guest', 'display')),
    -- How its session came about; '' for keys, jobs and tickets of tests.
    born text NOT NULL DEFAULT '' CHECK (born IN ('', 'passkey', 'password', 'provider', 'recovery', 'link',
        'demonstration', 'break_glass', 'emergency', 'display')),
    person_id uuid,
    key_id uuid,
    session_id uuid,
    incident_id uuid,
    stepped_up_at timestamptz,
    authenticator_id uuid,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    revoked_at timestamptz
);
CREATE INDEX grant_token_org ON sec.grant_token (org_id);
CREATE INDEX grant_token_session ON sec.grant_token (session_id) WHERE session_id IS NOT NULL;
CREATE INDEX grant_token_expiry ON sec.grant_token (expires_at);
CREATE TABLE sec.heartbeat (
    process text PRIMARY KEY,
    beat_at timestamptz NOT NULL
);

CREATE FUNCTION sec.hash(ticket text) RETURNS bytea LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp AS $$ SELECT sha256(convert_to(ticket, 'UTF8')) $$;

-- What is known of the ticket that is set: no row when it is unknown, expired, revoked, of an isolated organisation, or
-- born of a provider that is distrusted. A job's ticket outlives isolation: it is how an isolated organisation is told.
-- Inside REPEATABLE READ an isolation would not be seen, so there nobody is anybody.
CREATE FUNCTION sec.ticket() RETURNS TABLE (org_id uuid, kind text, reach text, person_id uuid, session_id uuid,
    incident_id uuid, stepped_up_at timestamptz, authenticator_id uuid) LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
    SELECT g.org_id, g.kind, CASE WHEN g.kind <> 'job' AND g.reach = 'all' AND s.own_tasks_at IS NOT NULL
                                  THEN 'own_tasks' ELSE g.reach END,
           g.person_id, g.session_id, g.incident_id, g.stepped_up_at, g.authenticator_id
      FROM sec.grant_token g JOIN sec.org_state s USING (org_id)
     WHERE g.token_hash = sha256(convert_to(current_setting('app.ticket', true), 'UTF8'))
       AND g.expires_at > now() AND g.revoked_at IS NULL
       AND (g.kind = 'job' OR s.isolated_at IS NULL AND (g.born <> 'provider' OR s.provider_distrusted_at IS NULL))
       AND current_setting('transaction_isolation') = 'read committed'
$$;

-- The organisation that asks. A ticket of narrow reach is valid and yet nobody: NULL fits no policy and no function.
-- Written out instead of asking sec.ticket(), because every statement of the product runs it.
CREATE FUNCTION sec.me() RETURNS uuid LANGUAGE plpgsql STABLE SECURITY DEFINER PARALLEL SAFE
SET search_path = pg_catalog, pg_temp AS $$
DECLARE o uuid; narrow boolean; BEGIN
    SELECT g.org_id, g.kind <> 'job' AND (g.reach <> 'all' OR s.own_tasks_at IS NOT NULL) INTO o, narrow
      FROM sec.grant_token g JOIN sec.org_state s USING (org_id)
     WHERE g.token_hash = sha256(convert_to(current_setting('app.ticket', true), 'UTF8'))
       AND g.expires_at > now() AND g.revoked_at IS NULL
       AND (g.kind = 'job' OR s.isolated_at IS NULL AND (g.born <> 'provider' OR s.provider_distrusted_at IS NULL))
       AND current_setting('transaction_isolation') = 'read committed';
    IF o IS NULL THEN
        RAISE EXCEPTION 'no valid organisation context' USING ERRCODE = '42501';
    END IF;
    RETURN CASE WHEN NOT narrow THEN o END;
END $$;

-- The same, and also for whoever is limited to the organisation's own tasks. Named by the few policies that such a
-- visitor needs.
CREATE FUNCTION sec.mine() RETURNS uuid LANGUAGE plpgsql STABLE SECURITY DEFINER PARALLEL SAFE
SET search_path = pg_catalog, pg_temp AS $$
DECLARE o uuid; wide boolean; BEGIN
    SELECT g.org_id, g.kind = 'job' OR g.reach IN ('all', 'own_tasks') INTO o, wide
      FROM sec.grant_token g JOIN sec.org_state s USING (org_id)
     WHERE g.token_hash = sha256(convert_to(current_setting('app.ticket', true), 'UTF8'))
       AND g.expires_at > now() AND g.revoked_at IS NULL
       AND (g.kind = 'job' OR s.isolated_at IS NULL AND (g.born <> 'provider' OR s.provider_distrusted_at IS NULL))
       AND current_setting('transaction_isolation') = 'read committed';
    IF o IS NULL THEN
        RAISE EXCEPTION 'no valid organisation context' USING ERRCODE = '42501';
    END IF;
    RETURN CASE WHEN wide THEN o END;
END $$;

CREATE FUNCTION sec.who() RETURNS uuid LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$ SELECT t.person_id FROM sec.ticket() t $$;

-- Whether the person behind the ticket has used a passkey within the last five minutes.
CREATE FUNCTION sec.fresh() RETURNS boolean LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
    SELECT coalesce((SELECT t.kind = 'session' AND t.authenticator_id IS NOT NULL
                            AND t.stepped_up_at > clock_timestamp() - interval '5 minutes' FROM sec.ticket() t), false)
$$;

CREATE FUNCTION sec.mint(ticket text, org uuid, ticket_kind text, person uuid, key uuid, lifetime interval,
    how_far text DEFAULT 'all', how_born text DEFAULT '', session uuid DEFAULT NULL, incident uuid DEFAULT NULL)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF lifetime > interval '366 days' OR lifetime <= interval '0' OR ticket_kind = 'job' THEN
        RAISE EXCEPTION 'not a ticket that the door may mint' USING ERRCODE = '22023';
    END IF;
    INSERT INTO sec.grant_token (token_hash, org_id, kind, person_id, key_id, expires_at, reach, born, session_id,
                                 incident_id)
    VALUES (sha256(convert_to(ticket, 'UTF8')), org, ticket_kind, person, key, now() + lifetime, how_far, how_born,
            session, incident)
    ON CONFLICT (token_hash) DO NOTHING;
END $$;

-- A passkey was used just now in this session.
CREATE FUNCTION sec.step_up(ticket text, authenticator uuid) RETURNS void LANGUAGE sql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
    UPDATE sec.grant_token SET stepped_up_at = clock_timestamp(), authenticator_id = authenticator
     WHERE token_hash = sha256(convert_to(ticket, 'UTF8')) AND kind = 'session' AND revoked_at IS NULL
$$;

-- A session past its limits goes on for a while with own tasks alone; what else was opened in it ends.
CREATE FUNCTION sec.narrow(ticket text, lifetime interval) RETURNS void LANGUAGE sql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
    UPDATE sec.grant_token SET reach = 'own_tasks', stepped_up_at = NULL, expires_at = now() + lifetime
     WHERE token_hash = sha256(convert_to(ticket, 'UTF8')) AND kind = 'session' AND reach IN ('all', 'own_tasks')
       AND revoked_at IS NULL;
    UPDATE sec.grant_token o SET revoked_at = now() FROM sec.grant_token g
     WHERE g.token_hash = sha256(convert_to(ticket, 'UTF8')) AND o.session_id = g.session_id
       AND o.token_hash <> g.token_hash AND o.revoked_at IS NULL;
    SELECT pg_notify('bulkhead', 'ended');
$$;

-- Every ticket of a session, those of its sockets too. The live processes look at all their sockets at once.
CREATE FUNCTION sec.revoke_session(session uuid) RETURNS void LANGUAGE sql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
    UPDATE sec.grant_token SET revoked_at = now() WHERE session_id = session AND revoked_at IS NULL;
    SELECT pg_notify('bulkhead', 'ended');
$$;

CREATE FUNCTION sec.revoke(ticket text) RETURNS void LANGUAGE sql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
    UPDATE sec.grant_token SET revoked_at = now()
     WHERE token_hash = sha256(convert_to(ticket, 'UTF8')) AND revoked_at IS NULL;
    SELECT pg_notify('bulkhead', 'ended');
$$;

CREATE FUNCTION sec.revoke_key(key uuid) RETURNS void LANGUAGE sql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
    UPDATE sec.grant_token SET revoked_at = now() WHERE key_id = key AND revoked_at IS NULL;
    SELECT pg_notify('bulkhead', 'ended');
$$;

-- A single-use socket ticket is spent by the process that opens the socket; a second use finds nothing.
CREATE FUNCTION sec.spend(ticket text, longer interval) RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
DECLARE n int; BEGIN
    -- No longer than the session or the key that it was made with.
    UPDATE sec.grant_token g SET kind = 'session', expires_at = least(now() + longer, (
            SELECT max(o.expires_at) FROM sec.grant_token o
             WHERE (o.session_id = g.session_id AND o.kind = 'session') OR (o.key_id = g.key_id AND o.kind = 'key')))
     WHERE g.token_hash = sha256(convert_to(ticket, 'UTF8')) AND g.kind = 'socket'
       AND g.expires_at > now() AND g.revoked_at IS NULL;
    GET DIAGNOSTICS n = ROW_COUNT;
    RETURN n = 1;
END $$;

-- Used by the `sec.enter_…` functions of the rooms, after they have checked a claim. Granted to nobody.
CREATE FUNCTION sec.enter(org uuid) RETURNS text LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
DECLARE ticket text := replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', ''); BEGIN
    INSERT INTO sec.grant_token (token_hash, org_id, kind, expires_at)
    VALUES (sha256(convert_to(ticket, 'UTF8')), org, 'job', now() + interval '5 minutes');
    PERFORM set_config('app.ticket', ticket, true);
    RETURN ticket;
END $$;

CREATE FUNCTION sec.sweep_tickets() RETURNS bigint LANGUAGE sql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
    WITH gone AS (DELETE FROM sec.grant_token WHERE expires_at < now() - interval '1 day' OR
                  (kind = 'job' AND expires_at < now()) RETURNING 1)
    SELECT count(*) FROM gone
$$;

CREATE FUNCTION sec.beat(name text) RETURNS void LANGUAGE sql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
    INSERT INTO sec.heartbeat VALUES (name, clock_timestamp())
    ON CONFLICT (process) DO UPDATE SET beat_at = clock_timestamp()
$$;
CREATE FUNCTION sec.beats() RETURNS TABLE (process text, seconds_ago double precision) LANGUAGE sql STABLE
SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT h.process, extract(epoch FROM clock_timestamp() - h.beat_at)::double precision FROM sec.heartbeat h
$$;

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA sec FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sec.me(), sec.mine(), sec.who() TO portal_app, portal_worker;
GRANT EXECUTE ON FUNCTION sec.ticket(), sec.fresh() TO portal_app;
GRANT EXECUTE ON FUNCTION sec.mint(text, uuid, text, uuid, uuid, interval, text, text, uuid, uuid), sec.revoke(text),
    sec.revoke_key(uuid), sec.revoke_session(uuid), sec.step_up(text, uuid), sec.narrow(text, interval),
    sec.spend(text, interval) TO portal_auth;
GRANT EXECUTE ON FUNCTION sec.sweep_tickets() TO portal_worker;
GRANT EXECUTE ON FUNCTION sec.beat(text), sec.beats() TO portal_app, portal_auth, portal_worker;
"""


class Migration(migrations.Migration):
    dependencies: list[tuple[str, str]] = []
    operations = [
        migrations.RunSQL(
            FORWARD, "DROP SCHEMA sec CASCADE; ALTER DEFAULT PRIVILEGES GRANT EXECUTE ON FUNCTIONS TO PUBLIC;"
        )
    ]
