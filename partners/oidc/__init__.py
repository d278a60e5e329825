"""OpenID Connect with one provider an organisation, believed in nothing that was not pinned. Knows no database.

Read in this order: `metadata.py` (what a provider says of itself and what of it is pinned), `flow.py` (sending a
browser there and checking what it brings back), `exchange.py` (the code for tokens), `jwks.py` and `tokens.py` (whose
word the token is), `completing.py` (all of it in one call).
"""
