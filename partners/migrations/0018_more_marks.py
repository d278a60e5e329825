"""Nobody is asked in vain: what a mark of two must be is looked at when it is asked for, not only when it is approved."""

from importlib import import_module

from django.db import migrations

marks = import_module("partners.migrations.0017_mail_distrust").MARKING
BEGINS = marks.index("CREATE FUNCTION sec.mail_approval_asked(")
BEFORE = marks[BEGINS : marks.index("$$;", BEGINS) + 3].replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION")
ASKED = """USING ERRCODE = '42501';
        END IF;
        RETURN NEW;
    END IF;
"""
LOOKED = """USING ERRCODE = '42501';
        END IF;
        IF NOT EXISTS (SELECT 1 FROM public.partners_organisation o, unnest(o.mail_domains) d
                        WHERE o.id = NEW.about_id AND sec.host_in(NEW.payload ->> 'domain', lower(d))
                          AND NOT sec.host_of_another(NEW.payload ->> 'domain', lower(d), NEW.about_id)) THEN
            RAISE EXCEPTION 'not a mail domain of that organisation' USING ERRCODE = '23514';
        END IF;
        IF (NEW.payload ->> 'since')::timestamptz > clock_timestamp() THEN
            RAISE EXCEPTION 'that is still to come' USING ERRCODE = '23514';
        END IF;
        IF EXISTS (SELECT 1 FROM public.partners_maildistrust x WHERE x.domain = NEW.payload ->> 'domain' AND x.for_all
                      AND x.approval_id IS NOT NULL AND x.isolation_id IS NULL AND x.lifted_at IS NULL
                      AND x.until > clock_timestamp()) THEN
            RAISE EXCEPTION 'this mark is in force already: renew it instead' USING ERRCODE = '23514';
        END IF;
        RETURN NEW;
    END IF;
"""
assert BEFORE.count(ASKED) == 1


class Migration(migrations.Migration):
    dependencies = [("partners", "0017_mail_distrust")]
    operations = [migrations.RunSQL(BEFORE.replace(ASKED, LOOKED), BEFORE)]
