"""Addresses of each organisation's own identity provider. The callback is registered there, to the letter."""

from django.urls import path

from partners import views_federation, views_provider

urlpatterns = [
    path("sign-in/<str:slug>/provider/", views_federation.start, name="provider-start"),
    path("oidc/<str:slug>/callback", views_federation.callback, name="provider-callback"),
    path("account/provider/", views_federation.connection, name="provider-connection"),
    path("partners/identity-provider/", views_provider.identity_provider, name="identity-provider"),
]
