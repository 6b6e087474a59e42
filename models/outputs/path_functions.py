"""The functions that paths have beside those of JMESPath.

`from_json(text)` is what a text of JSON holds, also between the fences of Markdown that language models put around it; null
where it holds none. `of_highest(names, scores)` is the name that stands where the highest score does. `majority(texts)` is the
text that more than half of them are.
"""

import json
import re
from typing import Any

import jmespath
import jmespath.functions

_FENCE = re.compile(r"\A\s*```[A-Za-z]*\s*\n(.*?)\n?\s*```\s*\Z", re.DOTALL)


def parsed(text: str | None) -> Any:
    """What a text of JSON holds, also inside the fences of Markdown; None where it is none.

    >>> parsed('```json\\n{"label": "bug"}\\n```')
    {'label': 'bug'}
    """
    if text is None:
        return None
    fenced = _FENCE.match(text)
    try:
        return json.loads(fenced[1] if fenced else text)
    except (ValueError, RecursionError):
        return None


class _Functions(jmespath.functions.Functions):  # type: ignore[misc]  # it has no types
    @jmespath.functions.signature({"types": ["string", "null"]})  # type: ignore[untyped-decorator]
    def _func_from_json(self, text: str | None) -> Any:
        return parsed(text)

    @jmespath.functions.signature({"types": ["array", "null"]}, {"types": ["array", "null"]})  # type: ignore[untyped-decorator]
    def _func_of_highest(self, names: list[Any] | None, scores: list[Any] | None) -> Any:
        if not names or not scores or len(names) != len(scores):
            return None
        if not all(isinstance(score, int | float) and not isinstance(score, bool) for score in scores):
            return None
        return names[max(range(len(scores)), key=scores.__getitem__)]

    @jmespath.functions.signature({"types": ["array", "null"]})  # type: ignore[untyped-decorator]
    def _func_majority(self, values: list[Any] | None) -> Any:
        known = [value for value in values or [] if isinstance(value, str)]
        most = max(known, key=known.count, default=None)
        return most if most is not None and 2 * known.count(most) > len(known) else None


OPTIONS = jmespath.Options(custom_functions=_Functions())
