"""The product's addresses, and the gallery's, which exists in tests only."""

from config.urls import handler403
from config.urls import urlpatterns as ours
from tests.browser.gallery import urlpatterns as gallery

__all__ = ["handler403"]
urlpatterns = [*gallery, *ours]
