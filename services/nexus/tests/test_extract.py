import pytest

from nexus.api.extract import Relation, extract, key_of


def relations(text: str) -> set[Relation]:
    return set(extract(text).relations)


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("Hansa Lines owns Terminal Burchard.", Relation("hansa lines", "owns", "terminal burchard")),
        ("Hansa Lines has also grown; Globex uses the PostgreSQL.", Relation("globex", "uses", "postgresql")),
        ("Captain Holm works for Hansa Lines.", Relation("captain holm", "works-for", "hansa lines")),
        ("Hamburg lies in Northern Germany.", Relation("hamburg", "located-in", "northern germany")),
        ("The Aurora sails to Rotterdam.", Relation("aurora", "connects", "rotterdam")),
        ("The Ever Given blocked the Suez Canal.", Relation("ever given", "near", "suez canal")),
    ],
)
def test_a_sentence_relates_names(sentence: str, expected: Relation) -> None:
    assert expected in relations(sentence)


def test_nearness_has_no_direction_and_ends_with_the_sentence() -> None:
    assert relations("We saw Beta and Alpha. Then Gamma came.") == {Relation("alpha", "near", "beta")}


def test_kinds_come_from_the_name_itself() -> None:
    found = {
        entity.name: entity.kind
        for entity in extract("We saw Krane GmbH, Dr. Ada Lovelace, the Suez Canal, NATO and Java.").entities
    }
    assert found == {
        "Krane GmbH": "organisation", "Dr Ada Lovelace": "person", "Suez Canal": "place", "NATO": "term", "Java": "name",
    }  # fmt: skip


def test_the_first_word_of_a_sentence_is_a_name_only_if_something_says_so() -> None:
    assert extract("Ships are large. However they float.").entities == ()
    assert [one.key for one in extract("Rotterdam grows. We like Rotterdam.").entities] == ["rotterdam"]


def test_mentions_add_up_over_spellings_and_possessives() -> None:
    (entity,) = [
        one
        for one in extract("We know Björn's boat. We know Bjorn. We know Bjorn.").entities
        if one.key == "bjorn"
    ]
    assert (entity.mentions, entity.name) == (3, "Bjorn")


def test_a_text_without_names_has_none_and_a_long_one_ends() -> None:
    assert extract("nothing here, 3 times.").entities == ()
    many = " ".join(f"We saw Item{number} and Thing{number}." for number in range(2000))
    assert len(extract(many).entities) == 200


def test_keys_ignore_case_accents_and_punctuation() -> None:
    assert key_of("  Café-Union, Ltd. ") == "cafe union ltd"
