"""Pages of advisories."""

from django.urls import path

from monitoring import views_advisories

urlpatterns = [
    path("advisories/", views_advisories.exposure_list, name="exposure-list"),
    path("advisories/feeds/", views_advisories.feed_list, name="advisory-feeds"),
    path("advisories/bring/", views_advisories.advisory_bring, name="advisory-bring"),
    path("advisories/<uuid:exposure_id>/", views_advisories.exposure_detail, name="exposure-detail"),
]
