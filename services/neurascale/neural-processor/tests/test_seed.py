"""Recordings to develop with."""

from memory import Memory
from neural_processor.seed import SECONDS, seed


async def test_adds_synthetic_recordings_with_their_windows_once(memory: Memory) -> None:
    assert await seed(memory) == (3, 0)
    found = {one.note: one for one in memory.kept.values()}
    assert all(one.simulated and one.stopped_at for one in found.values())
    closed = found["sample: eyes closed"].id
    windows = [one for one in memory.windows_by_key.values() if one.recording_id == closed]
    assert len(windows) == SECONDS - 1
    before = dict(memory.windows_by_key)
    assert await seed(memory) == (0, 3)
    assert memory.windows_by_key == before


async def test_shows_closed_eyes_by_their_alpha_rhythm(memory: Memory) -> None:
    await seed(memory)
    notes = {one.id: one.note for one in memory.kept.values()}

    def alpha(note: str) -> float:
        means = [one.mean["alpha"] for one in memory.windows_by_key.values() if notes[one.recording_id] == note]
        return sum(means) / len(means)

    assert alpha("sample: eyes closed") > 2 * alpha("sample: eyes open")


async def test_goes_on_after_it_was_broken_off(memory: Memory) -> None:
    await seed(memory)
    for one in list(memory.kept.values()):
        memory.kept[one.id] = one.model_copy(update={"stopped_at": None})
    assert await seed(memory) == (3, 0)
