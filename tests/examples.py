"""How many examples property tests try: few in `make test`, hundreds in `make test-all`.

The environment variable PAIDFORBY_TEST_EXAMPLES names the profile, `few` or `many`; a test that asks for
less than Hypothesis' usual 100 says how many by `few_or_many`.
"""

import os

from hypothesis import HealthCheck, settings

MANY = 300


def load_profile() -> None:
    """Make both profiles known and choose one; neither minds how long an example takes.

    A fixture of a test is shared by its examples: those that write keep apart by names of their own.
    """
    unhurried = [HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
    settings.register_profile("few", deadline=None, suppress_health_check=unhurried)
    settings.register_profile("many", settings.get_profile("few"), max_examples=MANY)
    settings.load_profile(os.environ.get("PAIDFORBY_TEST_EXAMPLES", "few"))


def few_or_many(few: int, many: int = MANY) -> int:
    """The number for the profile chosen; `many` is said where an example takes seconds."""
    return many if settings.get_current_profile_name() == "many" else few
