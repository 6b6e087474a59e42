"""Lines that follow the documented shape of each format, made for these tests, with what they come to.

Long: one table, a row of it for each format.
"""

import io
import json
import tarfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Write = Callable[[Path], object]
Scored = dict[str, tuple[str | None, float | None]]


@dataclass(frozen=True, kw_only=True)
class Case:
    """`scored`: id -> prediction and score; `people`: id -> why a person gets it; `junk`: content -> what is said of it."""

    files: dict[str, bytes]
    scored: Scored
    people: dict[str, str] = field(default_factory=dict)
    keys: str = ""  # of [input] beside the format
    labels: tuple[str, ...] = ("bug", "billing")
    kind: str = "text"
    junk_name: str = "junk.jsonl"
    junk: tuple[bytes, str] = (b'{"other": 1}\n', "leads nowhere|is missing|none of its first")


def lines(*rows: object) -> bytes:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()


def tar(members: dict[str, bytes]) -> bytes:
    """A gzipped tar archive of plain files."""
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode="w:gz") as archive:
        for name, content in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return held.getvalue()


def answer(label: str, sure: float) -> str:
    return json.dumps({"label": label, "confidence": sure})


def _chat(case: str, choice: dict[str, Any] | None = None, *, status: int = 200, **body: Any) -> dict[str, Any]:
    reported: dict[str, Any] = {
        "id": f"chatcmpl-{case}",
        "object": "chat.completion",
        "created": 1790000000,
        "model": "m-1",
    }
    reported |= {"choices": [{"index": 0, "logprobs": None} | choice]} if choice else {}
    return {
        "id": f"batch_req_{case}",
        "custom_id": case,
        "response": {
            "status_code": status,
            "request_id": f"req-{case}",
            "body": (reported if status == 200 else {}) | body,
        },
        "error": None,
    }


def _completion(text: str | None, finish: str = "stop", refusal: str | None = None) -> dict[str, Any]:
    return {"message": {"role": "assistant", "content": text, "refusal": refusal}, "finish_reason": finish}


_NO_TIME = {
    "code": "batch_expired",
    "message": "This request could not be executed before the completion window expired.",
}
_LATE = {"id": "batch_req_9", "custom_id": "late", "response": None, "error": _NO_TIME}


def _response(case: str, content: list[dict[str, Any]], **body: Any) -> dict[str, Any]:
    output = [{"type": "reasoning", "summary": []}, {"type": "message", "role": "assistant", "content": content}]
    whole = {
        "id": f"resp_{case}",
        "object": "response",
        "status": "completed",
        "error": None,
        "incomplete_details": None,
    }
    reported = {"status_code": 200, "request_id": case, "body": whole | {"output": output} | body}
    return {"id": f"batch_req_{case}", "custom_id": case, "response": reported, "error": None}


def _text(text: str) -> list[dict[str, Any]]:
    return [{"type": "output_text", "text": text, "annotations": []}]


def _message(case: str, text: str, stop: str = "end_turn") -> dict[str, Any]:
    message: dict[str, Any] = {
        "id": f"msg_{case}",
        "type": "message",
        "role": "assistant",
        "model": "m-1",
        "stop_reason": stop,
    }
    message |= {"content": [{"type": "text", "text": text}] if text else [], "usage": {"input_tokens": 9}}
    return {"custom_id": case, "result": {"type": "succeeded", "message": message}}


def _bedrock(record: str, output: dict[str, Any] | None, **more: Any) -> dict[str, Any]:
    asked = {"recordId": record, "modelInput": {"messages": [{"role": "user", "content": "It broke"}]}}
    return asked | ({"modelOutput": output} if output else {}) | more


def _classes(*pairs: tuple[str, float]) -> list[dict[str, Any]]:
    return [{"Name": name, "Score": score} for name, score in pairs]


def _gemini(text: str | None, finish: str = "STOP", **more: Any) -> dict[str, Any]:
    candidate = {"content": {"role": "model", "parts": [{"text": text}] if text else []}, "finishReason": finish}
    asked = {"contents": [{"role": "user", "parts": [{"text": "It broke"}]}]}
    return {
        "status": "",
        "processed_time": "2026-11-01T10:00:00Z",
        "request": asked,
        "response": {"candidates": [candidate]},
    } | more


