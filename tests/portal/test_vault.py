"""Secrets at rest: what the vault seals opens for its own row alone, and the database never holds it in plain."""

from __future__ import annotations

import pytest

from portal.vault.sealing import VaultError, open_sealed, seal

FIELD = "partners_authenticator.secret"


@pytest.mark.django_db
def test_what_is_sealed_opens_again(cast) -> None:
    sealed = seal(b"seed", organisation_id=cast.id("dunmere"), field=FIELD, row_id=7)
    assert open_sealed(sealed, organisation_id=cast.id("dunmere"), field=FIELD, row_id=7) == b"seed"
    with pytest.raises(VaultError):
        open_sealed(sealed, organisation_id=cast.id("dunmere"), field=FIELD, row_id=8)
