"""The rows of a study assessed: which answers are right, what belongs together, what the labels were sampled from.

A row has our columns beside those of the file, whose names are marked by `theirs`. Each step says what it leaves out.
"""

from collections.abc import Sequence
from pathlib import Path

import polars as pl

from flows.inputs import headers
from models.answers import right_wrong, same
from models.errors import InputInvalid, Misuse
from models.outputs import items, score_columns
from models.planning import labelled
from models.planning.labelled import Columns


def theirs(name: str) -> str:
    """How a column of the file is called beside ours."""
    return f"file: {name}"


def read_by_rule(whole: pl.DataFrame, columns: Columns) -> pl.DataFrame:
    """The answers, truths and votes as the labels that the stream's rule reads them as; the others as they stand."""
    if columns.rule is None:
        return whole
    names = {columns.prediction, *columns.votes, *([] if columns.right else [columns.truth])} - {None}
    return whole.with_columns(columns.rule.read(whole[str(name)]) for name in names)


def placed(whole: pl.DataFrame, columns: Columns) -> tuple[pl.DataFrame, dict[str, int]]:
    """Without the -1 and the like that stand for "none" in truth, answers and votes; of the truth, how often each stood there.

    What one of them never says, and another does only in such a way, is no label.
    """
    if columns.right is not None:
        return whole, {}
    truth, answer = whole[columns.truth], None if columns.prediction is None else whole[columns.prediction]
    missing = {columns.truth: same.unlabelled(truth, answer)}
    if columns.prediction is not None:
        missing[columns.prediction] = same.unlabelled(whole[columns.prediction], truth)
    labels = truth.filter(~missing[columns.truth])
    missing |= {vote: same.unlabelled(whole[vote], labels) for vote in columns.votes}
    kept = [pl.when(~pl.lit(none)).then(pl.col(name)).alias(name) for name, none in missing.items()]
    return whole.with_columns(kept), labelled.counted(truth.filter(missing[columns.truth]))


def scaled(whole: pl.DataFrame, columns: Columns, path: Path) -> pl.DataFrame:
    """The numbers as confidences of the answer, from 0 to 1. Raises InputInvalid rather than read half of a scale."""
    names = columns.probabilities or tuple(filter(None, [columns.confidence]))
    for name in () if columns.probabilities else names:
        if reason := score_columns.complaint(whole[name], name, columns.scale):
            raise InputInvalid(f"{path}: {reason}")
    if columns.scale is not None:
        whole = whole.with_columns(score_columns.mapped(whole[name], columns.scale) for name in names)
    if columns.of is None:
        return whole
    if columns.prediction is None or columns.confidence is None:
        raise Misuse("--of needs the columns of --prediction and --confidence")
    answers_given = [columns.prediction] + ([] if columns.right else [columns.truth])
    labels = set(pl.concat([whole[name].drop_nulls().unique().rename("label") for name in answers_given]))
    if columns.of not in labels or len(labels) != 2:
        shown = headers.quoted(sorted(labels))
        raise InputInvalid(
            f"{path}: --of {columns.of!r} is for one of two answers, and the file has {shown}; give a confidence of the "
            "answer, or --probabilities"
        )
    return whole.with_columns(score_columns.of_one(whole[columns.confidence], whole[columns.prediction], columns.of))


def compared(answers: pl.Series, truth: pl.Series, columns: Columns) -> pl.DataFrame:
    """Per row whether it is right, or how it is written that it is neither (`models.answers.same`)."""
    if columns.rule is not None:
        return columns.rule.judge(answers, truth)
    return same.judge(answers, truth, fold=columns.fold)


def agreeing(known: pl.DataFrame, columns: Columns) -> tuple[int, int]:
    """How many answers of single people are compared with the truth, and how many of these agree with it.

    Of a truth that is made of these answers a row's only one is no second opinion, and where none differs from its truth
    nothing was compared: two who agree make the truth.
    """
    if not columns.votes:
        return 0, 0
    votes = known.select(theirs(vote) for vote in columns.votes)
    right = [compared(votes[name], known["truth"], columns)["right"].rename(name) for name in votes.columns]
    verdicts = pl.DataFrame(right)
    if columns.truth_of_votes:
        several = votes.select(pl.sum_horizontal(pl.all().is_not_null()) > 1).to_series()
        verdicts = verdicts.filter(several)
    count = sum(len(one) - one.null_count() for one in verdicts)
    agree = sum(int(one.sum()) for one in verdicts)
    return (0, 0) if columns.truth_of_votes and agree == count else (count, agree)


def right_or_wrong(rows: pl.DataFrame, columns: Columns, path: Path) -> tuple[pl.DataFrame, dict[str, int]]:
    """With `right` and `written`, without verdicts that say neither. Raises InputInvalid if nothing can be assessed."""
    undecided: dict[str, int] = {}
    if columns.right is not None:
        right = right_wrong.right(rows["truth"])
        neither = rows["truth"].is_not_null() & right.is_null()
        undecided = labelled.counted(rows["truth"].filter(neither))
        rows = rows.with_columns(right=right, written=pl.lit(None, dtype=pl.String)).filter(~neither)
        if not rows["right"].is_not_null().any():
            raise InputInvalid(
                f"{path}: column {columns.right!r} never says right or wrong ({headers.quoted([*undecided])}); it takes "
                "accept and reject, yes and no, true and false, 1 and 0 and their like"
            )
    else:
        rows = rows.hstack(compared(rows["answer"], rows["truth"], columns))
    known = rows.filter(pl.col("truth").is_not_null())
    if known["unscored"].null_count() == 0:
        raise InputInvalid(
            f"{path}: no row can be scored (the first: {known['unscored'][0]}); name the columns with --prediction and "
            "--confidence, or --probabilities, or mend them"
        )
    if columns.right is None:
        _check_labels(known, columns, path)
    unlike = pl.col("written").is_not_null() & pl.col("unscored").is_null()
    return rows.with_columns(
        confidence=pl.when(pl.col("written").is_null()).then("confidence"),
        unscored=pl.when(unlike)
        .then("unknown label '" + pl.col("written").str.slice(0, 60) + "'")
        .otherwise("unscored"),
        right=pl.when(pl.col("truth").is_not_null()).then(pl.col("right").fill_null(False)),
    ), undecided


