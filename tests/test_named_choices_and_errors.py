"""Unknown names get help, doubles are refused, faults say what, where and how many."""

import pytest

from delinquency.errors import ChoiceError, DataError, Fault, unknown_name
from delinquency.named_choices import Registry


def test_a_second_registration_of_a_name_raises():
    numbers = Registry[int]("number")
    numbers.add("one", 1)
    with pytest.raises(ValueError, match="'one' is registered twice"):
        numbers.add("one", 2)
    assert numbers["one"] == 1


def test_of_many_names_the_nearest_are_listed():
    known = [f"balance_mean_{n}m" for n in range(1, 13)] + [f"payment_{n}" for n in range(300)]
    text = str(unknown_name("feature", "balance_men_12m", known))
    assert "Did you mean 'balance_mean_12m'?" in text
    assert "the nearest of 312" in text
    assert "balance_mean_3m" in text and len(text) < 600
    assert "none alike" in str(unknown_name("feature", "??", known))


def test_an_unknown_name_raises_with_the_nearest_match_and_all_names():
    numbers = Registry[int]("number")
    numbers.add("three", 3)
    numbers.add("four", 4)
    with pytest.raises(ChoiceError) as caught:
        numbers["tree"]
    assert str(caught.value) == "Unknown number 'tree'. Did you mean 'three'? Known: four, three."


def test_without_a_near_match_no_guess_is_made():
    assert "Did you mean" not in str(unknown_name("stage", "xyz", ["train", "score"]))


def test_registration_by_decorator_keeps_the_function():
    functions = Registry("function")

    @functions.named("half")
    def half(x):
        return x / 2

    assert functions["half"](4) == half(4) == 2
    assert list(functions) == ["half"]
    assert "half" in functions
    assert len(functions) == 1


def test_a_data_error_lists_every_fault_with_count_and_examples():
    faults = [
        Fault(
            "f.csv", "balance", "a number", 2, ("'x' (row 2)", "'y' (row 9)"), "Mend the cells."
        ),
        Fault("f.csv", "month", "a column (Month)", mend="It is missing."),
    ]
    text = str(DataError(faults))
    assert text.splitlines()[0] == "2 faults:"
    assert "f.csv: balance: expected a number. 2 rows do not fit, e.g. 'x' (row 2); 'y'" in text
    assert text.splitlines()[2] == "f.csv: month: expected a column (Month). It is missing."


def test_every_error_that_a_reader_can_mend_has_a_nonzero_exit_code():
    assert DataError(Fault("f", "c", "x")).exit_code == 2
