"""Places that ranges allow, also where nobody says how amounts are rounded."""

from archive.spending.query import SpendBy
from archive.spending.ranks import rank_groups, tell_place
from archive.spending.summary import SpendGroup


def test_what_is_rounded_by_a_step_nobody_states_is_ranked_only_where_any_step_leaves_the_order():
    far, near = make_group("far", 1_000, unknown=1), make_group("near", 300, unknown=1)
    exact, nothing = make_group("exact", 400), make_group("nothing", 0, unknown=1)
    rank_groups(SpendBy.PAYER, [far, near, exact])
    # 500 to 1,500; 150 to 450; 400.
    assert [tell_place(group) for group in (far, near, exact)] == ["1", "2 to 3", "2 to 3"]

    rank_groups(SpendBy.PAYER, [far, nothing])
    assert tell_place(nothing) == ""


def make_group(key, minor, unknown=0):
    """A named group whose one item is printed as this amount."""
    return SpendGroup(
        key=key,
        label=key,
        currency="EUR",
        lower_minor=minor,
        upper_minor=minor,
        open_count=0,
        ads=1,
        undated=0,
        unknown_count=0,
        unknown_step_count=unknown,
        coverage=[],
    )
