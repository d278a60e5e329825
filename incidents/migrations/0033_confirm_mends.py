"""Typed confirmations: what counts as the same words, and a refusal that says which rule it is. Answers that a plan has
gone on by are not taken back; what waited for a suspicion to become an incident is looked at at once."""

from django.db import migrations

APP = "portal_app"
DEFINER = "SECURITY DEFINER SET search_path = pg_catalog, pg_temp"
# Whoever types at three in the morning does not find the sign that the register has: case, accents, the shape of quotes
# and dashes, and spaces make no difference. Of longer names the first 200 signs count.
WORDS = rf"""
CREATE FUNCTION sec.plain_words(words text) RETURNS text LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT left(btrim(replace(replace(replace(translate(lower(regexp_replace(normalize(sec.plain_name(
        regexp_replace(regexp_replace(regexp_replace(words,
            '[\u0060\u00B4\u2018-\u201B\u2032\u2035\u02B9\u02BB-\u02BD\u2039\u203A\uFF07]', '''', 'g'),
            '[\u00AB\u00BB\u201C-\u201F\u2033\u2036\u301D-\u301F\uFF02]', '"', 'g'),
            '[\u2010-\u2015\u2043\u2212\uFE58\uFE63\uFF0D]', '-', 'g')),
        NFKD), '[\u0300-\u036F]', '', 'g')), 'ØøŁłĐđıÆŒẞ', 'oollddiæœß'), 'ß', 'ss'), 'æ', 'ae'), 'œ', 'oe')), 200)
$$;
REVOKE ALL ON FUNCTION sec.plain_words(text) FROM PUBLIC;
-- Whether what was typed is one of the names. Reads nothing.
CREATE FUNCTION sec.says_one_of(words text, names text[]) RETURNS boolean LANGUAGE sql IMMUTABLE {DEFINER} AS $$
    SELECT EXISTS (SELECT 1 FROM unnest(names) n WHERE sec.plain_words(n) = sec.plain_words(words))
$$;
REVOKE ALL ON FUNCTION sec.says_one_of(text, text[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sec.says_one_of(text, text[]) TO {APP};
CREATE OR REPLACE FUNCTION sec.stop_confirmed() RETURNS trigger LANGUAGE plpgsql {DEFINER} AS $$
DECLARE names text[]; BEGIN
    IF NOT EXISTS (SELECT 1 FROM public.incidents_step s WHERE s.id = NEW.step_id AND s.typed_confirmation) THEN
        RETURN NEW;
    END IF;
    names := sec.unguarded_of(NEW.organisation_id, NEW.incident_id);
    IF cardinality(names) > 0 AND NOT EXISTS (
        SELECT 1 FROM public.incidents_stopconfirmation c
         WHERE c.task_id = NEW.id AND c.organisation_id = NEW.organisation_id AND sec.says_one_of(c.words, names)) THEN
        RAISE EXCEPTION 'a service without a recorded fallback stops: type its name first'
            USING ERRCODE = '23514', CONSTRAINT = 'stop_confirmed';
    END IF;
    RETURN NEW;
END $$;
"""
# Runs are read by overseers alone: whoever answered learns of its own answer only whether the plan has gone on by it. An
# answer counts while its task is done and, where the lead's counts alone, when it is the lead's.
GONE_ON = f"""
CREATE FUNCTION sec.gone_on_by(task uuid) RETURNS boolean LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT EXISTS (SELECT 1 FROM public.incidents_task t JOIN public.incidents_step s ON s.id = t.step_id
                     JOIN public.incidents_incident i ON i.id = t.incident_id
                     JOIN public.incidents_runstep r ON r.incident_id = t.incident_id AND r.key = t.path || s.cacao_step_id
                      AND r.turn = t.turn AND r.state IN ('ended', 'stopped')
                    WHERE t.id = task AND t.organisation_id = sec.mine() AND t.status = 'done'
                      AND (s."join" <> 'lead' OR t.organisation_id = i.lead_id)
                      AND EXISTS (SELECT 1 FROM public.incidents_runanswer a WHERE a.task_id = t.id))
$$;
REVOKE ALL ON FUNCTION sec.gone_on_by(uuid) FROM PUBLIC;
-- Holds the incident of a task of one's own until the transaction ends: a look at the run is before this or after it.
CREATE FUNCTION sec.hold_run_of(task uuid) RETURNS void LANGUAGE plpgsql {DEFINER} AS $$
BEGIN
    PERFORM 1 FROM public.incidents_incident x
      WHERE x.id = (SELECT t.incident_id FROM public.incidents_task t WHERE t.id = task AND t.organisation_id = sec.mine())
        FOR NO KEY UPDATE;
END $$;
REVOKE ALL ON FUNCTION sec.hold_run_of(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sec.gone_on_by(uuid), sec.hold_run_of(uuid) TO {APP};
-- Of plain SQL, too. And what is open again is looked at: the lead may be asked about a refusal that stands no more.
CREATE FUNCTION sec.answer_stands() RETURNS trigger LANGUAGE plpgsql {DEFINER} AS $$
BEGIN
    IF sec.gone_on_by(OLD.id) THEN
        RAISE EXCEPTION 'the plan has gone on by this answer' USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER answer_stands BEFORE UPDATE OF status ON incidents_task FOR EACH ROW
    WHEN (OLD.status = 'done' AND NEW.status NOT IN ('done', 'verified', 'cancelled')) EXECUTE FUNCTION sec.answer_stands();
-- After `tasks_moved` by its name: rows are taken in the order of an answer, the participant before the run.
CREATE FUNCTION sec.tasks_open_again() RETURNS trigger LANGUAGE plpgsql {DEFINER} AS $$
BEGIN
    UPDATE public.incidents_run r SET due_at = clock_timestamp()
     WHERE r.incident_id IN (SELECT m.incident_id FROM moved m JOIN was w ON w.id = m.id
                              WHERE w.status IN ('done', 'verified', 'declined', 'not_affected', 'cancelled')
                                AND m.status NOT IN ('done', 'verified', 'declined', 'not_affected', 'cancelled'))
       AND r.ended_at IS NULL AND (r.due_at IS NULL OR r.due_at > clock_timestamp());
    RETURN NULL;
END $$;
CREATE TRIGGER tasks_open_again AFTER UPDATE ON incidents_task
    REFERENCING OLD TABLE AS was NEW TABLE AS moved FOR EACH STATEMENT EXECUTE FUNCTION sec.tasks_open_again();
REVOKE ALL ON FUNCTION sec.answer_stands(), sec.tasks_open_again() FROM PUBLIC;
"""
NOT_GONE_ON = """
DROP TRIGGER tasks_open_again ON incidents_task;
DROP TRIGGER answer_stands ON incidents_task;
DROP FUNCTION sec.tasks_open_again(), sec.answer_stands(), sec.hold_run_of(uuid), sec.gone_on_by(uuid);
"""
# Time-outs begin when an incident is declared, and steps for nobody end then, whoever joins or nobody.
DECLARED = f"""
CREATE FUNCTION sec.declared_runs() RETURNS trigger LANGUAGE plpgsql {DEFINER} AS $$
BEGIN
    UPDATE public.incidents_run r SET due_at = least(r.due_at, clock_timestamp()) WHERE r.incident_id = NEW.id;
    RETURN NULL;
END $$;
REVOKE ALL ON FUNCTION sec.declared_runs() FROM PUBLIC;
CREATE TRIGGER declared_runs AFTER UPDATE OF status ON incidents_incident FOR EACH ROW
    WHEN (OLD.status = 'suspected' AND NEW.status NOT IN ('suspected', 'closed')) EXECUTE FUNCTION sec.declared_runs();
"""
# Suspicions of before this rule have times that ran from the beginning, and would be out of time when they are declared.
AFRESH = """
UPDATE incidents_runstep s SET due_at = NULL FROM incidents_incident i
 WHERE i.id = s.incident_id AND i.status = 'suspected' AND s.state = 'begun' AND s.due_at IS NOT NULL
"""
NOT_DECLARED = """
DROP TRIGGER declared_runs ON incidents_incident;
DROP FUNCTION sec.declared_runs();
"""
BEFORE = f"""
CREATE OR REPLACE FUNCTION sec.stop_confirmed() RETURNS trigger LANGUAGE plpgsql {DEFINER} AS $$
DECLARE names text[]; BEGIN
    IF NOT EXISTS (SELECT 1 FROM public.incidents_step s WHERE s.id = NEW.step_id AND s.typed_confirmation) THEN
        RETURN NEW;
    END IF;
    names := sec.unguarded_of(NEW.organisation_id, NEW.incident_id);
    IF cardinality(names) > 0 AND NOT EXISTS (
        SELECT 1 FROM public.incidents_stopconfirmation c
         WHERE c.task_id = NEW.id AND c.organisation_id = NEW.organisation_id
           AND lower(btrim(regexp_replace(c.words, '[[:space:]]+', ' ', 'g')))
               IN (SELECT lower(btrim(regexp_replace(n, '[[:space:]]+', ' ', 'g'))) FROM unnest(names) n)) THEN
        RAISE EXCEPTION 'a service without a recorded fallback stops: type its name first' USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$;
DROP FUNCTION sec.says_one_of(text, text[]), sec.plain_words(text);
"""


class Migration(migrations.Migration):
    dependencies = [("incidents", "0032_plan_mends")]
    operations = [
        migrations.RunSQL(WORDS, BEFORE),
        migrations.RunSQL(GONE_ON, NOT_GONE_ON),
        migrations.RunSQL(DECLARED, NOT_DECLARED),
        migrations.RunSQL(AFRESH, migrations.RunSQL.noop, elidable=True),
    ]
