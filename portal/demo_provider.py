"""Brackenfield's identity provider in the demonstration: everybody may be anybody, so it listens on loopback only.

    python -m portal.demo_provider --port 9400

The pages are ours and load nothing from elsewhere; the protocol is that of oidc-provider-mock, a provider for tests.
"""

from __future__ import annotations

import argparse
import logging
import os
import warnings
from pathlib import Path

from portal.demo_identities import people_of
from portal.var_folder import root

HOST = "127.0.0.1"
PAGE = """<!doctype html>
<html lang="en-GB">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Brackenfield sign-in (demonstration)</title><link rel="icon" href="data:,">
<style>
body {{ font: 16px/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 34rem; padding: 1.5rem; color: #1b1b1b }}
header {{ border-bottom: 4px solid #6b3fa0; margin-bottom: 1.5rem }} h1 {{ font-size: 1.5rem }}
button {{ font: inherit; min-height: 44px; padding: .4rem 1rem; margin: .25rem 0 }}
input {{ font: inherit; min-height: 40px; width: 14rem; padding: 0 .5rem }} .all {{ display: grid; gap: .25rem }}
</style></head>
<body><header><p>Brackenfield</p></header><main>{body}</main></body></html>"""
CHOICE = PAGE.format(
    body="""<h1>Who are you?</h1>
<p>This stands in for Brackenfield's own identity provider. It asks for no password; a real one would.</p>
<form method="post" class="all">{% for sub in predefined_users %}
<button name="sub" value="{{ sub }}">{{ sub }}</button>{% endfor %}</form>
<h2>Somebody else</h2>
<form method="post"><label for="sub">Subject</label> <input id="sub" name="sub" required autocomplete="off">
<button>Sign in</button></form>
<form method="post"><button name="action" value="deny">Do not sign in</button></form>
<p>Goes back to {{ redirect_uri }}</p>"""
)
WRONG = PAGE.format(body="<h1>{{ name }}</h1><p>{{ description }}</p>")


def serve(port: int, people: Path) -> None:
    os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"  # plain http on loopback
    warnings.simplefilter("ignore")
    # Only this process pays for the packages of the demonstration, and after it has stepped back behind the others.
    from jinja2 import ChoiceLoader, DictLoader  # noqa: PLC0415
    from oidc_provider_mock import User, app  # type: ignore[import-untyped]  # noqa: PLC0415
    from werkzeug.serving import make_server  # noqa: PLC0415

    claims = people_of(people)
    users = [User(sub=each["sub"], claims={k: v for k, v in each.items() if k != "sub"}) for each in claims]
    provider = app(require_nonce=True, issue_refresh_token=False, user_claims=users)
    provider.debug = False
    provider.wsgi_app = provider.wsgi_app.app  # less the debugger
    provider.config["TRUSTED_HOSTS"] = [HOST]  # the issuer is made of the host that was asked
    pages = DictLoader({"authorization_form.html": CHOICE, "error.html": WRONG})
    provider.jinja_loader = ChoiceLoader([pages, provider.jinja_loader or DictLoader({})])
    logging.getLogger("werkzeug").setLevel(logging.ERROR)  # its lines would hold codes
    make_server(HOST, port, provider, threaded=True).serve_forever()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--people", type=Path, default=root() / "demo" / "partnership.json")
    options = parser.parse_args()
    os.nice(10)  # whatever serves comes first, at the start above all
    serve(options.port, options.people)


if __name__ == "__main__":
    main()
