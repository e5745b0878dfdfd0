import math

import pytest

from nexus.dataflow.embedding import DIMENSIONS, embed, literal, words


def near(one: str, other: str) -> float:
    return sum(a * b for a, b in zip(embed(one), embed(other), strict=True))


def test_vectors_are_the_same_every_time_and_one_long() -> None:
    vector = embed("A crane lifts two containers at once.")
    assert vector == embed("A crane lifts two containers at once.")
    assert len(vector) == DIMENSIONS
    assert math.isclose(sum(value * value for value in vector), 1, abs_tol=1e-3)


def test_shared_words_and_forms_of_words_bring_texts_near() -> None:
    cranes = "The crane lifts containers from the ship."
    assert near("container cranes", cranes) > 0.2
    assert near("container cranes", cranes) > 2 * near("bread and yeast", cranes)
    assert near("shipping", "ships") > near("shipping", "baking")


def test_small_words_case_and_accents_do_not_count() -> None:
    assert list(words("The Überfahrt of the SHIP")) == ["uberfahrt", "ship"]
    assert embed("the ship") == embed("Ship")


@pytest.mark.parametrize("text", ["", "of the and", "… — !"])
def test_without_a_word_there_is_no_direction(text: str) -> None:
    assert not any(embed(text))


def test_as_pgvector_reads_it() -> None:
    assert literal([0.5, -1.0, 0.0]) == "[0.5,-1,0]"
