"""Tickets: how PostgreSQL knows which organisation is asking.

`sec.me()` raises when there is no valid ticket: a tool for incidents that silently shows none would be a hazard.
The tables in `sec` are granted to nobody; the functions are the only way in.
"""

from django.db import migrations

FORWARD = """
CREATE SCHEMA sec;
GRANT USAGE ON SCHEMA sec TO portal_app, portal_auth, portal_worker;
ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;

CREATE TABLE sec.org_state (
    org_id uuid PRIMARY KEY,
    isolated_at timestamptz
);
CREATE TABLE sec.grant_token (
    token_hash bytea PRIMARY KEY,
    org_id uuid NOT NULL REFERENCES sec.org_state,
    kind text NOT NULL CHECK (kind IN ('session', 'key', 'socket', 'job')),
    person_id uuid,
    key_id uuid,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    revoked_at timestamptz
);
CREATE INDEX grant_token_org ON sec.grant_token (org_id);
CREATE INDEX grant_token_expiry ON sec.grant_token (expires_at);
CREATE TABLE sec.heartbeat (
    process text PRIMARY KEY,
    beat_at timestamptz NOT NULL
);

CREATE FUNCTION sec.hash(ticket text) RETURNS bytea LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp AS $$ SELECT sha256(convert_to(ticket, 'UTF8')) $$;

CREATE FUNCTION sec.me() RETURNS uuid LANGUAGE plpgsql STABLE SECURITY DEFINER PARALLEL SAFE
SET search_path = pg_catalog, pg_temp AS $$
DECLARE o uuid; BEGIN
    SELECT g.org_id INTO o FROM sec.grant_token g JOIN sec.org_state s USING (org_id)
     WHERE g.token_hash = sha256(convert_to(current_setting('app.ticket', true), 'UTF8'))
       AND g.expires_at > now() AND g.revoked_at IS NULL AND s.isolated_at IS NULL;
    IF o IS NULL THEN
        RAISE EXCEPTION 'no valid organisation context' USING ERRCODE = '42501';
    END IF;
    RETURN o;
END $$;

CREATE FUNCTION sec.who() RETURNS uuid LANGUAGE sql STABLE SECURITY DEFINER PARALLEL SAFE
SET search_path = pg_catalog, pg_temp AS $$
    SELECT g.person_id FROM sec.grant_token g
     WHERE g.token_hash = sha256(convert_to(current_setting('app.ticket', true), 'UTF8'))
       AND g.expires_at > now() AND g.revoked_at IS NULL
$$;

CREATE FUNCTION sec.mint(ticket text, org uuid, ticket_kind text, person uuid, key uuid, lifetime interval)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF lifetime > interval '366 days' OR lifetime <= interval '0' OR ticket_kind = 'job' THEN
        RAISE EXCEPTION 'not a ticket that the door may mint' USING ERRCODE = '22023';
    END IF;
    INSERT INTO sec.grant_token (token_hash, org_id, kind, person_id, key_id, expires_at)
    VALUES (sha256(convert_to(ticket, 'UTF8')), org, ticket_kind, person, key, now() + lifetime)
    ON CONFLICT (token_hash) DO NOTHING;
END $$;

CREATE FUNCTION sec.revoke(ticket text) RETURNS void LANGUAGE sql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
    UPDATE sec.grant_token SET revoked_at = now()
     WHERE token_hash = sha256(convert_to(ticket, 'UTF8')) AND revoked_at IS NULL
$$;

CREATE FUNCTION sec.revoke_key(key uuid) RETURNS void LANGUAGE sql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
    UPDATE sec.grant_token SET revoked_at = now() WHERE key_id = key AND revoked_at IS NULL
$$;

-- A single-use socket ticket is spent by the process that opens the socket; a second use finds nothing.
CREATE FUNCTION sec.spend(ticket text, longer interval) RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
DECLARE n int; BEGIN
    UPDATE sec.grant_token SET kind = 'session', expires_at = now() + longer
     WHERE token_hash = sha256(convert_to(ticket, 'UTF8')) AND kind = 'socket'
       AND expires_at > now() AND revoked_at IS NULL;
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
GRANT EXECUTE ON FUNCTION sec.me(), sec.who() TO portal_app, portal_worker;
GRANT EXECUTE ON FUNCTION sec.mint(text, uuid, text, uuid, uuid, interval), sec.revoke(text), sec.revoke_key(uuid),
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
