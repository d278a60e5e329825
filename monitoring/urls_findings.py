"""Pages of first sights."""

from django.urls import path

from monitoring import views_findings, views_map, views_sources

urlpatterns = [
    path("first-sights/", views_findings.first_sights, name="first-sights"),
    path("first-sights/sources/", views_sources.sources, name="access-sources"),
    path("first-sights/sources/<uuid:source_id>/learn/", views_sources.learn, name="access-source-learn"),
    path("first-sights/map/", views_map.crossings, name="access-map"),
    path("first-sights/quality/", views_map.quality, name="access-quality"),
    path("first-sights/kept-back/", views_map.suppressions, name="access-suppressions"),
    path("first-sights/<uuid:finding_id>/keep-back/", views_map.suppress, name="first-sight-suppress"),
    *(
        path(
            f"first-sights/kept-back/<uuid:suppression_id>/{act}/",
            views_map.settle_suppression,
            {"act": act},
            name=f"access-suppression-{act}",
        )
        for act in ("agree", "end")
    ),
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
