"""Pages of first sights."""

from django.urls import path

from monitoring import views_findings, views_sources

urlpatterns = [
    path("first-sights/", views_findings.first_sights, name="first-sights"),
    path("first-sights/sources/", views_sources.sources, name="access-sources"),
    path("first-sights/sources/<uuid:source_id>/learn/", views_sources.learn, name="access-source-learn"),
    path("first-sights/names/", views_sources.names, name="access-names"),
    path("first-sights/accounts/<slug:home>/<path:account>/", views_findings.account, name="first-sight-account"),
    path("first-sights/<uuid:finding_id>/", views_findings.first_sight, name="first-sight"),
    path("first-sights/<uuid:finding_id>/open/", views_findings.to_open, name="first-sight-open"),
    *(
        path(
            f"first-sights/<uuid:finding_id>/{act}/",
            views_findings.decide,
            {"act": act},
            name=f"first-sight-{act}",
        )
        for act in ("join", "expect", "dismiss")
    ),
]
