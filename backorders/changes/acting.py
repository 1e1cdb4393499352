"""An act is one transaction, run again when the database says that it collided with another."""

import functools
import random
import time
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from django.db import DatabaseError, connection, transaction
from django.utils.translation import gettext_lazy as _

from backorders.access.checking import allowed
from backorders.refusal import Busy

TRIES = 3
P = ParamSpec("P")
R = TypeVar("R")

# PostgreSQL's codes for: deadlock, lock timeout, serialization failure, and somebody else's row with the same key: run
# again, an act finds that row and answers with it.
_COLLISIONS = {"40P01", "55P03", "40001", "23505"}
_COLLISIONS_SQLITE = ("database is locked", "UNIQUE constraint failed")


def act(verb: Callable[P, R], *, capability: str = "") -> Callable[P, R]:
    """Make `verb` an act: all or nothing, and retried as a whole up to three times on a collision.

    Inside another act it simply joins it, so that only the outermost act is rerun. Whoever is named as `by` needs a
    role that has the verb, or the `capability` that it is a step of. Raises `Busy` after the last try, `NotAllowed`.
    """

    @functools.wraps(verb)
    def acting(*args: P.args, **kwargs: P.kwargs) -> R:
        if connection.in_atomic_block and not _in_test_transaction():
            return verb(*args, **kwargs)
        for attempt in range(1, TRIES + 1):
            try:
                with transaction.atomic():
                    return verb(*args, **kwargs)
            except DatabaseError as error:
                if not _is_collision(error):
                    raise
                if attempt == TRIES:
                    raise Busy(_("Others are changing the same products. Nothing was saved; try again.")) from error
                time.sleep(random.uniform(0.01, 0.05) * attempt)  # noqa: S311 jitter, not a secret
        raise AssertionError("unreachable")

    return allowed(acting, capability=capability)


def _in_test_transaction() -> bool:
    """Django's TestCase wraps each test in a transaction of its own; an act in it is still the outermost one."""
    return all(getattr(block, "_from_testcase", False) for block in connection.atomic_blocks)


def _is_collision(error: DatabaseError) -> bool:
    code = getattr(error.__cause__, "sqlstate", None)
    return code in _COLLISIONS if code else str(error).startswith(_COLLISIONS_SQLITE)
