"""How the project is run: settings, addresses, the worker's application.

A plan makes hundreds of thousands of small tuples and no cycles among them; looking for cycles after every 700 new
objects, as Python does from the start, takes a fifth of its time.
"""

import gc

from config.celery import app as celery_app

__all__ = ["celery_app"]

gc.set_threshold(100_000, 20, 100)
