"""Log-probabilities of tokens -> one score in [0, 1] of an answer.

Of the tokens of the answer: exp of their mean (the geometric mean, which does not fall with the answer's length), of the least,
or of the sum (the probability of the whole answer; below -745 it is 0). Of the likeliest tokens at the place of the answer: the
share of the answer's label among the labels, exp(its log-probability) / the sum of those of all labels that are there.
"""

import polars as pl

from models import columns
from models.answers import same

_SLACK = 1e-4  # above 0 by a rounding
_NO_LIST = "no log-probabilities"
_NO_NUMBER = "a log-probability is missing or not a number"


def of_answer(tokens: pl.Series, take: str) -> pl.DataFrame:
    """Columns `score` and `unscored`. `tokens`: List(Float64), one number per token of the answer, -inf included."""
    lists = pl.col("tokens").list
    # What is taken for a NaN is a null, or no number.
    bad = lists.eval(pl.element().is_null() | pl.element().is_nan()).list.any()
    summed = {"mean": lists.mean(), "least": lists.min(), "sum": lists.sum()}[take]
    why = (
        pl.when(pl.col("tokens").is_null() | (lists.len() == 0))
        .then(pl.lit(_NO_LIST))
        .when(bad)
        .then(pl.lit(_NO_NUMBER))
        .when(lists.max() > _SLACK)
        .then(_above(lists.max()))
    )
    rows = tokens.rename("tokens").to_frame().select(why.alias("unscored"), summed.alias("taken"))
    score = pl.when(pl.col("unscored").is_null()).then(pl.col("taken").clip(upper_bound=0.0).exp())
    return rows.select(score.alias("score"), "unscored")


def share(top: pl.Series, answers: pl.Series, rule: same.Rule) -> pl.DataFrame:
    """Columns `score` and `unscored`: of each row the share of the label `answers`.

    `top`: List(Struct(token, logprob)). A token is a label if the stream's rule reads it as one, outer spaces and quotes left
    out, or if one label alone begins with it, as where a label is of several tokens.
    """
    rows = pl.DataFrame({"top": top, "answer": answers}).with_row_index("row")
    tokens = (
        rows.explode("top", empty_as_null=True, keep_nulls=True).unnest("top").filter(pl.col("token").is_not_null())
    )
    kinds = tokens["token"].unique()
    label = dict(zip(kinds, (_label(token, rule) for token in kinds), strict=True))
    labelled = tokens.with_columns(label=pl.col("token").replace_strict(label, default=None, return_dtype=pl.String))
    mass = labelled.filter(pl.col("label").is_not_null()).with_columns(p=pl.col("logprob").exp())
    shares = mass.group_by("row").agg(
        own=pl.col("p").filter(pl.col("label") == pl.col("answer")).sum(),
        all=pl.col("p").sum(),
        # Left out it would give its share to the others.
        bad=(pl.col("logprob").is_null() | pl.col("logprob").is_nan()).any(),
        highest=pl.col("logprob").max(),
    )
    joined = rows.join(shares, on="row", how="left", maintain_order="left")
    why = (
        pl.when(pl.col("top").is_null() | (pl.col("top").list.len() == 0))
        .then(pl.lit(_NO_LIST))
        .when("bad")
        .then(pl.lit(_NO_NUMBER))
        .when(pl.col("highest") > _SLACK)
        .then(_above(pl.col("highest")))
        .when(~(pl.col("own") > 0).fill_null(False))
        .then(pl.lit("the answer is none of the likeliest tokens"))
    )
    score = (pl.col("own") / pl.col("all")).clip(0.0, 1.0)
    return joined.with_columns(unscored=why).select(
        pl.when(pl.col("unscored").is_null()).then(score).alias("score"), "unscored"
    )


def _above(highest: pl.Expr) -> pl.Expr:
    return columns.sentence("log-probability ", highest.round(6).cast(pl.String), " is above 0")


def _label(token: str, rule: same.Rule) -> str | None:
    text = token.strip().strip("\"'").strip()
    if not text:
        return None
    read = str(rule.read(pl.Series([text]))[0])
    if read in rule.labels:
        return read
    begun = [label for label in rule.labels if label.startswith(text)]
    return begun[0] if len(begun) == 1 else None
