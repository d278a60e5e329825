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
# Runs are read by overseers alone: whoever answered learns of its own answer only whether the plan has gone on by it.
GONE_ON = f"""
CREATE FUNCTION sec.gone_on_by(task uuid) RETURNS boolean LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT EXISTS (SELECT 1 FROM public.incidents_task t JOIN public.incidents_step s ON s.id = t.step_id
                     JOIN public.incidents_runstep r ON r.incident_id = t.incident_id AND r.key = t.path || s.cacao_step_id
                      AND r.turn = t.turn AND r.state IN ('ended', 'stopped')
                    WHERE t.id = task AND t.organisation_id = sec.mine()
                      AND EXISTS (SELECT 1 FROM public.incidents_runanswer a WHERE a.task_id = t.id))
$$;
REVOKE ALL ON FUNCTION sec.gone_on_by(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sec.gone_on_by(uuid) TO {APP};
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
        migrations.RunSQL(GONE_ON, "DROP FUNCTION sec.gone_on_by(uuid)"),
        migrations.RunSQL(DECLARED, NOT_DECLARED),
    ]
