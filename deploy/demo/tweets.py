"""Tweets with their human ratings, and a small model that guesses the sentiment.

C.J. Hutto and E.E. Gilbert (2014), VADER, ICWSM: 4,200 texts, each rated by 20 or more people from -4 (extremely
negative) to 4 (extremely positive). The data lies in the source archive of vaderSentiment (MIT), fetched by pip.

A rating becomes a label by its sign, and a mean rating by the sign of the nearest whole rating: -0.5 and below is
negative, 0.5 and above positive. So the truth of a tweet, from the mean of its ratings, and a single person's answer,
from one of them, are on the same scale. A person's answer is the truth in about four cases of five: people differ.
"""

import functools
import io
import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline, make_union
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

from deploy.demo import prepared, tweet_archive
from review import private_files

SEED = 20260105
TRAINED_ON = 1000
LABELS = ("negative", "neutral", "positive")
NEUTRAL = 0.5  # a (mean) rating this near to 0 rounds to 0
LENGTHS = (60, 100)  # characters: thirds of the tweets


def prepare(home: Path, days: int) -> prepared.Prepared:
    """Fetch the archive, train the model, and write one JSONL file per simulated day below `home/data`.

    The model's answers and their latencies are written once; files that are there stay. Raises Misuse on a number
    of days below 1 or above the number of cases, SetupFailed if the archive cannot be had or `home` was made for
    another number of days.
    """
    rated = tweet_archive.read(tweet_archive.fetch(home / "downloads"))
    order = np.random.default_rng(SEED).permutation(len(rated))
    training = [rated[index] for index in order[:TRAINED_ON]]
    rest = [rated[index] for index in order[TRAINED_ON:]]
    truth = {tweet.id: label(tweet.mean) for tweet in rest}
    parts = prepared.share(len(rest), days)
    files = prepared.files(home / "data" / "days" / "tweets", "jsonl", days)
    if missing := prepared.missing(files):
        model = train([tweet.text for tweet in training], [label(tweet.mean) for tweet in training])
        for number in missing:
            rows = _rows(model, rest[parts[number]], number)
            private_files.replace(files[number], "".join(json.dumps(row) + "\n" for row in rows).encode("utf-8"))
    ratings = {tweet.id: tuple(label(rating) for rating in tweet.ratings) for tweet in rest}
    return prepared.Prepared(
        stream="tweets",
        days=files,
        accuracy=_accuracy(files, truth),
        replayed="Each replayed answer is one real person's rating of that tweet (Hutto and Gilbert 2014).",
        truth=truth,
        answer=functools.partial(answer, ratings),
    )


def label(rating: float) -> str:
    """The label of a rating or a mean rating, from -4 to 4: the sign of the nearest whole rating; a half rounds away
    from 0.
    """
    return "positive" if rating >= NEUTRAL else "negative" if rating <= -NEUTRAL else "neutral"


def answer(ratings: Mapping[str, Sequence[str]], case_id: str, reviewer: str) -> str:
    """One real rating of the tweet, chosen once for each (reviewer, case). KeyError if the case is unknown."""
    votes = ratings[case_id]
    return votes[math.floor(prepared.number("tweets rating", reviewer, case_id) * len(votes))]


def length(text: str) -> str:
    """short (under 60 characters), medium, or long (100 and more)."""
    return ("short", "medium", "long")[sum(len(text) >= cut for cut in LENGTHS)]


def train(texts: Sequence[str], labels: Sequence[str]) -> Any:
    """A logistic regression on words, pairs of words, pieces of words, and VADER's four scores."""
    analyzer = SentimentIntensityAnalyzer()

    def scores(texts: Sequence[str]) -> list[list[float]]:
        polarity = [analyzer.polarity_scores(text) for text in texts]
        return [[one["neg"], one["neu"], one["pos"], one["compound"]] for one in polarity]

    features = make_union(
        TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True),
        TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 4), sublinear_tf=True, min_df=2),
        make_pipeline(FunctionTransformer(scores), StandardScaler()),
    )
    return make_pipeline(features, LogisticRegression(max_iter=3000)).fit(texts, labels)


def _rows(model: Any, tweets: Sequence[tweet_archive.Tweet], day: int) -> list[dict[str, object]]:
    """What the model says of the tweets of one day. One call for each, so that its latency is that of its answer."""
    columns = [list(model.classes_).index(one) for one in LABELS]
    rows: list[dict[str, object]] = []
    for tweet, produced_at in zip(tweets, prepared.moments(len(tweets), day), strict=True):
        begun = perf_counter()
        probabilities = model.predict_proba([tweet.text])[0]
        seconds = perf_counter() - begun
        rows.append(
            {
                "id": tweet.id,
                "text": tweet.text,
                **{one: float(probabilities[column]) for one, column in zip(LABELS, columns, strict=True)},
                "length": length(tweet.text),
                "latency_ms": round(seconds * 1000, 3),
                "produced_at": produced_at.isoformat(),
            }
        )
    return rows


def _accuracy(files: Sequence[Path], truth: Mapping[str, str]) -> float:
    """The share of the rows whose most probable label is the truth."""
    rows = [json.loads(line) for path in files for line in io.StringIO(path.read_text(encoding="utf-8"))]
    return sum(max(LABELS, key=row.__getitem__) == truth[row["id"]] for row in rows) / len(rows)
