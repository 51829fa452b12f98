"""Gates in front of the champion: every red item, amber without comment, a person's name."""

from delinquency.validation.gates import N_ITEMS, refusals
from delinquency.validation.registry_options import RegistryOptions


def record(**states):
    items = [
        {
            "number": n, "item": f"Item {n}", "state": states.get(f"s{n}", "pass"),
            "shown": "0.0500", "threshold": "at most 0.01", "what_to_do": "Mind it.",
            "comment": states.get(f"c{n}", ""),
        }
        for n in range(1, N_ITEMS + 1)
    ]  # fmt: skip
    return {"record": {"model_digest": "abc"}, "items": items}


SIGNED = RegistryOptions(do="promote", signed_by="Li Wei")


def test_a_model_without_a_fault_passes():
    assert refusals(record(), model_digest="abc", options=SIGNED) == []


def test_a_red_item_refuses_with_its_number_figure_and_limit():
    (why,) = refusals(record(s20="red"), model_digest="abc", options=SIGNED)
    assert "item 20" in why
    assert "0.0500" in why
    assert "at most 0.01" in why


def test_a_light_that_another_figure_makes_is_told_with_that_figure():
    half = record(s36="red")
    half["items"][35] |= {
        "figure": 0.85, "why": "Kendall's tau 0.4 (limit: at least 0.7; red).",
        "limits": {"least": 0.8, "most": None, "watch_least": None, "watch_most": None,
                   "unit": "share"},
    }  # fmt: skip
    (why,) = refusals(half, model_digest="abc", options=SIGNED)
    assert "Kendall's tau 0.4 (limit: at least 0.7; red)." in why
    half["items"][35]["figure"] = 0.5
    (why,) = refusals(half, model_digest="abc", options=SIGNED)
    assert "Kendall" not in why


def test_a_comment_answers_for_amber_but_for_red_only_where_allowed():
    assert refusals(record(s9="amber"), model_digest="abc", options=SIGNED)
    assert not refusals(record(s9="amber", c9="Seen."), model_digest="abc", options=SIGNED)
    assert refusals(record(s9="red", c9="Seen."), model_digest="abc", options=SIGNED)
    allowed = RegistryOptions(do="promote", signed_by="Li Wei", answerable=[9])
    assert not refusals(record(s9="red", c9="Seen."), model_digest="abc", options=allowed)
    assert refusals(record(s9="red"), model_digest="abc", options=allowed)


def test_a_validation_of_another_model_or_a_part_of_one_refuses():
    (why,) = refusals(record(), model_digest="other", options=SIGNED)
    assert "another model" in why
    half = record()
    half["items"] = half["items"][:30]
    (why,) = refusals(half, model_digest="abc", options=SIGNED)
    assert "30 of 40" in why


def test_nobody_signs_nobody_promotes():
    (why,) = refusals(record(), model_digest="abc", options=RegistryOptions(signed_by="  "))
    assert "Nobody signs" in why
