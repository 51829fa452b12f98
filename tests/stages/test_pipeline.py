"""The whole way on a tiny portfolio: what each stage writes, logs and refuses."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from delinquency.config import load
from delinquency.errors import ChoiceError, DelinquencyError, MissingArtifactError, ModelError
from delinquency.panel.schema import protected_columns
from delinquency.pipeline import evaluation
from delinquency.pipeline.prepared_features import prepare
from delinquency.reasons import reason_explainer
from delinquency.reasons.reason_explainer import ReasonExplainer
from delinquency.stages import run_stage
from delinquency.traits import EVIDENCE_LEVELS, TRAITS

pytestmark = pytest.mark.slow
NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
TINY = [
    "data.n_accounts=1000", "data.audit_accounts=60", "data.audit_paths=20",
    "model.n_estimators=40", "evaluation.n_boot=20", "n_threads=1",
]  # fmt: skip


def run(root, stage, *overrides, tiny=TINY):
    config = load([f"stage={stage}", f"paths.root={root}", *tiny, *overrides])
    run_stage(config)
    return config


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    root = tmp_path_factory.mktemp("project")
    run(root, "train")
    return root


@pytest.fixture(scope="module")
def explained(trained):
    return pd.read_parquet(trained / "data/processed/synthetic/explanations.parquet")


def test_every_row_adds_up_and_carries_evidence_and_reasons(explained):
    traits = explained[[f"trait_{key}" for key in TRAITS]].sum(axis=1)
    error = (explained["base_value"] + traits - explained["raw_score"]).abs().max()
    assert error < 1e-9
    assert np.allclose(explained["pd_hat"], 1 / (1 + np.exp(-explained["raw_score"])))
    for key in TRAITS:
        assert set(explained[f"evidence_{key}"]) <= set(EVIDENCE_LEVELS)
    assert {"reason_1", "reason_2", "reason_3", "reason_4", "reason_zh_1"} <= set(explained)
    assert (explained["reason_1"] != "").any()


@pytest.mark.parametrize("checked", [10, 10_000])
def test_values_that_do_not_add_up_to_the_boosters_score_are_refused(
    trained, monkeypatch, checked
):
    from dataclasses import replace

    from delinquency.shapley import TraitExplainer

    exact = TraitExplainer.explain

    def off(self, X, **choices):
        right = exact(self, X, **choices)
        return replace(right, base_value=right.base_value + 1e-6, raw_score=right.raw_score + 1e-6)

    monkeypatch.setattr(reason_explainer, "CHECKED_ROWS", checked)
    run(trained, "explain", "tracking=none")
    monkeypatch.setattr(TraitExplainer, "explain", off)
    with pytest.raises(ModelError, match="add up to the raw score"):
        run(trained, "explain", "tracking=none")


def test_the_figures_of_the_traits_lie_beside_the_others(trained):
    folder = trained / "reports/synthetic/figures"
    for name in ("trait_bars", "trait_beeswarm", "trait_waterfall", "roc"):
        assert (folder / f"{name}.png").read_bytes().startswith(b"\x89PNG"), name


def test_the_test_part_is_every_account_after_all_outcomes_of_training(trained):
    split = pd.read_parquet(trained / "models/synthetic/split.parquet")
    train, test = (split[split["part"] == part] for part in ("train", "test"))
    known_by = train["observation_month"].max() + pd.DateOffset(months=12)
    assert known_by < test["observation_month"].min()
    later = split[split["observation_month"] == split["observation_month"].max()]
    assert set(test["account_id"]) == set(later["account_id"])
    result = json.loads((trained / "reports/synthetic/evaluation.json").read_text())
    assert result["n"] == len(test)
    assert result["how"].startswith("out of time")
    assert result["accounts"] == "synthetic"
    auc = result["metrics"]["roc_auc"]
    assert auc["low"] <= auc["value"] <= auc["high"]


def test_no_protected_attribute_enters_the_model(trained):
    model = json.loads((trained / "models/synthetic/model.json").read_text())
    meanings = json.loads((trained / "models/synthetic/meanings.json").read_text())
    used = {*model["features"], *(need for one in meanings for need in one["needs"])}
    assert {"statements.days_past_due", "days_past_due"} & used
    assert used.isdisjoint(protected_columns())
    assert not any(name.startswith(("sex", "age", "marital")) for name in used)


def test_the_trees_learn_from_the_late_payments_that_followed_and_no_feature_tells_them(trained):
    model = json.loads((trained / "models/synthetic/model.json").read_text())
    assert "late spells" in model["metadata"]["target"]
    labels = pd.read_parquet(trained / "data/processed/synthetic/labels.parquet")
    assert labels["late_spells"].max() > 0
    features = pd.read_parquet(trained / "data/processed/synthetic/features.parquet")
    assert not {"bad", "late_now", "late_spells"} & set(features.columns)


def test_the_run_is_finished_named_and_tagged_as_synthetic(trained):
    import mlflow

    mlflow.set_tracking_uri(f"sqlite:///{trained / 'mlflow.db'}")
    facts = json.loads((trained / "models/synthetic/facts.json").read_text())
    kept = mlflow.get_run(facts["run_id"])
    assert kept.info.status == "FINISHED"
    assert kept.data.tags["accounts"] == "synthetic"
    assert "roc_auc" in kept.data.metrics
    assert kept.data.params["model.n_estimators"] == "40"
    names = [one.path for one in mlflow.MlflowClient().list_artifacts(kept.info.run_id, "plots")]
    assert "plots/roc.png" in names
    assert {one.dataset.name for one in kept.inputs.dataset_inputs} == {
        "synthetic train", "synthetic test",
    }  # fmt: skip


def test_the_logged_model_gives_the_same_numbers(trained, explained):
    import mlflow

    mlflow.set_tracking_uri(f"sqlite:///{trained / 'mlflow.db'}")
    (logged,) = mlflow.search_logged_models(output_format="list")
    model = mlflow.pyfunc.load_model(logged.model_uri)
    features = pd.read_parquet(trained / "data/processed/synthetic/features.parquet").head(50)
    scores = model.predict(features.drop(columns=["account_id", "observation_month"]))
    expected = explained.head(50)
    assert np.allclose(scores["pd_hat"], expected["pd_hat"], atol=1e-12)
    for key in TRAITS:
        assert np.allclose(scores[f"trait_{key}"], expected[f"trait_{key}"], atol=1e-9)


def test_nothing_that_names_an_account_is_logged(trained, explained):
    account = explained["account_id"].iloc[0]
    for path in (trained / "mlartifacts").rglob("*"):
        if path.is_file():
            assert account.encode() not in path.read_bytes(), path
            assert path.suffix != ".parquet", path


def test_the_run_page_draws_the_effect_of_every_feature_from_exact_values(trained):
    context = json.loads((trained / "models/synthetic/reasons.json").read_text())
    assert "curves" not in context
    effects = context["effects"]
    assert len(effects) == len(context["reference"]["facts"])
    assert any(len(set(heights)) > 1 for heights in effects.values())


def test_the_logged_copy_of_the_model_loads_without_the_list_of_accounts(trained):
    from delinquency.pipeline.saved_model import load_from

    (found,) = (trained / "mlartifacts").rglob("reasons.json")
    kept = load_from(found.parent)
    assert kept.digest == load_from(trained / "models/synthetic").digest
    assert len(kept.split) == 0


def test_the_trained_model_is_the_challenger_under_a_name_that_says_its_data(trained):
    import mlflow

    facts = json.loads((trained / "models/synthetic/facts.json").read_text())
    client = mlflow.MlflowClient(f"sqlite:///{trained / 'mlflow.db'}")
    version = client.get_model_version_by_alias("delinquency-synthetic-synthetic", "challenger")
    assert version.run_id == facts["run_id"]


def test_parameters_are_of_model_and_data_and_intervals_are_a_table(trained):
    import mlflow

    mlflow.set_tracking_uri(f"sqlite:///{trained / 'mlflow.db'}")
    facts = json.loads((trained / "models/synthetic/facts.json").read_text())
    kept = mlflow.get_run(facts["run_id"])
    begin = {name.split(".")[0] for name in kept.data.params}
    assert begin == {"data", "sample", "features", "model", "split", "seed", "fitted"}
    assert not [name for name in kept.data.metrics if name.endswith(("_low", "_high"))]
    table = mlflow.load_table("tables/metrics.json", run_ids=[kept.info.run_id])
    auc = table.set_index("metric").loc["roc_auc"]
    assert auc["low"] <= auc["value"] <= auc["high"]


def test_a_stage_runs_again_alone_and_gives_the_same(trained, explained):
    run(trained, "explain")
    again = pd.read_parquet(trained / "data/processed/synthetic/explanations.parquet")
    pd.testing.assert_frame_equal(again, explained)
    run(trained, "evaluate")


def test_scores_of_the_data_set_itself_need_no_outcome(trained):
    run(trained, "score")
    scores = pd.read_parquet(trained / "data/processed/synthetic/scores.parquet")
    assert scores["account_id"].is_unique
    assert scores["pd_hat"].between(0, 1).all()


def test_cross_validation_writes_model_peers_and_paired_differences(trained):
    run(
        trained, "evaluate", "evaluation=cross_validation", "evaluation.n_splits=2",
        "evaluation.n_repeats=1", tiny=[one for one in TINY if "n_boot" not in one],
    )  # fmt: skip
    result = json.loads((trained / "reports/synthetic/cross_validation.json").read_text())
    auc = result["model"]["roc_auc"]
    assert len(auc["folds"]) == 2
    assert auc["mean"] == pytest.approx(np.mean(auc["folds"]))
    for peer in ("logistic_regression", "scorecard", "lightgbm_default_raw", "lightgbm_raw"):
        one = result["peers"][peer]
        for metric in ("roc_auc", "pr_auc", "ks", "gini", "log_loss", "brier", "ece"):
            paired = np.subtract(result["model"][metric]["folds"], one[metric]["folds"])
            assert one[metric]["difference"]["mean"] == pytest.approx(paired.mean())
    # Peers that see protected columns are named, and stand beside the same without them.
    seeing = {"scorecard", "lightgbm_default_raw", "lightgbm_raw", "logistic_regression"}
    named = set(result["sees_protected"]) - {"with_protected"}
    assert named == {n for n in seeing if n + "_without_protected" in result["peers"]} != set()
    cost = next(iter(result["directions"].values()))
    assert cost["low"] <= cost["log_loss"] <= cost["high"] and cost["direction"] in (-1, 1)
    lost = {one["name"] for one in result["losses"]}
    rivals = {**result["peers"], **result["variants"]}
    assert lost == {n for n, one in rivals.items() if one["roc_auc"]["difference"]["high"] < 0}


def test_every_table_is_given_a_worth(trained):
    run(trained, "evaluate", "evaluation=tables", "model.n_estimators=10")
    result = json.loads((trained / "reports/synthetic/table_worth.json").read_text())
    names = [one["name"] for one in result["sets"]]
    tables = ["accounts", "cashflows", "bureau", "transactions", "contacts"]
    alone = [f"all but {name}" for name in tables[:-1]]
    assert names == ["statements", *(f"+ {name}" for name in tables), *alone]
    sizes = {one["name"]: one["n_features"] for one in result["sets"]}
    assert all(np.diff([sizes[name] for name in names[:6]]) > 0)
    by_name = {one["name"]: one for one in result["sets"]}
    for one in result["sets"][1:]:
        gap, against = one["difference"], by_name[one["difference"]["against"]]
        assert gap["roc_auc"]["low"] <= gap["roc_auc"]["mean"] <= gap["roc_auc"]["high"]
        by_hand = one["roc_auc"]["mean"] - against["roc_auc"]["mean"]
        assert gap["roc_auc"]["mean"] == pytest.approx(by_hand, abs=1e-12)
    assert result["how"] == "out of time"
    assert (trained / "reports/synthetic/figures/table_worth.png").stat().st_size > 10_000


def test_knowing_the_accounts_is_given_a_worth(trained, capsys):
    run(trained, "evaluate", "evaluation=new_accounts", "evaluation.n_splits=3")
    result = json.loads((trained / "reports/synthetic/new_accounts.json").read_text())
    held = json.loads((trained / "reports/synthetic/evaluation.json").read_text())
    assert (result["n"], result["n_bad"]) == (held["n"], held["n_bad"])
    assert result["how"] == "out of time"
    for name in ("roc_auc", "log_loss"):
        new, known, gap = (result[view][name] for view in ("new", "known", "difference"))
        assert gap["mean"] == pytest.approx(known["mean"] - new["mean"], abs=1e-12)
        assert gap["low"] <= gap["mean"] <= gap["high"]
    split = pd.read_parquet(trained / "models/synthetic/split.parquet")
    train, test = (set(split.loc[split["part"] == one, "account_id"]) for one in ("train", "test"))
    assert result["n_never_in_training"] == len(test - train)
    assert "what knowing them adds" in capsys.readouterr().out


def test_a_test_on_other_accounts_has_nothing_to_know(trained, tmp_path):
    few = ["data.n_accounts=400", "model.n_estimators=5", "split=account_and_time"]
    run(tmp_path, "train", *few)
    with pytest.raises(ChoiceError, match=r"tested on other accounts.*split=time"):
        run(tmp_path, "evaluate", *few, "evaluation=new_accounts")


def test_features_of_other_code_are_made_again(trained, monkeypatch, capsys):
    config = load(["stage=train", f"paths.root={trained}", *TINY])
    prepare(config)
    assert "engineering features" not in capsys.readouterr().out
    monkeypatch.setattr("delinquency.pipeline.prepared_features.code_digest", lambda: "other code")
    prepare(config)
    assert "engineering features" in capsys.readouterr().out


def test_the_audit_scores_ours_and_every_baseline_on_the_same_accounts(trained, capsys):
    run(trained, "truth_audit", "audit.resamples=10", "audit.cut_off=0.01")
    folder = trained / "reports/synthetic/truth_audit"
    report = json.loads((folder / "audit.json").read_text())
    assert report["n_accounts"] == 60
    assert "SYNTHETIC" in report["data"]
    names = list(report["explanations"])
    assert names[0] == "exact traits"
    assert {"summed TreeSHAP", "summed TreeSHAP, default LightGBM", "scorecard points"} < {*names}
    # Ten resamples of sixty accounts: only that each figure is there, and in order.
    score = report["explanations"]["exact traits"]["score"]
    for figure in ("slope_exchanged", "calibration_slope"):
        assert score[figure]["low"] <= score[figure]["high"]
    assert "slope_exchanged" in report["explanations"]["scorecard points"]["score"]
    assert "Slope with traits exchanged between accounts" in capsys.readouterr().out
    page = (folder / "index.html").read_text()
    assert all(trait.label in page for trait in TRAITS.values())
    assert (folder / "audit.png").read_bytes().startswith(b"\x89PNG")


def test_a_failed_run_is_marked_failed_with_its_error(trained, monkeypatch):
    import mlflow

    def fall(*_arguments, **_options):
        raise DelinquencyError("the lights went out")

    monkeypatch.setattr(evaluation, "holdout", fall)
    with pytest.raises(DelinquencyError, match="lights"):
        run(trained, "train", "tracking.experiment=failing")
    mlflow.set_tracking_uri(f"sqlite:///{trained / 'mlflow.db'}")
    (kept,) = mlflow.search_runs(experiment_names=["failing"], output_format="list")
    assert kept.info.status == "FAILED"
    assert "lights" in kept.data.tags["error"]


def test_without_a_model_the_stage_to_run_is_named(tmp_path):
    with pytest.raises(MissingArtifactError, match="stage=train"):
        run(tmp_path, "evaluate", "tracking=none")


def test_a_faulty_file_leaves_nothing_half_written(tmp_path):
    raw = tmp_path / "data/raw/taiwan"
    raw.mkdir(parents=True)
    (raw / "UCI_Credit_Card.csv").write_text("ID,LIMIT_BAL\n1,-5\n")
    with pytest.raises(DelinquencyError) as caught:
        run(tmp_path, "data", "data=taiwan", f"paths.raw={tmp_path / 'data/raw'}", tiny=[])
    assert caught.value.exit_code == 2
    assert "UCI_Credit_Card.csv" in str(caught.value)
    assert not (tmp_path / "data/interim").exists() or not list(
        (tmp_path / "data/interim").iterdir()
    )


@pytest.mark.parametrize("name", ["portfolio_by_trait", "one_account"])
def test_a_notebook_runs_after_training_alone(trained, monkeypatch, name):
    import matplotlib.pyplot as plt

    monkeypatch.chdir(trained)
    monkeypatch.setattr(plt, "show", lambda: None)
    cells = json.loads((NOTEBOOKS / f"{name}.ipynb").read_text(encoding="utf-8"))["cells"]
    names: dict = {}
    for number, cell in enumerate(cells):
        if cell["cell_type"] == "code":
            exec(compile("".join(cell["source"]), f"{name} cell {number}", "exec"), names)  # noqa: S102
    assert plt.get_fignums()
    plt.close("all")


def test_the_reasons_of_a_trained_folder_are_those_of_the_command(trained, explained):
    reasons = ReasonExplainer.load(trained / "models/synthetic")
    features = pd.read_parquet(trained / "data/processed/synthetic/features.parquet")
    again = reasons.explain(
        features, months=features["observation_month"].to_numpy().astype("datetime64[M]")
    )
    for name in ("pd_hat", "reason_1", "reason_zh_2", "dominant_trait", "evidence_debt_burden"):
        assert again[name].equals(explained[name]), name


def test_a_notebook_whose_data_are_missing_is_skipped_in_one_sentence(tmp_path, capsys):
    folder = tmp_path / "notebooks"
    folder.mkdir()
    (folder / "taiwan.ipynb").write_bytes((NOTEBOOKS / "taiwan.ipynb").read_bytes())
    run(tmp_path, "notebook")
    told = [line for line in capsys.readouterr().out.splitlines() if "taiwan" in line]
    assert len(told) == 1
    assert "skipped" in told[0] and 'make train ARGS="data=taiwan"' in told[0]


def test_a_packed_model_asks_for_its_wheels_and_leaves_the_list_of_accounts_here(
    trained, monkeypatch, tmp_path
):
    from delinquency.stages import pack

    asked = []

    def collect(python, requirements, more, folder):
        lines = [path.read_text(encoding="utf-8").splitlines() for path in requirements]
        asked.extend([*(line for own in lines for line in own), *more])
        return 3

    monkeypatch.setattr(pack, "collect_wheels", collect)
    run(trained, "pack", f"serve.pack={tmp_path / 'packed'}")
    files = {path.name for path in (tmp_path / "packed").rglob("*")}
    assert {"model.txt", "explainer.npz", "MLmodel"} <= files
    assert "split.parquet" not in files
    names = {line.split("==")[0].strip() for line in asked}
    assert {"mlflow", "lightgbm", "pip", "setuptools"} <= names