def _check_labels(known: pl.DataFrame, columns: Columns, path: Path) -> None:
    truths, answers = (set(column.drop_nulls()) for column in (known["truth"], known["answer"]))
    shared = (same.folded(same.as_sets(known[name])).drop_nulls() for name in ("truth", "answer"))
    if not set.intersection(*map(set, shared)):
        way = (
            f"; if column {columns.truth!r} says whether the answer is right, use --right {columns.truth}"
            if right_wrong.are(known["truth"])
            else "; answers and truth, and the columns of --probabilities, must be called alike"
        )
        raise InputInvalid(
            f"{path}: no predicted label ({headers.quoted(sorted(answers))}) is ever the truth "
            f"({headers.quoted(sorted(truths))}){way}"
        )
    if known.filter(pl.col("unscored").is_null(), pl.col("written").is_null()).is_empty():
        raise InputInvalid(
            f"{path}: no answer is written as its truth is ({headers.quoted([*labelled.counted(known['written'])])}); mend "
            "the spelling, or add --fold to pass over case, white space, final punctuation and forms of numbers"
        )


def grouped(rows: pl.DataFrame, columns: Columns, path: Path) -> tuple[pl.DataFrame, str | None, int, str | None]:
    """With `group` where rows belong together; which column says so, rows left out as repeats, what to say of it."""
    known = rows.filter(pl.col("truth").is_not_null())
    if columns.group == "":
        return rows, None, 0, None
    if columns.group is not None:
        if known[theirs(columns.group)].null_count() == len(known):
            raise InputInvalid(f"{path}: no labelled row has a value in column {columns.group!r}; name another --group")
        return _units(rows, columns.group), columns.group, 0, None
    prefix = theirs("")
    plain = known.select(pl.col(f"^{prefix}.*$").name.map(lambda name: name.removeprefix(prefix)))
    used = {columns.labelled_by, columns.prediction, columns.confidence, columns.chance, *columns.votes}
    plain = plain.drop(name for name in plain.columns if name in used)
    column = labelled.item_column(plain, columns.item)
    if column is None:
        return rows, None, 0, labelled.content_note(plain)
    shape = f"Column {column.name!r} has {column.values} values in {column.rows} rows: "
    if column.repeats >= items.RARE:
        way = f"rows of one item are one unit (taken as --group {column.name}; --group '' takes each row for itself)"
        return _units(rows, column.name), column.name, 0, shape + way
    of_item = pl.when(pl.col("truth").is_not_null()).then(theirs(column.name))
    kept = rows.filter(of_item.is_null() | of_item.is_first_distinct())
    way = "of the rows of one item the first is taken (--group '' takes each row for itself)"
    return kept, None, len(rows) - len(kept), shape + way


def _units(rows: pl.DataFrame, name: str) -> pl.DataFrame:
    """With `group`, unless no two labelled rows share one."""
    grouped = rows.with_columns(items.units(rows[theirs(name)]))
    known = grouped.filter(pl.col("truth").is_not_null())
    return grouped if known["group"].n_unique() < len(known) else rows


def sampled(
    rows: pl.DataFrame, columns: Columns, path: Path, also: Sequence[str] = ()
) -> tuple[pl.DataFrame, int, str | None]:
    """The cases: the labelled ones, or with known chances all that labels come from; rows without a chance; what is odd.

    `also`: columns that they have besides.
    """
    kept = ["confidence", "right", *(["group"] if "group" in rows.columns else []), *also]
    if columns.chance is None:
        return rows.filter(pl.col("right").is_not_null()).select(kept), 0, None
    cases = rows.select(kept).with_columns(labelled.chances(rows[theirs(columns.chance)]))
    without = int(cases["chance"].null_count())
    cases = cases.filter(pl.col("chance").is_not_null())
    known = cases.filter(pl.col("right").is_not_null())
    if known["confidence"].null_count() == len(known):
        raise InputInvalid(
            f"{path}: no labelled row with a confidence has a chance above 0 and at most 1 in column {columns.chance!r}"
        )
    if "group" in kept and known.group_by("group").agg(pl.col("chance").n_unique())["chance"].max() != 1:
        raise InputInvalid(
            f"{path}: rows of one group have different chances in column {columns.chance!r}; give each group one"
        )
    try:
        every, reason = labelled.population(cases, columns.chance)
    except ValueError as error:
        raise InputInvalid(f"{path}: {error}") from None
    return every, without, reason


def notes(rows: pl.DataFrame, columns: Columns) -> list[str | None]:
    """What to say of the answers and of which rows have a truth."""
    known = rows.filter(pl.col("truth").is_not_null())
    texts: list[str | None] = []
    if columns.right is None:
        texts.append(labelled.list_note(known["answer"], known["truth"]))
        texts.append(None if columns.fold else labelled.label_note(known["answer"], known["truth"]))
    if columns.chance is None:
        texts.append(labelled.shift_note(rows.select("confidence", labelled=pl.col("truth").is_not_null())))
    if columns.of is None and columns.prediction is not None and not columns.probabilities:
        texts.append(labelled.side_note(known["confidence"], known["answer"]))
    return texts
