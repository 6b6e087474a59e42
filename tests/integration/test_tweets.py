"""The published archive, downloaded by pip once and kept below `.local`."""

import json
import math
from pathlib import Path

import pytest

from deploy.demo import prepared, tweet_archive, tweets
from review import private_files

pytestmark = pytest.mark.xdist_group("tweets")  # what they share takes half a minute to make

DOWNLOADS = Path(__file__).resolve().parents[2] / ".local" / "downloads"


@pytest.fixture(scope="module")
def archive() -> bytes:
    return tweet_archive.fetch(DOWNLOADS)


@pytest.fixture(scope="module")
def ready(archive: bytes, tmp_path_factory: pytest.TempPathFactory) -> prepared.Prepared:
    home = tmp_path_factory.mktemp("home")
    private_files.replace(home / "downloads" / tweet_archive.NAME, archive)
    return tweets.prepare(home, 2)


def test_196_of_4200_tweets_are_dropped_and_each_of_the_others_has_20_ratings_or_more(archive: bytes) -> None:
    read = tweet_archive.read(archive)
    assert len(read) == 4200 - 196
    assert min(len(tweet.ratings) for tweet in read) == 20
    assert {rating for tweet in read for rating in tweet.ratings} == set(range(-4, 5))
    # The ratings' own mean, of which the file holds nine decimals.
    assert all(math.isclose(tweet.mean, sum(tweet.ratings) / len(tweet.ratings), abs_tol=1e-8) for tweet in read)


def test_the_model_answers_the_rows_it_has_not_seen_as_well_as_stated(ready: prepared.Prepared) -> None:
    rows = [json.loads(line) for day in ready.days for line in day.read_text(encoding="utf-8").splitlines()]
    right = sum(max(tweets.LABELS, key=row.__getitem__) == ready.truth[row["id"]] for row in rows)
    assert len(rows) == len(ready.truth) == 3004
    assert {row["id"] for row in rows} == set(ready.truth)
    assert ready.accuracy == right / 3004
    assert 0.80 < ready.accuracy < 0.84
    assert all(math.isclose(sum(row[label] for label in tweets.LABELS), 1, abs_tol=1e-9) for row in rows)
    assert all(row["latency_ms"] > 0 for row in rows)


def test_a_single_rating_is_the_truth_in_about_four_cases_of_five(ready: prepared.Prepared) -> None:
    same = sum(ready.answer(case, "ada@example.com") == label for case, label in ready.truth.items()) / 3004
    # Mean agreement of all ratings is 0.80; one sample each has a standard deviation of 0.007.
    assert 0.77 < same < 0.83