def _scores(*pairs: tuple[str, float]) -> list[dict[str, Any]]:
    return [{"label": label, "score": score} for label, score in pairs]


def _task(number: int, label: str | None, score: float | None, *people: str | None) -> dict[str, Any]:
    def result(choice: str) -> list[dict[str, Any]]:
        value = {"choices": [choice]}
        return [{"id": "r", "from_name": "answer", "to_name": "text", "type": "choices", "value": value}]

    results = [{"id": 1, "model_version": "m-1", "score": score, "result": result(label)}] if label else []
    reported = [
        {
            "id": place,
            "completed_by": place,
            "was_cancelled": one is None,
            "ground_truth": False,
            "result": result(one) if one else [],
        }
        for place, one in enumerate(people)
    ]
    return {
        "id": number,
        "data": {"text": f"Text {number}"},
        "annotations": reported,
        "predictions": results,
        "project": 1,
    }


def _record(record: str, label: str | None, score: float | None, *people: str) -> dict[str, Any]:
    reported = {"label": {"value": label, "score": score, "agent": "m-1"}} if label else {}
    by_name = {"label": [{"value": one, "user_id": f"u{place}"} for place, one in enumerate(people)]} if people else {}
    return {
        "id": record,
        "fields": {"text": f"Text {record}"},
        "suggestions": reported,
        "responses": by_name,
        "status": "pending",
    }


def _reviewed(task: int, label: str, score: float | None, text: str) -> dict[str, Any]:
    whole = {"text": f"Text {task}", "_input_hash": task, "_task_hash": task, "label": label, "score": score}
    return whole | {"answer": text, "_session_id": "s"}


def _azure(documents: list[tuple[str, float]]) -> dict[str, Any]:
    reported = [{"docType": kind, "confidence": sure, "spans": [], "boundingRegions": []} for kind, sure in documents]
    result = {"apiVersion": "2024-11-30", "modelId": "mail", "content": "It broke", "pages": [], "documents": reported}
    return {"status": "succeeded", "createdDateTime": "2026-11-01T10:00:00Z", "analyzeResult": result}


def _document(text: str, *entities: tuple[str, float]) -> dict[str, Any]:
    reported = [{"type": kind, "confidence": sure} for kind, sure in entities]
    return {"mimeType": "application/pdf", "text": text, "pages": [], "entities": reported}


def _lending(status: str, *kinds: tuple[str, float]) -> dict[str, Any]:
    reported = [{"Value": kind, "Confidence": sure} for kind, sure in kinds]
    results = (
        [{"Page": 1, "PageClassification": {"PageType": reported, "PageNumber": []}, "Extractions": []}]
        if reported
        else []
    )
    return {
        "JobStatus": status,
        "Results": results,
        "AnalyzeLendingModelVersion": "1.0",
        "DocumentMetadata": {"Pages": 1},
    }


def _observation(observation: str, output: str | None, **more: Any) -> dict[str, Any]:
    whole = {
        "id": observation,
        "traceId": "t",
        "type": "GENERATION",
        "startTime": "2026-11-01T10:00:00Z",
        "level": "DEFAULT",
    }
    return whole | {"input": "It broke", "output": output, "statusMessage": None} | more


def _trace(
    trace: str, output: object, state: str = "OK", message: str = "", expected: str | None = None
) -> dict[str, Any]:
    inputs = json.dumps({"messages": [{"role": "user", "content": f"Mail {trace}"}]})
    attributes = {"mlflow.spanInputs": inputs, "mlflow.spanFunctionName": '"classify"'}
    attributes |= {} if output is None else {"mlflow.spanOutputs": json.dumps(output)}
    root = {"span_id": "r", "parent_span_id": None, "status": {"code": f"STATUS_CODE_{state}", "message": message}}
    inner = {"span_id": "i", "parent_span_id": "r", "attributes": {"mlflow.spanOutputs": '"inner"'}}
    expectation = {
        "assessment_name": "label",
        "source": {"source_type": "HUMAN", "source_id": "ann"},
        "expectation": {"value": expected},
    }
    info = {"trace_id": trace, "state": state, "assessments": [expectation] if expected else []}
    return {"info": info, "data": {"spans": [inner, root | {"attributes": attributes}]}}


