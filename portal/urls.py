"""Every address of the portal, one line a room."""

from django.urls import include, path

from portal.health import healthz, readyz
from portal.metrics import metrics

urlpatterns = [
    path("", include("incidents.urls")),
    path("", include("partners.urls")),
    path("", include("partners.urls_assurance")),
    path("", include("partners.urls_people")),
    path("", include("partners.urls_sign_in")),
    path("", include("partners.urls_federation")),
    path("", include("notifications.urls")),
    path("", include("monitoring.urls")),
    path("api/v1/", include("portal.api.root")),
    path("api/v1/", include("partners.api.urls")),
    path("api/v1/", include("incidents.api.urls")),
    path("api/v1/", include("notifications.api")),
    path("api/v1/", include("notifications.api_rows")),
    path("api/v1/", include("notifications.api_hooks")),
    path("api/v1/", include("notifications.api_hook_answers")),
    path("api/v1/", include("monitoring.api.urls")),
    path("healthz", healthz, name="healthz"),
    path("readyz", readyz, name="readyz"),
    path("metrics", metrics, name="metrics"),
]

handler400 = "portal.pages.bad_request"
handler403 = "portal.pages.permission_denied"
handler404 = "portal.pages.not_found"
handler500 = "portal.pages.server_error"
