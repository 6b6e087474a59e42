"""A record's values as one text: a JSON object, its keys sorted. What the model said of a case, or what a person did.

A person's record is written in the model's values wherever the two are the same by the field's rule. So the texts of both are
equal exactly where every field is the same, as the label of a person is the label of the model.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any

Values = dict[str, Any]  # name of a field -> its value as JSON has it; None: there is none


def values(text: str | None) -> Values:
    """The values of a record's text; none of what is no record, such as the label that an earlier epoch's model gave.

    >>> values('{"date":null,"total":12.5}'), values("bug")
    ({'date': None, 'total': 12.5}, {})
    """
    try:
        record = json.loads(text or "")
    except (ValueError, RecursionError):
        return {}
    return record if isinstance(record, dict) else {}


def text(values: Mapping[str, Any]) -> str:
    """The text of a record's values."""
    return json.dumps(values, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def answered(prediction: str | None, theirs: Mapping[str, Any], same: Callable[[str, Any, Any], bool]) -> str:
    """What a person's record is, as a text: the model's own where every field is the same.

    Args:
        prediction: The text of the model's record; None: it gave none.
        theirs: The person's values.
        same: Whether two values of a field are the same: its name, the model's, the person's.

    >>> answered('{"total":12.50}', {"total": 12.501}, lambda name, ours, theirs: abs(ours - theirs) < 0.01)
    '{"total":12.50}'
    """
    ours = values(prediction)
    known = {name: name in ours and same(name, ours[name], value) for name, value in theirs.items()}
    if prediction is not None and all(known.values()) and ours.keys() == theirs.keys():
        return prediction
    return text({name: ours[name] if known[name] else value for name, value in theirs.items()})


def differing(prediction: str | None, answer: str) -> list[str]:
    """The fields in which a person's record is another than the model's, in the order of their names."""
    ours, theirs = values(prediction), values(answer)
    return [name for name in sorted(theirs) if name not in ours or ours[name] != theirs[name]]
