"""Several answers of a model to one item: the one most of them give, and its share (Wang et al. 2023, 2203.11171).

Two answers are one where the stream's rule reads them as one. A tie goes to the answer that was given first. A sample without an
answer counts among the samples. One sample has nothing it could agree with, and gives no score.
"""

import polars as pl

from models.answers import same

FEWEST = 2


def majority(samples: pl.Series, rule: same.Rule) -> pl.DataFrame:
    """Columns `answer`, `score` and `unscored`, one row per item. `samples`: List(String), the answers in their order."""
    rows = samples.rename("text").to_frame().with_row_index("row").with_columns(n=pl.col("text").list.len())
    answers = (
        rows.explode("text", empty_as_null=True, keep_nulls=True)
        .filter(pl.col("text").is_not_null())
        .with_row_index("place")
    )
    answers = answers.with_columns(rule.read(answers["text"]).alias("text"))
    counts = answers.group_by("row", "text").agg(pl.len().alias("same"), pl.col("place").min())
    best = counts.sort("row", "same", "place", descending=[False, True, False]).unique(
        "row", keep="first", maintain_order=True
    )
    joined = rows.drop("text").join(best, on="row", how="left", maintain_order="left")
    why = (
        pl.when(pl.col("n").is_null() | (pl.col("n") == 0))
        .then(pl.lit("no samples"))
        .when(pl.col("n") < FEWEST)
        .then(pl.lit("one sample only, which nothing can agree with"))
    )
    return joined.with_columns(unscored=why).select(
        pl.col("text").alias("answer"),
        pl.when(pl.col("unscored").is_null()).then(pl.col("same") / pl.col("n")).alias("score"),
        "unscored",
    )
