"""Entities and relations in a text, by rules that can be read here. No model, no dictionary: names are what is written
like names, and relations are sentences of the form `NAME verb NAME`."""

import itertools
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

ENTITIES_LIMIT = 200
"""Of one text; the ones mentioned most are kept."""
RELATIONS_LIMIT = 500


@dataclass(frozen=True, slots=True)
class Entity:
    key: str
    """The name in lower case, without accents and punctuation: two spellings of a name are one entity."""
    name: str
    kind: str
    """`organisation`, `person`, `place`, `term` or `name`, as far as the name itself tells."""
    mentions: int


@dataclass(frozen=True, slots=True)
class Relation:
    source: str
    """Key of an entity."""
    kind: str
    """`owns`, `part-of` and so on; `near` for two names in one sentence without a verb that we know."""
    target: str


@dataclass(frozen=True, slots=True)
class Extracted:
    entities: tuple[Entity, ...]
    relations: tuple[Relation, ...]


# `Neo4j`, `ACME`, `van`-less names: a capital, then anything but a space or punctuation.
_WORD = r"[A-Z\u00c0-\u00de][\w'&-]*"
# `Port of Hamburg`, `Bank of the West`: small words hold a name together, never begin or end it.
_NAME = re.compile(rf"\b{_WORD}(?:(?: of(?: the)?| de| van| von| &)? {_WORD})*")
_SENTENCE = re.compile(r"(?<=[.!?])\s+|\n+")

# Words that are written large at the start of a sentence and are no names.
_OPENERS = frozenset(
    "a after all also although an and any as at because before both but by each every few first for from he her here his how"
    " however i if in it its last later like many more most new no not now of on one only or other our over she since so"
    " some such than that the their then there these they this those three to today two under until we what when where which"
    " while who why with you your".split()
)

_VERBS = (
    ("owns", r"(?:owns|owned|bought|acquired|has acquired|took over)"),
    ("founded", r"(?:founded|co-founded|established|started)"),
    ("leads", r"(?:leads|led|runs|heads|chairs)"),
    ("works-for", r"(?:works for|worked for|works at|worked at|joined|is employed by)"),
    ("part-of", r"(?:is part of|belongs to|is a member of|is a subsidiary of|is owned by)"),
    ("located-in", r"(?:is located in|is based in|lies in|is in|operates in|was born in)"),
    ("uses", r"(?:uses|used|runs on|is built on|relies on|depends on|requires)"),
    ("supplies", r"(?:supplies|delivers to|ships to|sells to|exports to)"),
    ("makes", r"(?:makes|made|builds|built|develops|developed|produces|produced|wrote)"),
    ("connects", r"(?:connects to|is connected to|links to|sails to)"),
)
_PHRASES = tuple(
    (kind, rf"\s+(?:also |now |still )?{verb}(?:\s+(?:a|an|the|its))?\s+") for kind, verb in _VERBS
)
_BETWEEN = tuple((kind, re.compile(phrase)) for kind, phrase in _PHRASES)
_ACTING = tuple(re.compile(phrase + _WORD) for _, phrase in _PHRASES)

_ORGANISATION = re.compile(
    r"\b(?:Ltd|Limited|Inc|GmbH|AG|SA|SE|Corp|Corporation|Company|Group|University|Institute|Bank|Agency|Ministry|"
    r"Council|Authority|Lines|Airways|Foundation|Union|Labs?)\b"
)
_PLACE = re.compile(
    r"\b(?:Port|City|Lake|Mount|Bay|Island|Islands|River|Strait|Canal|Sea|Ocean|Street|Harbour|Valley|County)\b"
)
_PERSON = re.compile(r"^(?:Mr|Mrs|Ms|Dr|Prof|Captain|Professor|Doctor|Sir)\b\.? ")


def extract(text: str) -> Extracted:
    mentions: Counter[str] = Counter()
    spelling: dict[str, Counter[str]] = {}
    relations: dict[Relation, None] = {}
    known = inside_sentences(text)
    for sentence in sentences(text):
        found = list(names(sentence, known))
        for name, _start, _end in found:
            mentions[key_of(name)] += 1
            spelling.setdefault(key_of(name), Counter())[name] += 1
        for relation in related(sentence, found):
            relations.setdefault(relation)
    entities = tuple(
        Entity(key, (name := spelling[key].most_common(1)[0][0]), kind_of(name), count)
        for key, count in mentions.most_common(ENTITIES_LIMIT)
    )
    kept = {entity.key for entity in entities}
    fitting = [one for one in relations if one.source in kept and one.target in kept]
    return Extracted(entities, tuple(fitting[:RELATIONS_LIMIT]))


def key_of(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name.casefold())
    plain = "".join(character for character in plain if not unicodedata.combining(character))
    return " ".join(re.findall(r"[^\W_]+", plain))


def kind_of(name: str) -> str:
    if _PERSON.search(name):
        return "person"
    if _ORGANISATION.search(name):
        return "organisation"
    if _PLACE.search(name):
        return "place"
    return "term" if name.isupper() or any(character.isdigit() for character in name) else "name"


def sentences(text: str) -> Iterator[str]:
    """Also `Mr. Smith` ends none."""
    joined = re.sub(r"\b(Mr|Mrs|Ms|Dr|Prof|St|No)\.(?=\s)", r"\1", text)
    for part in _SENTENCE.split(joined):
        if part.strip():
            yield part.strip()


def inside_sentences(text: str) -> frozenset[str]:
    """Keys of names that are written large where nothing asks for it."""
    found = (match for sentence in sentences(text) for match in _NAME.finditer(sentence) if match.start() > 0)
    return frozenset(key_of(match[0]) for match in found)


def names(sentence: str, known: frozenset[str]) -> Iterator[tuple[str, int, int]]:
    """Names with where they begin and end. A single word that opens a sentence counts when it is one elsewhere too."""
    for match in _NAME.finditer(sentence):
        start, end, name = match.start(), match.end(), match[0]
        first, _, rest = name.partition(" ")
        if first.casefold() in _OPENERS:
            if not rest:
                continue
            start, name = start + len(first) + 1, rest
            if not re.match(_WORD, name):
                small, _, name = name.partition(" ")
                start += len(small) + 1
        name = re.sub(r"'s?$", "", name)
        if not name or name.casefold() in _OPENERS:
            continue
        if match.start() == 0 and " " not in name and start == 0 and not obvious(name, known, sentence[end:]):
            continue
        yield name, start, start + len(name)


def obvious(name: str, known: frozenset[str], after: str) -> bool:
    """Whether the first word of a sentence is a name: it is one elsewhere, no plain word, or does something to one."""
    plain = name[1:].islower()
    return key_of(name) in known or not plain or any(pattern.match(after) for pattern in _ACTING)


def related(sentence: str, found: list[tuple[str, int, int]]) -> Iterator[Relation]:
    """`A verb B` as it says; other neighbours in a sentence are near each other."""
    for (left, _, left_end), (right, right_start, _) in itertools.pairwise(found):
        source, target = key_of(left), key_of(right)
        if source == target:
            continue
        between = sentence[left_end:right_start]
        kind = next((kind for kind, pattern in _BETWEEN if pattern.fullmatch(between)), None)
        if kind:
            yield Relation(source, kind, target)
        elif len(between) <= 60:
            # Nearness has no direction: one entry for both.
            yield Relation(min(source, target), "near", max(source, target))
