"""The functions that paths have beside those of JMESPath.

`from_json(text)` is what a text of JSON holds, also between the fences of Markdown that language models put around it; null
where it holds none; what is no text is itself. `of_highest(names, scores)` is the name that stands where the highest score
does. `majority(texts)` is the text that more than half of them are. `otlp(attributes)` is a list of keys and values, as the
OpenTelemetry protocol writes attributes in JSON, as an object.
"""

import json
import re
from typing import Any

import jmespath
import jmespath.functions

_PLAIN_VALUES = ("stringValue", "doubleValue", "boolValue", "bytesValue")
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


def unwrapped(value: Any) -> Any:
    """A value of the OpenTelemetry protocol (`AnyValue` in JSON) as plain JSON; integers, which it writes as texts, too.

    https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding

    >>> unwrapped({"arrayValue": {"values": [{"stringValue": "stop"}, {"intValue": "9"}]}})
    ['stop', 9]
    """
    match value:
        case {"arrayValue": {"values": [*values]}}:
            return [unwrapped(one) for one in values]
        case {"kvlistValue": {"values": [*values]}}:
            return _attributes(values)
        case {"intValue": int() | str() as number}:
            return (
                int(number) if str(number).removeprefix("-").isascii() and str(number).lstrip("-").isdigit() else None
            )
        case {"arrayValue": _}:
            return []
        case {"kvlistValue": _}:
            return {}
        case dict():
            return next((value[kind] for kind in _PLAIN_VALUES if kind in value), None)
    return None


def _attributes(pairs: list[Any]) -> dict[str, Any]:
    return {one["key"]: unwrapped(one.get("value")) for one in pairs if isinstance(one, dict) and "key" in one}


class _Functions(jmespath.functions.Functions):  # type: ignore[misc]  # it has no types
    @jmespath.functions.signature({"types": []})  # type: ignore[untyped-decorator]
    def _func_from_json(self, text: Any) -> Any:
        return parsed(text) if text is None or isinstance(text, str) else text

    @jmespath.functions.signature({"types": ["array", "null"]})  # type: ignore[untyped-decorator]
    def _func_otlp(self, attributes: list[Any] | None) -> Any:
        return None if attributes is None else _attributes(attributes)

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
