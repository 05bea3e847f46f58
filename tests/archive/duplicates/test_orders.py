"""The same archive gives the same copies, families and creatives, in whatever order its ads came."""

from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlmodel import delete, select

from archive.duplicates import near_texts
from archive.duplicates.bands import may_be_alike
from archive.duplicates.comparing import Relation, compare_texts
from archive.duplicates.keeping import ShownWords, keep_texts
from archive.duplicates.near_texts import load_texts
from archive.duplicates.texts import ComparedText
from archive.models import AdText, ShownText, TextBand
from archive.store.database import create_archive_engine, write
from tests.examples import few_or_many
from tests.migrated import copy_tables

WORDS = ["harbour", "bridge", "tide", "lamp", "oak", "school", "train", "clean", "air", "vote"]

texts = st.builds(
    lambda start, swapped, marks: ComparedText(
        tuple(swapped.get(n, word) for n, word in enumerate((WORDS * 2)[start : start + 9])),
        "".join("c" if n in marks else "." for n in range(9)),
    ),
    st.integers(0, 3),
    st.dictionaries(st.integers(0, 8), st.sampled_from(["leeds", "york", "sea"]), max_size=2),
    st.frozensets(st.integers(0, 8), max_size=2),
)
steps = st.lists(
    st.dictionaries(st.integers(1, 12), st.none() | texts, min_size=1, max_size=4), max_size=8
)


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    engine = create_archive_engine(copy_tables(tmp_path_factory.mktemp("orders")))
    yield engine
    engine.dispose()


@pytest.mark.parametrize("most", [64, 2])
@settings(max_examples=few_or_many(40))
@given(steps, st.randoms(use_true_random=False))
def test_groups_are_those_of_the_ads_that_are_there_not_of_the_way_there(
    engine, most, steps, chance
):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(near_texts, "MOST_IN_BAND", most)
        walked = tell(engine, steps)
        last = {ad: text for step in steps for ad, text in step.items()}
        ads = list(last.items())
        chance.shuffle(ads)

        assert tell(engine, [{ad: text} for ad, text in ads]) == walked
        assert tell(engine, [dict(ads)]) == walked
        assert group_by_hand({ad: text for ad, text in ads if text}, most) == walked


def tell(engine, steps):
    """The creative of each ad after these steps in an empty archive; its tables hold nothing else."""
    with write(engine) as session:
        for step in steps:
            words = {ad: text and ShownWords(text, None) for ad, text in step.items()}
            keep_texts(session, words)
        ids = dict(session.exec(select(AdText.ad_id, AdText.text_id)).all())
        rows = load_texts(session, session.exec(select(ShownText.id)).all())
        assert set(rows) == set(ids.values())
        bands = {(key, each.id) for each in rows.values() for key in each.text.bands}
        assert set(session.exec(select(TextBand.key, TextBand.text_id))) == bands
        for table in (AdText, ShownText, TextBand):
            session.exec(delete(table))
    return {ad: rows[text_id].creative for ad, text_id in ids.items()}


def group_by_hand(ads, most):
    """The same by comparing all with all."""
    distinct = dict.fromkeys(ads.values())
    bands = {text: text.bands for text in distinct}
    held = [key for keys in bands.values() for key in keys]
    found = {text: {key for key in keys if held.count(key) <= most} for text, keys in bands.items()}
    creatives = {text: text.words_hash for text in distinct}
    for one, other in [*combinations(distinct, 2)] * len(distinct):
        alike = compare_texts(one, other)
        is_found = one.words == other.words or (
            found[one] & found[other] and may_be_alike(one.sketch, other.sketch)
        )
        if alike and is_found and alike.relation is Relation.COPY and not alike.names_differ:
            creatives[one] = creatives[other] = min(creatives[one], creatives[other])
    return {ad: creatives[text] for ad, text in ads.items()}