def _any(value: object) -> dict[str, Any]:
    """A value as the OpenTelemetry protocol writes it in JSON."""
    if isinstance(value, dict):
        return {"kvlistValue": {"values": _pairs(value)}}
    if isinstance(value, list):
        return {"arrayValue": {"values": [_any(one) for one in value]}}
    return {"intValue": str(value)} if isinstance(value, int) else {"stringValue": value}


def _pairs(attributes: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"key": key, "value": _any(value)} for key, value in attributes.items()]


def _span(span: str, messages: object, finish: str = "stop", status: dict[str, Any] | None = None) -> dict[str, Any]:
    asked = [{"role": "user", "parts": [{"type": "text", "content": f"Mail {span}"}]}]
    attributes: dict[str, Any] = {"gen_ai.operation.name": "chat", "gen_ai.usage.input_tokens": 9}
    attributes |= {"gen_ai.response.finish_reasons": [finish]}
    if messages is not None:
        attributes |= {"gen_ai.input.messages": json.dumps(asked), "gen_ai.output.messages": messages}
    return {"traceId": "t", "spanId": span, "name": "chat m-1", "kind": 3} | {
        "attributes": _pairs(attributes),
        "status": status or {},
    }


def _output(text: str) -> list[dict[str, Any]]:
    return [{"role": "assistant", "parts": [{"type": "text", "content": text}], "finish_reason": "stop"}]


def _spans(*spans: dict[str, Any]) -> dict[str, Any]:
    scopes = [{"scope": {"name": "x"}, "spans": list(spans)}]
    return {"resourceSpans": [{"resource": {"attributes": _pairs({"service.name": "mail"})}, "scopeSpans": scopes}]}


_OTHER_SPAN = {"traceId": "t", "spanId": "http", "name": "GET /", "kind": 1, "status": {}}


def _job(documents: list[dict[str, Any]], errors: list[dict[str, Any]]) -> dict[str, Any]:
    results = {"documents": documents, "errors": errors, "projectName": "mail", "deploymentName": "d"}
    task = {"kind": "CustomSingleLabelClassificationLROResults", "status": "succeeded", "results": results}
    tasks = {"completed": 1, "failed": 0, "inProgress": 0, "total": 1, "items": [task]}
    return {"jobId": "job-1", "status": "succeeded", "errors": [], "tasks": tasks}


def _classified(document: str, label: str, sure: float) -> dict[str, Any]:
    return {"id": document, "class": [{"category": label, "confidenceScore": sure}], "warnings": []}


def _identity(kind: str | None, sure: float = 0.0) -> dict[str, Any]:
    fields = [{"Type": {"Text": "FIRST_NAME"}, "ValueDetection": {"Text": "ANA", "Confidence": 99.0}}]
    fields += [{"Type": {"Text": "ID_TYPE"}, "ValueDetection": {"Text": kind, "Confidence": sure}}]
    documents = [{"DocumentIndex": 1, "IdentityDocumentFields": fields if kind else []}]
    return {"IdentityDocuments": documents, "DocumentMetadata": {"Pages": 1}, "AnalyzeIDModelVersion": "1.0"}


def _labelled(example: int, label: list[str], guess: str | None, sure: float | None) -> dict[str, Any]:
    whole = {"id": example, "text": f"Text {example}", "guess": guess, "sure": sure}
    return whole | {"label": label, "Comments": []}


def _data_row(row: str, guess: str | None, sure: float | None, *people: str) -> dict[str, Any]:
    def label(one: str) -> dict[str, Any]:
        radio = {"name": "team", "value": "team", "radio_answer": {"name": one, "value": one, "classifications": []}}
        annotations = {"objects": [], "classifications": [radio], "relationships": []}
        return {"label_kind": "Default", "id": "l", "annotations": annotations}

    fields = [{"schema_name": "guess", "value": guess}, {"schema_name": "sure", "value": sure}]
    data_row = {"id": f"cl{row}", "global_key": row, "row_data": f"https://example.com/{row}.txt"}
    return {
        "data_row": data_row,
        "metadata_fields": fields,
        "projects": {"p": {"name": "Mail", "labels": [label(one) for one in people]}},
    }


def _work(*rows: str) -> bytes:
    before = "HITId,HITTypeId,Title,AssignmentId,WorkerId,AssignmentStatus,RequesterFeedback,WorkTimeInSeconds"
    return (
        "\n".join([f"{before},Input.text,Input.label,Input.score,Answer.category.label,Approve,Reject", *rows]) + "\n"
    ).encode()


