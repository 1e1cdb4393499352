"""Load the demo: 120 days of a small importer, ending now."""

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone
from tqdm import tqdm

from backorders.backoffice.demo.story import DAYS, Story
from backorders.catalog.models import Product


class Command(BaseCommand):
    """Play the demo into an empty database; leave one with products alone."""

    help = "Fill an empty database with living demo data."

    def handle(self, *args: Any, **options: Any) -> None:
        if Product.objects.exists():
            self.stdout.write("There are products already: the demo is only for an empty database.")
            return
        for _ in tqdm(Story(timezone.now()).days(), total=DAYS + 1, desc="Demo", unit="day", leave=False):
            pass
