"""Every module has its test file in the room of the tests, or one table says which test file is the one that tries it.

A test file tries a module if it imports it, or imports what imports it: through modules of the module's own room, and at most
two outside of it.
What a test starts as a command of its own counts as imported: `second-reader`, and a module named in a text.
"""

import ast
import functools
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
PRODUCT = ("models", "review", "flows", "deploy")
COMMAND = ("second-reader", "flows.commands.main")  # what a test starts, and the module that it is

# Test file -> modules without a file of their own that it tries more than any other does.
TRIED: dict[str, str] = {
    "tests/e2e/test_bad_input.py": "review.queries.rejected",
    "tests/e2e/test_demo.py": "deploy.demo.__main__ deploy.demo.alarm deploy.demo.guide deploy.demo.rounds",
    "tests/e2e/test_doctor.py": "flows.health.doctor",
    "tests/e2e/test_drift.py": "flows.commands.governance flows.queueing.redispatch",
    "tests/e2e/test_export.py": ("flows.commands.export flows.handover.export flows.handover.purpose_files"),
    "tests/e2e/test_owner_in_prefect.py": "flows.adopt flows.runtime.artifacts flows.runtime.kept_events",
    "tests/e2e/test_prefect.py": "flows.runtime.flow_states flows.runtime.prefect_defaults flows.runtime.prefect_server",
    "tests/e2e/test_round.py": "flows.governance.opening",
    "tests/e2e/test_runners.py": "flows.score flows.scoring.workers",
    "tests/e2e/test_stored_pictures.py": "review.label_studio.storages",
    "tests/integration/adapter/test_changes.py": "review.label_studio.changes review.label_studio.listing",
    "tests/integration/adapter/test_connection.py": "review.label_studio.access",
    "tests/integration/adapter/test_import_tasks.py": (
        "review.label_studio.import_tasks review.label_studio.readback review.label_studio.search"
    ),
    "tests/integration/adapter/test_projects.py": "review.label_studio.projects",
    "tests/integration/test_backups.py": "review.retention.backups",
    "tests/integration/test_caution.py": "flows.governance.safeguards",
    "tests/integration/test_changed_answers.py": "flows.governance.revoked",
    "tests/integration/test_choices.py": (
        "flows.commands.choices flows.planning.choices review.choices.answer review.queries.waits review.report.choices_text"
    ),
    "tests/integration/test_dispatch.py": (
        "flows.dispatch flows.queueing.push flows.queueing.recovery review.health.label_studio_probe "
        "review.queries.pending_cases review.queries.sent_tasks"
    ),
    "tests/integration/test_dispatch_mended.py": "flows.collect flows.queueing.prefilled_answers",
    "tests/integration/test_disputes.py": "review.queries.adjudication review.queries.readings",
    "tests/integration/test_doubles.py": "review.label_studio.duplicates",
    "tests/integration/test_eras.py": "flows.governance.eras review.queries.certificates",
    "tests/integration/test_field_outcomes.py": "review.queries.field_outcomes review.report.field_rows",
    "tests/integration/test_finished.py": "review.queries.finished",
    "tests/integration/test_format_hint.py": "flows.inputs.format_hint",
    "tests/integration/test_first_look.py": "flows.governance.epochs flows.inputs.first_look",
    "tests/integration/test_governance.py": (
        "flows.governance.actions flows.governance.evidence flows.governance.recall review.queries.alarms "
        "review.queries.relook"
    ),
    "tests/integration/test_graded_fields.py": "review.queries.record_outcomes",
    "tests/integration/test_late_labels.py": "review.queries.suspicion",
    "tests/integration/test_learning.py": "flows.planning.learning",
    "tests/integration/test_ledger.py": (
        "review.ledger.appends review.ledger.frames review.ledger.ledger review.ledger.sealing"
    ),
    "tests/integration/test_requests.py": "flows.planning.shadow_request",
    "tests/integration/test_retrain.py": (
        "flows.planning.candidate_kinds flows.planning.candidates flows.retrain flows.scoring.reread "
        "review.queries.candidates review.queries.training_cases"
    ),
    "tests/integration/test_ledger_holds.py": "review.ledger.lock",
    "tests/integration/test_ledger_schema.py": "review.ledger.migrations.env review.ledger.schema",
    "tests/integration/test_ledger_verify.py": (
        "review.integrity.checks review.integrity.guards review.integrity.verify"
    ),
    "tests/integration/test_old_ledgers.py": (
        "review.ledger.migrations.versions.v0001_facts review.ledger.migrations.versions.v0002_eras "
        "review.ledger.migrations.versions.v0003_handouts review.ledger.migrations.versions.v0004_records "
        "review.ledger.migrations.versions.v0005_field_targets review.ledger.migrations.versions.v0006_shadows "
        "review.ledger.migrations.versions.v0007_choices review.ledger.migrations.versions.v0008_rescored"
    ),
    "tests/integration/test_outlays.py": "flows.commands.outlay flows.governance.outlays review.queries.outlays",
    "tests/integration/test_oversight.py": "review.queries.oversight",
    "tests/integration/test_parts.py": "review.queries.breakdowns",
    "tests/integration/test_payloads.py": "flows.scoring.payloads",
    "tests/integration/test_private_files.py": "review.private_files",
    "tests/integration/test_readers.py": "review.queries.overlap",
    "tests/integration/test_release.py": "flows.handover.outbox flows.release review.queries.handouts",
    "tests/integration/test_repeats.py": "flows.scoring.group_caps",
    "tests/integration/test_rerun.py": "flows.scoring.rescored",
    "tests/integration/test_rerun_people.py": "review.queries.items",
    "tests/integration/test_retention.py": (
        "flows.commands.retire flows.governance.retire review.integrity.retired review.ledger.archive "
        "review.ledger.removal review.retention.retirement"
    ),
    "tests/integration/test_reviewers.py": "deploy.demo.label_stream",
    "tests/integration/test_rules.py": "review.queries.ruled review.queries.watched",
    "tests/integration/test_shadows.py": (
        "flows.commands.shadow flows.planning.other_models flows.planning.shadows "
        "review.adoption.other_models "
        "review.queries.shadows review.report.other_models_text"
    ),
    "tests/integration/test_shadow_columns.py": "flows.scoring.other_rows",
    "tests/integration/test_promotion.py": (
        "deploy.demo.learning deploy.demo.model_change flows.planning.promotion "
        "flows.governance.shadow_evidence review.adoption.shadow_look"
    ),
    "tests/integration/test_silence.py": "review.queries.silence",
    "tests/integration/test_spending.py": (
        "flows.planning.choices_costs flows.planning.spending review.queries.changeovers review.choices.spending_text"
    ),
    "tests/integration/test_spread.py": "flows.scoring.decide",
    "tests/integration/test_stack.py": (
        "deploy.local.child deploy.local.keys deploy.local.label_studio_server deploy.local.postgres "
        "deploy.local.prefect_server deploy.local.servers deploy.local.stack"
    ),
    "tests/integration/test_states.py": "review.queries.collected review.queries.totals",
    "tests/integration/test_taken.py": "flows.inputs.taken_files review.queries.scored_files",
    "tests/integration/test_template.py": "deploy.local.template",
    "tests/integration/test_terms.py": "flows.runtime.runs review.queries.policy_history",
    "tests/integration/test_training_labels.py": "review.queries.training_labels",
    "tests/integration/test_warm.py": "flows.runtime.warm flows.runtime.warm_run",
    "tests/integration/test_webhook.py": "flows.handover.webhook review.health.release_findings",
    "tests/integration/test_whereabouts.py": "review.health.ledger_probe",
    "tests/integration/test_whose_project.py": "review.queries.registered",
    "tests/unit/deploy/test_datasets.py": (
        "deploy.demo.digits deploy.demo.prepared deploy.demo.tweet_archive deploy.demo.tweets"
    ),
    "tests/unit/deploy/test_receipts.py": (
        "deploy.demo.receipts deploy.demo.receipt_reader deploy.demo.receipt_text deploy.demo.record_fill"
    ),
    "tests/unit/deploy/test_reviewers.py": "deploy.demo.reviewers",
    "tests/unit/flows/commands/test_main.py": (
        "flows.commands.maintenance flows.commands.options flows.commands.terminal"
    ),
    "tests/unit/flows/inputs/test_class_names.py": "flows.inputs.parquet_files",
    "tests/unit/flows/inputs/test_containers.py": "flows.inputs.parquet_types",
    "tests/unit/flows/inputs/test_files.py": (
        "flows.inputs.csv_repair flows.inputs.parquet_bounds flows.inputs.text_blocks"
    ),
    "tests/unit/flows/inputs/test_first_fields.py": "models.outputs.field_guess models.outputs.stream_text",
    "tests/unit/flows/inputs/test_formats.py": (
        "flows.inputs.bare_csv_files flows.runtime.presets models.config.presets"
    ),
    "tests/unit/flows/inputs/test_guess.py": (
        "flows.commands.guess flows.inputs.readers flows.inputs.samples models.outputs.first_stream "
        "models.outputs.format_guess models.outputs.known_format"
    ),
    "tests/unit/flows/inputs/test_paths.py": (
        "flows.inputs.one_file flows.inputs.path_check models.config.score_table models.outputs.path_inside "
        "models.outputs.paths"
    ),
    "tests/unit/flows/scoring/test_pdf_pages.py": "flows.scoring.pdf_child",
    "tests/unit/flows/planning/test_study_field.py": (
        "flows.planning.question flows.planning.study_outcomes flows.planning.study_rows "
        "models.outputs.score_columns models.planning.attainable models.planning.looks models.planning.simulation "
        "review.report.study_text review.report.study_words"
    ),
    "tests/unit/models/answers/test_same.py": "models.answers.right_wrong",
    "tests/unit/models/classifiers/test_calibrator.py": "models.classifiers.folds models.classifiers.ranking",
    "tests/unit/models/classifiers/test_inference.py": "models.classifiers.features models.outputs.reserved",
    "tests/unit/models/config/test_stream.py": "models.config.input_table models.config.table",
    "tests/unit/models/evaluation/test_cost.py": "models.evaluation.slices",
    "tests/unit/models/evaluation/test_learning_curve.py": "models.evaluation.learned",
    "tests/unit/models/evaluation/test_group_intervals.py": "review.adoption.evidence_counts review.ledger.rollups",
    "tests/unit/models/outputs/test_contract.py": "models.columns",
    "tests/unit/models/outputs/test_scores.py": (
        "models.outputs.combined models.outputs.judges models.outputs.sampled_answers models.outputs.score_source "
        "models.outputs.token_scores"
    ),
    "tests/unit/models/planning/test_start.py": "review.report.starting",
    "tests/unit/models/planning/test_study.py": "models.planning.labelled models.planning.share_released",
    "tests/unit/review/choices/test_build_or_buy.py": "review.choices.asked",
    "tests/unit/review/label_studio/test_annotations.py": "review.ledger.review_outcome",
    "tests/unit/review/label_studio/test_record_form.py": (
        "review.label_studio.forms review.label_studio.record_results review.label_studio.record_tasks "
        "review.label_studio.unreadable"
    ),
    "tests/unit/review/ledger/test_database.py": "review.ledger.drivers",
    "tests/unit/review/ledger/test_layout.py": "review.ledger.tables",
    "tests/unit/review/ledger/test_seals.py": "review.integrity.chain",
    "tests/unit/review/queries/test_outcomes.py": "review.queries.confidence_levels",
    "tests/unit/review/report/test_report.py": (
        "review.report.charts.drawing review.report.charts.panels review.report.charts.risk_coverage "
        "review.report.terminal"
    ),
    "tests/unit/review/report/test_sentences.py": (
        "review.adoption.proposal review.adoption.verdict review.queries.blind_samples "
        "review.report.certificate_text review.report.changes review.report.estimate_text review.report.figures "
        "review.report.outlook review.report.rules_text review.report.silence_text review.report.slider "
        "review.report.summary"
    ),
}
ENTRIES = [(file, module) for file, modules in TRIED.items() for module in modules.split()]


