"""`aicp analyze-video`, `aicp transcribe`: words about a clip or a sound, and the files that they are written to."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from rushes.app.export import write_whole
from rushes.app.one_off import Question, ask
from rushes.app.summary import RunSummary
from rushes.cli.suite.driving import chain_from, exit_of_chain, options_for, project_at, show
from rushes.cli.suite.making import asking, given, there
from rushes.cli.suite.session import Exit, suite
from rushes.errors import UserError
from rushes.model.operation import Operation

_ASKED = {
    "timeline": "Say what happens in this clip, a line for each moment, each with its time.",
    "describe": "Describe this clip: who and what can be seen, what happens, how it is filmed.",
    "transcribe": "Write down everything that is said in this clip, word for word, with its times.",
}
_MODELS = {
    "gemini-3-pro": "gemini_3_pro",
    "gemini-2.5-pro": "gemini_2_5_pro",
    "gemini-2.5-flash": "gemini_2_5_flash",
}


@click.command("analyze-video")
@click.option("-i", "--input", "video", required=True, metavar="FILE|URL", help="The clip.")
@click.option("-o", "--output", metavar="FILE|DIR", help="Write what is said here.")
@click.option("-m", "--model", default="gemini-3-pro", show_default=True, metavar="NAME", help="Who looks at it.")
@click.option("-t", "--type", "kind", type=click.Choice(list(_ASKED)), default="timeline", help="What to say of it.")
@click.option(
    "-f", "--format", "form", type=click.Choice(["md", "json", "both"]), default="both", help="In which form."
)
@asking
def analyze_video(video: str, output: str | None, model: str, kind: str, form: str, **how: Any) -> int:
    """Have a clip described."""
    question = Question(
        op=Operation.ANALYZE_VIDEO,
        name=kind,
        model=_MODELS.get(model, model),
        prompt=_ASKED[kind],
        inputs={"video": [there(video, "--input")]},
    )
    stem = Path(video).stem + f"-{kind}"
    forms = ("md", "json") if form == "both" else (form,)
    return _told("analyze-video", question, how, output, stem, forms)


@click.command("transcribe")
@click.option("-i", "--input", "sound", required=True, metavar="FILE|URL", help="The sound, or a clip that has one.")
@click.option("-o", "--output", metavar="FILE|DIR", help="Write the words here.")
@click.option("--language", metavar="CODE", help="Which language is spoken; else it is recognised.")
@click.option("--diarize/--no-diarize", default=None, help="Tell speakers apart.")
@click.option("--tag-events/--no-tag-events", default=None, help="Note laughter, music and the like.")
@click.option("--keyterms", multiple=True, metavar="WORD", help="A name or term to listen for; may be repeated.")
@click.option("--srt", is_flag=True, help="Not here: the times of words are not kept.")
@click.option("--raw-json", is_flag=True, help="Not here: the times of words are not kept.")
@click.option("-m", "--model", default="scribe_v2", show_default=True, metavar="NAME", help="Who listens.")
@asking
def transcribe(
    sound: str,
    output: str | None,
    language: str | None,
    diarize: bool | None,
    tag_events: bool | None,
    keyterms: tuple[str, ...],
    srt: bool,
    raw_json: bool,
    model: str,
    **how: Any,
) -> int:
    """Have what is said written down."""
    if srt or raw_json:
        raise UserError(
            f"{'--srt' if srt else '--raw-json'}: of a transcript the words are kept, and not the time of each",
            next_step="subtitles are made from a text: the step generate_subtitles, words_per_second",
        )
    question = Question(
        op=Operation.SPEECH_TO_TEXT,
        name="transcript",
        model=model,
        inputs={"audio": [there(sound, "--input")]},
        params=given(language=language, diarize=diarize, tag_events=tag_events, keyterms=list(keyterms) or None),
    )
    return _told("transcribe", question, how, output, Path(sound).stem, ("txt",))


def _told(
    name: str, question: Question, how: dict[str, Any], output: str | None, stem: str, forms: tuple[str, ...]
) -> int:
    """Ask, show the words, and write them where somebody wants them."""
    now = suite()
    provider = "sketch" if how["mock"] else how["provider"]
    with project_at(now.folder, now, provider=provider, sim=how["sim"]) as project:
        options = options_for(project, budget=how["budget"], timeout=how["timeout"])

        async def work(hooks: Any) -> RunSummary:
            return (await ask(project, name, [question], options, folder=now.folder, hooks=hooks)).summary

        chain = chain_from(now, work, yes=how["no_confirm"])
    data = chain.plain()
    words = chain.last if chain.success else None
    if words is not None:
        data["text"] = words
        data["files"] = [str(path) for path in _write(words, data, _places(now.folder, output, stem, forms))]
    if how["save_json"] is not None:
        write_whole(Path(how["save_json"]).absolute(), json.dumps(data, indent=2, ensure_ascii=False) + "\n")
    now.tell(data)
    if now.for_people:
        if words is not None:
            click.echo(words)
        show(chain, quiet=words is not None)
    return exit_of_chain(chain, Exit.PROVIDER)


def _places(folder: Path, output: str | None, stem: str, forms: tuple[str, ...]) -> list[Path]:
    if output is None:
        return []
    path = (folder / output).absolute()
    if path.is_dir() or not path.suffix:
        return [path / f"{stem}.{form}" for form in forms]
    if len(forms) == 1:
        return [path]
    if path.suffix.lstrip(".") not in forms:
        raise UserError(
            f"--output: {path.name} is neither {' nor '.join(forms)}", next_step="name a folder, or one form"
        )
    return [path.with_suffix(f".{form}") for form in forms]


def _write(words: str, data: dict[str, Any], places: list[Path]) -> list[Path]:
    for path in places:
        text = json.dumps(data, indent=2, ensure_ascii=False) if path.suffix == ".json" else words
        write_whole(path, text + "\n")
    return places
