"""Several scores of one answer -> one: the least, the product or the mean.

The least says how sure the least sure step is, and needs no premise. The product is the chance that all are right where the
scores are such chances and independent; the mean trades one for another. All three keep the order where every score rises.
"""

from collections.abc import Sequence

import polars as pl

from models import columns


def scores(names: Sequence[str], each: Sequence[pl.DataFrame], how: str) -> pl.DataFrame:
    """Columns `score` and `unscored`. `each`: such columns of one score (`given_scores.read`); one without leaves none."""
    rows = pl.DataFrame(
        [one["score"].rename(f"score {place}") for place, one in enumerate(each)]
        + [one["unscored"].rename(f"why {place}") for place, one in enumerate(each)]
    )
    numbers = [pl.col(f"score {place}") for place in range(len(each))]
    if how == "least":
        score = pl.min_horizontal(numbers)
    else:
        # In the order of the columns, so that the same numbers come to the same score on every machine.
        score = numbers[0]
        for number in numbers[1:]:
            score = score * number if how == "product" else score + number
        score = score if how == "product" else (score / len(numbers)).clip(0.0, 1.0)
    whole = pl.all_horizontal(number.is_not_null() for number in numbers)
    whys = [columns.sentence(f"{name}: ", pl.col(f"why {place}")) for place, name in enumerate(names)]
    why = pl.col("why 0") if len(each) == 1 else pl.coalesce(whys)
    return rows.select(pl.when(whole).then(score).alias("score"), why.alias("unscored"))