def files(*folders: str) -> list[str]:
    """The Python files of these folders that git knows, or would on the next commit."""
    words = ["git", "ls-files", "--cached", "--others", "--exclude-standard", *folders]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True)
    return sorted(name for name in set(done.stdout.splitlines()) if name.endswith(".py") and (ROOT / name).exists())


def dotted(name: str) -> str:
    return name.removesuffix(".py").replace("/", ".")


MODULES = {dotted(name): name for name in files(*PRODUCT, "tests") if not name.endswith("__init__.py")}


INSIDE: dict[str, list[str]] = {}  # the modules below each folder
for _module in MODULES:
    for _folder in list(Path(MODULES[_module]).parents)[:-1]:
        INSIDE.setdefault(dotted(str(_folder)), []).append(_module)


def room(module: str) -> str:
    return module.rpartition(".")[0]


@functools.cache
def uses(module: str) -> frozenset[str]:
    """The modules of ours that one imports, or names in a text by which it starts them."""
    tree = ast.parse((ROOT / MODULES[module]).read_text(encoding="utf-8"))
    return frozenset(name for name in _named(tree, room(module)) if name in MODULES and name != module)


def _named(tree: ast.Module, room_: str) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (one.name for one in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            yield node.module
            yield from (f"{node.module}.{one.name}" for one in node.names)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield COMMAND[1] if node.value == COMMAND[0] else node.value
            yield f"{node.value}.__main__"  # of a package that is started
            yield f"{room_}.{node.value.removesuffix('.py')}"  # a file beside it that is started or loaded by its path
            yield from INSIDE.get(f"{room_}.{node.value}", ())  # or a folder


@functools.cache
def reached(test: str) -> frozenset[str]:
    """What a test file uses, itself or through the files of the tests that it uses or that pytest gives it."""
    given = {dotted(str(folder / "conftest.py")) for folder in Path(MODULES[test]).parents}.intersection(MODULES)
    todo, seen = [test, *given], {test, *given}
    while todo:
        for one in uses(todo.pop()) - seen:
            seen.add(one)
            todo += [one] if one.startswith("tests.") else []
    return frozenset(seen)


def tries(test: str, module: str) -> bool:
    """Whether a test file reaches a module: itself, through its room, or from at most two steps above that."""
    return bool(reached(test) & ways_to(module))


@functools.cache
def ways_to(module: str) -> frozenset[str]:
    """What a test file may reach in the place of a module."""
    ways = {module}
    while more := {one for one in MODULES if room(one) == room(module) and uses(one) & ways} - ways:
        ways |= more
    for _ in range(2):
        ways |= {one for one in MODULES if one.partition(".")[0] in PRODUCT and uses(one) & ways}
    return frozenset(ways)


def own(module: str) -> Path:
    """Where a module's own test file is, or would be."""
    path = Path(MODULES[module])
    return ROOT / "tests" / "unit" / path.parent / f"test_{path.name}"


def test_every_module_has_its_test_file_or_stands_in_the_table() -> None:
    listed = {module for _, module in ENTRIES}
    product = [module for module in MODULES if module.partition(".")[0] in PRODUCT]
    assert [module for module in product if not own(module).exists() and module not in listed] == []


def test_the_table_names_each_module_once_and_only_those_that_need_it() -> None:
    modules = [module for _, module in ENTRIES]
    assert sorted(modules) == sorted(set(modules))
    assert [module for module in modules if module not in MODULES or own(module).exists()] == []
    assert [file for file in TRIED if not (ROOT / file).is_file()] == []


@pytest.mark.parametrize("file", TRIED)
def test_the_test_file_reaches_what_the_table_says_it_tries(file: str) -> None:
    assert [module for module in TRIED[file].split() if not tries(dotted(file), module)] == []


def test_a_test_file_does_not_reach_what_it_has_nothing_to_do_with() -> None:
    assert not tries("tests.unit.models.test_timestamps", "models.certification.prefix")
    assert not tries("tests.integration.test_backups", "review.report.slider")
