"""Champion and challenger: aliases move with a record, one at a time, and back."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from delinquency.config import load
from delinquency.errors import ChoiceError, ModelError
from delinquency.pipeline import registered_models
from delinquency.stages import registry as stage
from delinquency.workspace.model_registry import BEFORE, CHALLENGER, CHAMPION, ModelRegistry

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return tmp_path_factory.mktemp("registry")


@pytest.fixture(autouse=True)
def logged(monkeypatch, tmp_path):
    """Let every run have a logged model: what MLflow stores is not what is tested here."""
    monkeypatch.setattr(
        ModelRegistry, "_logged", lambda self, run_id: str(tmp_path / (run_id or "model"))
    )


def config_of(root, *overrides):
    return load([f"paths.root={root}", "stage=registry", *overrides])


def registry_of(root, name, *overrides):
    config = config_of(root, f"tracking.registered_model={name}", *overrides)
    return registered_models.registry_of(config)


def register(registry, digest):
    return registry.register(run_id=None, digest=digest, tags={}, at="2026-01-01T00:00:00+00:00")


def promote(registry, version):
    with registry.changing():
        return registry.promote(
            version, signed_by="Li Wei", reason="", at="2026-01-02T00:00:00+00:00",
            validation_sha256="f" * 64,
        )  # fmt: skip


def test_a_champion_is_replaced_and_comes_back_with_every_step_recorded(root, monkeypatch):
    monkeypatch.setattr(ModelRegistry, "_logged", lambda self, run_id: str(root / "model"))
    registry = registry_of(root, "one")
    assert registry.events() == []
    first, second = register(registry, "a"), register(registry, "b")
    assert register(registry, "b") == second  # the same model is one version
    promote(registry, first)
    promote(registry, second)
    assert registry.aliases() == {CHAMPION: second, CHALLENGER: second, BEFORE: first}
    with pytest.raises(ModelError, match="none was replaced"):
        registry_of(root, "never").roll_back(signed_by="x", reason="", at="")
    event = registry.roll_back(signed_by="Ana", reason="drift", at="2026-01-03T00:00:00+00:00")
    assert (event.version, event.instead_of, event.signed_by) == (first, second, "Ana")
    assert registry.aliases()[CHAMPION] == first
    assert [one.what for one in registry.events()] == [
        "registered", "registered", "promoted", "promoted", "rolled back",
    ]  # fmt: skip


def test_an_older_model_that_becomes_challenger_again_is_recorded(root):
    registry = registry_of(root, "again")
    first, second = register(registry, "a"), register(registry, "b")
    promote(registry, second)
    assert register(registry, "a") == first
    assert registry.aliases()[CHALLENGER] == first
    assert [one.version for one in registry.events()] == [first, second, second, first]
    # A challenger replaces nobody: the champion stays.
    assert "in place of" not in stage.in_words(registry.events()[-1])


def test_a_promotion_that_was_killed_half_way_is_not_rolled_back_to_itself(root, monkeypatch):
    registry = registry_of(root, "killed")
    first, second = register(registry, "a"), register(registry, "b")
    promote(registry, first)

    def killed(*_, **__):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(ModelRegistry, "_record", killed)
        with pytest.raises(KeyboardInterrupt):
            promote(registry, second)
    assert registry.aliases()[CHAMPION] == first
    with pytest.raises(ModelError, match="cut off"):
        registry.roll_back(signed_by="Ana", reason="", at="2026-01-03T00:00:00+00:00")
    assert [one.what for one in registry.events()] == ["registered", "registered", "promoted"]


def test_two_promotions_at_once_leave_one_champion_and_two_records(root, monkeypatch):
    monkeypatch.setattr(ModelRegistry, "_logged", lambda self, run_id: str(root / "model"))
    registry = registry_of(root, "two")
    versions = [register(registry, digest) for digest in "abcd"]
    promote(registry, versions[0])
    each = [registry_of(root, "two") for _ in versions[1:]]
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(promote, each, versions[1:]))
    events = [one for one in registry.events() if one.what == "promoted"]
    assert [one.number for one in events] == sorted({one.number for one in events})
    assert len(events) == 4
    # Each took the place of the champion before it: a chain, not two at once.
    for one, after in zip(events, events[1:], strict=False):
        assert after.instead_of == one.version
    assert registry.aliases()[CHAMPION] == events[-1].version
    assert registry.aliases()[BEFORE] == events[-2].version


def test_a_promotion_with_a_red_item_is_refused_with_item_and_figure(root, monkeypatch):
    monkeypatch.setattr(ModelRegistry, "_logged", lambda self, run_id: str(root / "model"))
    config = config_of(
        root, "tracking.registered_model=three", "registry.do=promote",
        "registry.signed_by=Li Wei",
    )  # fmt: skip
    registry = registered_models.registry_of(config)
    version = register(registry, "digest-of-three")
    items = [
        {"number": n, "item": f"Item {n}", "state": "red" if n == 20 else "pass",
         "shown": "0.83 [0.80, 0.86]", "threshold": "0.9 to 1.1", "what_to_do": "Recalibrate.",
         "comment": ""}
        for n in range(1, 41)
    ]  # fmt: skip
    path = config.workspace.reports / "validation.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"record": {"model_digest": "digest-of-three"}, "items": items}))
    with pytest.raises(ChoiceError, match=r"Red: item 20, Item 20: 0.83 \[0.80, 0.86\]"):
        stage.run(config)
    assert registry.aliases() == {CHALLENGER: version}
    for one in items:
        one["state"] = "pass"
    path.write_text(json.dumps({"record": {"model_digest": "digest-of-three"}, "items": items}))
    stage.run(config)
    assert registry.aliases()[CHAMPION] == version
    assert registry.events()[-1].signed_by == "Li Wei"
    with pytest.raises(ChoiceError, match="champion already"):
        stage.run(config)


def test_without_tracking_there_is_no_registry(root):
    with pytest.raises(ChoiceError, match="tracking=local"):
        registered_models.registry_of(config_of(root, "tracking=none"))
