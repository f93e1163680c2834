"""What a transcript becomes subtitles of: its words with their times, as they are kept in the store."""

from __future__ import annotations

from rushes.app.made import Made
from rushes.app.project import Project
from rushes.errors import StoreError
from rushes.model.transcript import Word, transcript_words


def words_of(project: Project, made: Made) -> tuple[Word, ...]:
    """The words of a transcript with their times; none where its times were not kept. StoreError: unreadable bytes."""
    if made.times is None:
        return ()
    try:
        return transcript_words(project.store.path(made.times.digest).read_bytes())
    except (OSError, ValueError) as error:
        raise StoreError(f"the times of {made.title or made.node}: {error}", next_step="see rushes verify") from error
