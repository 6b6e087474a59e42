"""What another model says of an answer -> one score in [0, 1].

A judge that is s sure that the answer is right leaves it at 1/2 + s/2, one that is s sure that it is wrong at 1/2 - s/2; without
a score s is 1. Without a verdict the score is the judge's own of the answer. Only the order counts.
"""

import polars as pl

from models import columns
from models.answers import right_wrong


def scores(verdict: pl.Series | None, sure: pl.DataFrame | None) -> pl.DataFrame:
    """Columns `score` and `unscored`. `verdict`: any type; `sure`: such columns of the judge's own score."""
    if verdict is None:
        if sure is None:
            raise ValueError("a judge says something")
        return sure
    text = columns.text(verdict.to_frame()).to_series()
    rows = pl.DataFrame({"verdict": text, "right": right_wrong.right(text)})
    rows = rows.with_columns(pl.lit(1.0).alias("sure"), pl.lit(None, dtype=pl.String).alias("why"))
    if sure is not None:
        rows = rows.with_columns(sure["score"].alias("sure"), sure["unscored"].alias("why"))
    why = (
        pl.when(pl.col("verdict").is_null())
        .then(pl.lit("the judge gives no verdict"))
        .when(pl.col("right").is_null())
        .then(
            columns.sentence(
                "the judge's verdict '", columns.printable(pl.col("verdict")), "' says neither right nor wrong"
            )
        )
        .otherwise("why")
    )
    half = pl.col("sure") / 2
    score = pl.when("right").then(0.5 + half).otherwise(0.5 - half)
    return rows.with_columns(unscored=why).select(
        pl.when(pl.col("unscored").is_null()).then(score).alias("score"), "unscored"
    )
