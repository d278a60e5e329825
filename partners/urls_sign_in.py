"""Addresses of the door and of one's own account. The fixed ones come before those that name an organisation."""

from django.urls import path

from partners import (
    account,
    account_app,
    account_codes,
    account_passkeys,
    account_password,
    sign_in,
    sign_in_passkey,
    sign_in_password,
)

urlpatterns = [
    path("sign-in/", sign_in.sign_in, name="sign-in"),
    path("sign-in/passkey/options/", sign_in_passkey.options, name="sign-in-passkey-options"),
    path("sign-in/passkey/", sign_in_passkey.sign_in, name="sign-in-passkey"),
    path("sign-in/again/options/", sign_in_passkey.again_options, name="sign-in-again-options"),
    path("sign-in/again/", sign_in_passkey.again, name="sign-in-again"),
    path("sign-in/cut-off/", sign_in.cut_off, name="sign-in-cut-off"),
    path("sign-in/link/<str:token>/", sign_in.by_link, name="sign-in-link"),
    path("sign-in/<str:slug>/", sign_in_password.organisation_page, name="sign-in-organisation"),
    path("sign-in/<str:slug>/code/", sign_in_password.code_page, name="sign-in-code"),
    path("sign-in/<str:slug>/recovery/", sign_in_password.recovery_page, name="sign-in-recovery"),
    path("sign-out/", sign_in.sign_out, name="sign-out"),
    path("account/", account.home, name="account"),
    path("account/sessions/", account.sessions, name="account-sessions"),
    path("account/passkeys/options/", account_passkeys.options, name="account-passkey-options"),
    path("account/passkeys/", account_passkeys.add, name="account-passkeys"),
    path("account/ways/<uuid:way_id>/", account_passkeys.way, name="account-way"),
    path("account/app/", account_app.app, name="account-app"),
    path("account/code/", account_app.show_code, name="account-code"),
    path("account/recovery-codes/", account_codes.recovery_codes, name="account-recovery-codes"),
    path("account/password/", account_password.password, name="account-password"),
]
