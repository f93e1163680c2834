"""`aicp list-models` and the lists of one kind."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import click

from rushes.app.shelf import ModelLine, models
from rushes.cli.say import clean, count
from rushes.cli.suite.driving import project_at
from rushes.cli.suite.session import Exit, common, suite
from rushes.model.operation import Operation

_CLIPS = (Operation.TEXT_TO_VIDEO, Operation.IMAGE_TO_VIDEO, Operation.VIDEO_TO_VIDEO)
_SPEECH = (Operation.TEXT_TO_SPEECH, Operation.SPEECH_TO_TEXT)


@click.command("list-models")
@click.option("--category", metavar="KIND", help="Only those for this kind of work, such as text_to_image.")
@click.option("--provider", metavar="NAME", help="Only those that this provider offers.")
@common
def list_models(category: str | None, provider: str | None) -> int:
    """List the models: their kind of work, who offers them, what they cost, how long they take."""
    return _listed(category=category, provider=provider)


def _kind(
    name: str, says: str, kinds: Sequence[Operation], wanted: Callable[[ModelLine], bool] | None = None
) -> click.Command:
    @click.command(name, help=says)
    @common
    def command() -> int:
        return _listed(kinds=kinds, wanted=wanted)

    return command


def _listed(
    *,
    category: str | None = None,
    provider: str | None = None,
    kinds: Sequence[Operation] = (),
    wanted: Callable[[ModelLine], bool] | None = None,
) -> int:
    now = suite()
    with project_at(now.folder, now) as project:
        if kinds:
            found = {one.key: one for kind in kinds for one in models(project, category=str(kind))}
            lines = [one for one in found.values() if wanted is None or wanted(one)]
        else:
            lines = models(project, category=category, provider=provider)
    now.listing([one._asdict() for one in lines])
    if now.for_people:
        for one in lines:
            ended = " ended" if one.ended else ""
            click.echo(clean(f"{one.key:<26} {one.category:<17} {one.price:<18} {one.seconds:>4.0f} s{ended}"))
        click.echo(count(len(lines), "model"))
    return Exit.OK


list_avatar_models = _kind("list-avatar-models", "List the models for avatars.", (Operation.AVATAR,))
list_video_models = _kind("list-video-models", "List the models for clips.", _CLIPS)
list_speech_models = _kind("list-speech-models", "List the models that speak, and those that listen.", _SPEECH)
list_motion_models = _kind(
    "list-motion-models",
    "List the models that follow the motion of a clip.",
    (Operation.AVATAR,),
    lambda one: "motion" in one.key,
)