_FIELD = "metadata_fields[?schema_name=='{}'].value | [0]"
_SPAN_TEXT = 'from_json(otlp(attributes)."gen_ai.output.messages")[0].parts[0].content'
_ROOT = 'from_json(data.spans[?!parent_span_id].attributes."mlflow.spanOutputs" | [0])'

_CHAT = "response.body.choices[0].message.content"
_CHAT_KEYS = (
    f'prediction = "from_json({_CHAT}).label"\nconfidence = "from_json({_CHAT}).confidence"\npayload = ["custom_id"]'
)
_SHOWN = 'payload = ["custom_id"]'
_RESPONSE = "response.body.output[?type=='message'].content[] | [0].text"
_BEDROCK = "modelOutput.content[0].text"

CASES: dict[str, Case] = {
    "openai-batch": Case(
        files={
            "batch_1_output.jsonl": lines(
                _chat("a", _completion(answer("bug", 0.9))),
                _chat("b", _completion(f"```json\n{answer('billing', 0.7)}\n```")),
                _chat("refused", _completion(None, refusal="I cannot help with that.")),
                _chat("filtered", _completion(None, "content_filter")),
                _chat("cut", _completion('{"label": "bu', "length")),
            ),
            "batch_1_error.jsonl": lines(
                _LATE, _chat("many", status=429, error={"code": "rate_limit", "message": "Rate limit reached"})
            ),
        },
        keys=_CHAT_KEYS,
        scored={"a": ("bug", 0.9), "b": ("billing", 0.7)},
        people={
            "refused": "the model refused: I cannot help with that.",
            "filtered": "the platform filtered the answer: content_filter",
            "cut": "the answer was cut off: length",
            "late": f"the platform gave no answer: {_NO_TIME['message']}",
            "many": "the platform answered with an error: Rate limit reached",
        },
    ),
    "openai-batch-responses": Case(
        files={
            "output.jsonl": lines(
                _response("a", _text(answer("bug", 0.9))),
                _response("refused", [{"type": "refusal", "refusal": "No."}]),
                _response("cut", _text('{"l'), status="incomplete", incomplete_details={"reason": "max_output_tokens"}),
                _response("filtered", _text(""), status="incomplete", incomplete_details={"reason": "content_filter"}),
                _response("failed", [], status="failed", error={"code": "server_error", "message": "Try again"}),
                _LATE,
            )
        },
        keys=f'prediction = "from_json({_RESPONSE}).label"\nconfidence = "from_json({_RESPONSE}).confidence"\n{_SHOWN}',
        scored={"a": ("bug", 0.9)},
        people={
            "refused": "the model refused: No.",
            "cut": "the answer was cut off: max_output_tokens",
            "filtered": "the platform filtered the answer: content_filter",
            "failed": "the answer was not completed: Try again",
            "late": f"the platform gave no answer: {_NO_TIME['message']}",
        },
    ),
    "anthropic-batch": Case(
        files={
            "results.jsonl": lines(
                _message("a", answer("bug", 0.9)),
                _message("refused", "", "refusal"),
                _message("cut", '{"lab', "max_tokens"),
                {
                    "custom_id": "wrong",
                    "result": {
                        "type": "errored",
                        "error": {
                            "type": "error",
                            "error": {"type": "invalid_request_error", "message": "max_tokens: required"},
                        },
                    },
                },
                {"custom_id": "late", "result": {"type": "expired"}},
                {"custom_id": "stopped", "result": {"type": "canceled"}},
            )
        },
        keys="""prediction = "from_json(result.message.content[0].text).label"
confidence = "from_json(result.message.content[0].text).confidence"
payload = ["custom_id"]""",
        scored={"a": ("bug", 0.9)},
        people={
            "refused": "the model refused: refusal",
            "cut": "the answer was cut off: max_tokens",
            "wrong": "the platform answered with an error: max_tokens: required",
            "late": "the platform gave no answer: expired",
            "stopped": "the platform gave no answer: canceled",
        },
    ),
    "bedrock-batch": Case(
        files={
            "records.jsonl.out": lines(
                _bedrock("R1", {"content": [{"type": "text", "text": answer("bug", 0.9)}], "stop_reason": "end_turn"}),
                _bedrock("R2", {"content": [{"type": "text", "text": '{"la'}], "stop_reason": "max_tokens"}),
                _bedrock("R3", None, error={"errorCode": 400, "errorMessage": "bad request"}),
                _bedrock("R4", {"content": [{"type": "text", "text": ""}], "stopReason": "guardrail_intervened"}),
            ),
            "manifest.json.out": lines({"totalRecordCount": 4, "successRecordCount": 3, "errorRecordCount": 1}),
        },
        keys=f'prediction = "from_json({_BEDROCK}).label"\nconfidence = "from_json({_BEDROCK}).confidence"',
        scored={"R1": ("bug", 0.9)},
        people={
            "R2": "the answer was cut off: max_tokens",
            "R3": "the platform answered with an error: 400 bad request",
            "R4": "the answer was refused or filtered: guardrail_intervened",
        },
        junk_name="junk.jsonl.out",
    ),
    "comprehend": Case(
        files={
            "output.tar.gz": tar(
                {
                    "predictions.jsonl": lines(
                        {"File": "a.txt", "Line": "0", "Classes": _classes(("bug", 0.8), ("billing", 0.2))},
                        {"File": "a.txt", "Line": "1", "Classes": _classes(("bug", 0.3), ("billing", 0.7))},
                        {"File": "b.txt", "Classes": _classes(("bug", 0.6), ("billing", 0.4))},
                        {
                            "File": "a.txt",
                            "Line": "2",
                            "ErrorCode": "TEXT_SIZE_LIMIT_EXCEEDED",
                            "ErrorMessage": "Input is too long",
                        },
                    )
                }
            )
        },
        kind="record",
        scored={"a.txt:0": ("bug", 0.8), "a.txt:1": ("billing", 0.7), "b.txt": ("bug", 0.6)},
        people={"a.txt:2": "the platform answered with an error: Input is too long"},
        junk_name="junk.tar.gz",
        junk=(b"no archive", "not a tar archive, or cut off"),
    ),
    "sagemaker-jsonl": Case(
        files={
            "data.jsonl.out": lines(
                {"id": "a", "text": "It broke", "SageMakerOutput": _scores(("billing", 0.2), ("bug", 0.8))},
                {"id": "b", "text": "Money", "SageMakerOutput": {"label": ["billing"], "prob": [0.7]}},
                {
                    "id": "c",
                    "text": "Odd",
                    "SageMakerOutput": {"predictions": [{"predicted_label": "bug", "score": 0.6}]},
                },
                {"id": "d", "text": "Gone", "SageMakerOutput": None},
            )
        },
        keys='payload = ["text"]',
        scored={"a": ("bug", 0.8), "b": ("billing", 0.7), "c": ("bug", 0.6)},
        people={"d": "no confidence"},
        junk_name="junk.jsonl.out",
    ),
    "sagemaker-csv": Case(
        files={"data.csv.out": b'a,"It broke, again",0.1,bug,0.8\nb,Money,0.9,billing,0.7\nc,Odd,0.5,,\n'},
        keys='prediction = "column 4"\nconfidence = "column 5"\npayload = ["column 2"]',
        scored={"a": ("bug", 0.8), "b": ("billing", 0.7)},
        people={"c": "no confidence"},
        junk_name="junk.csv.out",
        junk=(b"a,b\n", "column 'column 4', 'column 5' is missing"),
    ),
    "transformers": Case(
        files={
            "rows.jsonl": lines(
                {"text": "It broke", "output": _scores(("bug", 0.9))},
                {"text": "Money", "output": _scores(("bug", 0.3), ("billing", 0.7))},
                {"text": "Odd", "output": None},
            )
        },
        scored={"rows.jsonl:1": ("bug", 0.9), "rows.jsonl:2": ("billing", 0.7)},
        people={"rows.jsonl:3": "no confidence"},
    ),
    "transformers-zero-shot": Case(
        files={
            "rows.json": json.dumps(
                [
                    {"sequence": "It broke", "labels": ["bug", "billing"], "scores": [0.9, 0.1]},
                    {"sequence": "Money", "labels": ["bug", "billing"], "scores": [0.3, 0.7]},
                    {"sequence": "Odd", "labels": ["bug"], "scores": []},
                ]
            ).encode()
        },
        scored={"rows.json:1": ("bug", 0.9), "rows.json:2": ("billing", 0.7)},
        people={"rows.json:3": "no confidence"},
        junk_name="junk.json",
        junk=(b'[{"sequence": "x"', "not JSON at item 1"),
    ),
    "spacy": Case(
        files={
            "docs.jsonl": lines(
                {"text": "It broke", "cats": {"bug": 0.8148643374443054, "billing": 0.18513567745685577}, "tokens": []},
                {"text": "Odd", "cats": {}, "tokens": []},
            )
        },
        scored={"docs.jsonl:1": ("bug", 0.8148643374443054)},
        people={"docs.jsonl:2": "no confidence"},
    ),
    "label-studio-tasks": Case(
        files={
            "tasks.json": json.dumps([_task(1, "bug", 0.9), _task(2, "billing", 0.7), _task(3, None, None)]).encode()
        },
        scored={"1": ("bug", 0.9), "2": ("billing", 0.7)},
        people={"3": "no confidence"},
        junk_name="junk.json",
        junk=(b"[1, 2]", "none of its first"),
    ),
    "label-studio-export": Case(
        files={
            "export.json": json.dumps(
                [_task(1, "bug", 0.9, "bug", "bug"), _task(2, "billing", 0.7, None, "bug")]
            ).encode()
        },
        scored={"1": ("bug", 0.9), "2": ("billing", 0.7)},
        junk_name="junk.json",
        junk=(b'[{"data": ' + b"[" * 100_000, "nested deeper"),
    ),
    "vertex-gemini": Case(
        files={
            "predictions.jsonl": lines(
                _gemini(answer("bug", 0.9)),
                _gemini(None, "SAFETY"),
                _gemini('{"lab', "MAX_TOKENS"),
                _gemini(None, status="Bad Request: the file could not be read", response={}),
                _gemini(None, response={"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}}),
            )
        },
        keys="""prediction = "from_json(response.candidates[0].content.parts[0].text).label"
confidence = "from_json(response.candidates[0].content.parts[0].text).confidence\"""",
        scored={"predictions.jsonl:1": ("bug", 0.9)},
        people={
            "predictions.jsonl:2": "the platform stopped the answer: SAFETY",
            "predictions.jsonl:3": "the answer was cut off: MAX_TOKENS",
            "predictions.jsonl:4": "the platform answered with an error: Bad Request: the file could not be read",
            "predictions.jsonl:5": "the platform filtered the request: PROHIBITED_CONTENT",
        },
    ),
    "vertex-classification": Case(
        files={
            "prediction.results-00000-of-00001": lines(
                {
                    "instance": {"content": "gs://bucket/a.txt", "mimeType": "text/plain"},
                    "prediction": {"ids": ["1", "2"], "displayNames": ["bug", "billing"], "confidences": [0.2, 0.8]},
                },
                {
                    "instance": {"content": "gs://bucket/b.txt"},
                    "error": {"status": "NOT_FOUND", "message": "No such object"},
                },
            ),
            "prediction.errors_stats-00000-of-00001": b"{}\n",
            "errors_0001.jsonl": lines(
                {
                    "content": "gs://bucket/c.txt",
                    "mimeType": "text/plain",
                    "error": {"code": 3, "message": "The file is empty"},
                }
            ),
        },
        scored={"gs://bucket/a.txt": ("billing", 0.8)},
        people={
            "gs://bucket/b.txt": "the platform answered with an error: No such object",
            "gs://bucket/c.txt": "the platform answered with an error: The file is empty",
        },
    ),
    "argilla": Case(
        files={
            "records.json": json.dumps(
                [_record("1", "bug", 0.9, "bug", "bug"), _record("2", "billing", 0.7, "bug"), _record("3", None, None)]
            ).encode()
        },
        scored={"1": ("bug", 0.9), "2": ("billing", 0.7)},
        people={"3": "no confidence"},
        junk_name="junk.json",
        junk=(b'{"id": "1"', "not JSON at item 1"),
    ),
    "prodigy": Case(
        files={
            "db-out.jsonl": lines(
                _reviewed(7, "bug", 0.9, "accept"),
                _reviewed(8, "billing", 0.7, "reject"),
                _reviewed(9, "bug", None, "ignore"),
            )
        },
        scored={"7:s": ("bug", 0.9), "8:s": ("billing", 0.7)},
        people={"9:s": "no confidence"},
    ),
    "ground-truth": Case(
        files={
            "output.manifest": lines(
                {
                    "source": "It broke",
                    "kind": 0,
                    "kind-metadata": {"class-name": "bug", "confidence": 0.8, "human-annotated": "no"},
                },
                {
                    "source-ref": "s3://b/a.txt",
                    "kind": 1,
                    "kind-metadata": {"class-name": "billing", "confidence": 0.7},
                },
                {"source": "Odd", "kind-metadata": {"failure-reason": "the worker's answer could not be read"}},
            )
        },
        scored={"It broke": ("bug", 0.8), "s3://b/a.txt": ("billing", 0.7)},
        people={"Odd": "the labeling job failed: the worker's answer could not be read"},
    ),
    "azure-document-classifier": Case(
        files={
            "a.json": json.dumps(_azure([("bug", 0.8), ("billing", 0.2)]), indent=2).encode(),
            "b.json": json.dumps(
                {"status": "failed", "error": {"code": "Bad", "message": "The file is corrupted"}}
            ).encode(),
        },
        scored={"a.json": ("bug", 0.8)},
        people={"b.json": "the platform gave no answer: The file is corrupted"},
        junk_name="junk.json",
        junk=(b'{"status": ', "not JSON at item 1"),
    ),
    "google-document-classifier": Case(
        files={
            "a-0.json": json.dumps(_document("It broke", ("bug", 0.8), ("billing", 0.2))).encode(),
            "b-0.json": json.dumps(_document("?") | {"error": {"code": 3, "message": "Unsupported input"}}).encode(),
        },
        scored={"a-0.json": ("bug", 0.8)},
        people={"b-0.json": "the platform answered with an error: Unsupported input"},
        junk_name="junk.json",
        junk=(b'{"x": 1}', "is missing|leads nowhere"),
    ),
    "textract-lending": Case(
        files={
            "a.json": json.dumps(_lending("SUCCEEDED", ("billing", 20.5), ("bug", 79.5))).encode(),
            "b.json": json.dumps(_lending("FAILED") | {"StatusMessage": "UNSUPPORTED_DOCUMENT"}).encode(),
        },
        kind="record",
        scored={"a.json": ("bug", 0.795)},
        people={"b.json": "the platform gave no answer: UNSUPPORTED_DOCUMENT"},
        junk_name="junk.json",
        junk=(b'{"x": 1}', "is missing|leads nowhere"),
    ),
    "langfuse": Case(
        files={
            "observations.jsonl": lines(
                _observation("a", answer("bug", 0.9)),
                _observation("b", None, level="ERROR", statusMessage="429 Too Many Requests"),
            )
        },
        keys='prediction = "from_json(output).label"\nconfidence = "from_json(output).confidence"',
        scored={"a": ("bug", 0.9)},
        people={"b": "the call failed: 429 Too Many Requests"},
    ),
    "fasttext": Case(
        files={
            "rows.fasttext": b"It broke\t__label__bug 0.998428 __label__billing 0.00159208\n"
            b"a tab\tin it\t__label__billing 1.00001 __label__bug 1.00001e-05\n"
            b"below the threshold\t\n"
        },
        scored={"rows.fasttext:1": ("bug", 0.998428), "rows.fasttext:2": ("billing", 1.0)},
        people={"rows.fasttext:3": "no confidence"},
        junk_name="junk.fasttext",
        junk=(b"It broke\n", "not lines of fastText's predict-prob; __label__ stands nowhere in its first lines"),
    ),
    "mlflow-traces": Case(
        files={
            "traces.json": json.dumps(
                {
                    "traces": [
                        _trace("a", {"label": "bug", "confidence": 0.9}, expected="bug"),
                        _trace("b", {"label": "billing", "confidence": 0.7}),
                        _trace("failed", None, "ERROR", "ValueError: 429 Too Many Requests"),
                        _trace("running", None, "IN_PROGRESS"),
                    ]
                }
            ).encode(),
            "more.jsonl": lines(
                _trace("c", {"label": "bug", "confidence": 0.6}),
                _trace("cut", {"choices": [{"message": {"content": '{"la'}, "finish_reason": "length"}]}),
            ),
        },
        keys=f"prediction = '{_ROOT}.label'\nconfidence = '{_ROOT}.confidence'",
        scored={"a": ("bug", 0.9), "b": ("billing", 0.7), "c": ("bug", 0.6)},
        people={
            "failed": "the call failed: ValueError: 429 Too Many Requests",
            "running": "the call has not ended: IN_PROGRESS",
            "cut": "the answer was cut off: length",
        },
    ),
    "opentelemetry-genai": Case(
        files={
            "spans.jsonl": lines(
                _spans(
                    _span("a", json.dumps(_output(answer("bug", 0.9)))),
                    _OTHER_SPAN,
                    _span("b", _output(answer("billing", 0.7))),  # structured, as the conventions would have it
                ),
                _spans(_OTHER_SPAN),
                _spans(
                    _span("failed", None, status={"code": 2, "message": "429 Too Many Requests"}),
                    _span("cut", json.dumps(_output('{"la')), "length"),
                    _span("filtered", None, "content_filter"),
                ),
            )
        },
        keys=f"prediction = 'from_json({_SPAN_TEXT}).label'\nconfidence = 'from_json({_SPAN_TEXT}).confidence'",
        scored={"t:a": ("bug", 0.9), "t:b": ("billing", 0.7)},
        people={
            "t:failed": "the call failed: 429 Too Many Requests",
            "t:cut": "the answer was cut off: length",
            "t:filtered": "the platform filtered the answer: content_filter",
        },
    ),
    "azure-text-classification": Case(
        files={
            "job.json": json.dumps(
                _job(
                    [_classified("a", "bug", 0.8), _classified("b", "billing", 0.7)],
                    [{"id": "c", "error": {"code": "InvalidDocument", "message": "Document text is empty."}}],
                )
            ).encode(),
            "failed.json": json.dumps(
                {
                    "jobId": "job-2",
                    "status": "failed",
                    "errors": [{"code": "InternalServerError", "message": "The job could not be run."}],
                    "tasks": {"completed": 0, "failed": 1, "inProgress": 0, "total": 1},
                }
            ).encode(),
        },
        keys='payload = ["id || jobId"]',
        kind="record",
        scored={"a": ("bug", 0.8), "b": ("billing", 0.7)},
        people={
            "c": "the platform answered with an error: Document text is empty.",
            "job-2": "the platform gave no answer: The job could not be run.",
        },
        junk_name="junk.json",
        junk=(b'{"x": 1}', "is missing|leads nowhere"),
    ),
    "textract-id": Case(
        files={
            "a.json": json.dumps(_identity("bug", 79.5)).encode(),
            "b.json": json.dumps(_identity(None)).encode(),
        },
        kind="record",
        scored={"a.json": ("bug", 0.795)},
        people={"b.json": "the platform recognised no identity document"},
        junk_name="junk.json",
        junk=(b'{"x": 1}', "is missing|leads nowhere"),
    ),
    "doccano": Case(
        files={
            "all.jsonl": lines(
                _labelled(1, ["bug"], "bug", 0.9),
                _labelled(2, ["bug", "billing"], "billing", 0.7),
                _labelled(3, [], None, None),
            )
        },
        keys='prediction = "guess"\nconfidence = "sure"',
        scored={"1": ("bug", 0.9), "2": ("billing", 0.7)},
        people={"3": "no confidence"},
    ),
    "labelbox": Case(
        files={
            "export.ndjson": lines(
                _data_row("a", "bug", 0.9, "bug", "bug"), _data_row("b", "billing", 0.7), _data_row("c", None, None)
            )
        },
        keys=f'prediction = "{_FIELD.format("guess")}"\nconfidence = "{_FIELD.format("sure")}"',
        scored={"a": ("bug", 0.9), "b": ("billing", 0.7)},
        people={"c": "no confidence"},
    ),
    "mturk": Case(
        files={
            "Batch_1_batch_results.csv": _work(
                'H1,T,Mail,A1,W1,Approved,,9,"It broke, again",bug,0.9,bug,x,',
                'H1,T,Mail,A2,W2,Submitted,,7,"It broke, again",bug,0.9,billing,,',
                "H2,T,Mail,A3,W1,Rejected,Answered in one second,1,Money,billing,0.7,bug,,x",
            )
        },
        keys='prediction = "Input.label"\nconfidence = "Input.score"\npayload = ["Input.text"]',
        scored={"A1": ("bug", 0.9), "A2": ("bug", 0.9)},
        people={"A3": "the work was rejected: Answered in one second"},
        junk_name="junk.csv",
        junk=(b"a,b\n1,2\n", "is missing"),
    ),
}
