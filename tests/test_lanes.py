"""A lane of the tests runs on the database it says."""

import pytest
from django.db import connection


@pytest.mark.django_db
def test_the_tests_run_on_the_database_that_was_asked_for(request: pytest.FixtureRequest) -> None:
    wanted = {"sqlite": "sqlite", "postgres": "postgresql"}[request.config.getoption("--db")]
    assert connection.vendor == wanted
