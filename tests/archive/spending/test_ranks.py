"""Places that ranges allow, also where nobody says how amounts are rounded."""

from archive.records import Grain
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


def test_what_has_answers_of_several_grains_has_one_place_and_is_no_rival_of_itself():
    week, day = make_group("party", 500, grain=Grain.WEEK), make_group("party", 90, grain=Grain.DAY)
    rank_groups(SpendBy.ADVERTISER, [week, day])
    assert (tell_place(week), tell_place(day)) == ("", "")

    less, more = make_group("fund", 80, grain=Grain.DAY), make_group("union", 600, grain=Grain.DAY)
    between = make_group("league", 550, grain=Grain.DAY)
    rank_groups(SpendBy.ADVERTISER, [week, day, less, more, between])
    # Between 90 and 590.
    assert [tell_place(group) for group in (more, between, less)] == ["1", "2 to 3", "4"]
    assert [tell_place(group) for group in (week, day)] == ["2 to 3", "2 to 3"]


def make_group(key, minor, unknown=0, grain=None):
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
        grain=grain,
        coverage=[],
    )
