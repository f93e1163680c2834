"""`aicp analyze-video`, `aicp transcribe`: words about a clip or a sound, and the files that they are written to."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import click

from rushes.app.export import write_whole
from rushes.app.made import Made
from rushes.app.one_off import Question, ask
from rushes.app.subtitles import words_of
from rushes.app.summary import RunSummary
from rushes.cli.options import Number
from rushes.cli.suite.driving import chain_from, exit_of_chain, options_for, project_at, show
from rushes.cli.suite.making import asking, given, there
from rushes.cli.suite.session import Exit, suite
from rushes.errors import UserError
from rushes.model.operation import Operation
from rushes.model.subtitles import MOST_SECONDS, MOST_WORDS, as_srt, cues_of
from rushes.model.transcript import Word, transcript_bytes

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

_NO_TIMES = (
    "this transcript has no times of its words: it was made before they were kept, or its maker gave none; "
    "--again buys it anew"
)

_TIMED = ("srt", "json")
Words = tuple[Word, ...]


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

    def written(text: str, _words: Words, data: dict[str, Any]) -> Mapping[str, str]:
        return {"md": text, "json": json.dumps(data, indent=2, ensure_ascii=False)}

    return _told("analyze-video", question, how, _places(output, stem, forms), written)


@click.command("transcribe")
@click.option("-i", "--input", "sound", required=True, metavar="FILE|URL", help="The sound, or a clip that has one.")
@click.option("-o", "--output", metavar="FILE|DIR", help="Write the words here.")
@click.option("--language", metavar="CODE", help="Which language is spoken; else it is recognised.")
@click.option("--diarize/--no-diarize", default=None, help="Tell speakers apart.")
@click.option("--tag-events/--no-tag-events", default=None, help="Note laughter, music and the like.")
@click.option("--keyterms", multiple=True, metavar="WORD", help="A name or term to listen for; may be repeated.")
@click.option("--srt", is_flag=True, help="Write subtitles too.")
@click.option(
    "--srt-max-words",
    "most_words",
    type=click.IntRange(min=1),
    default=MOST_WORDS,
    show_default=True,
    metavar="N",
    help="In one cue.",
)
@click.option(
    "--srt-max-duration",
    "most_seconds",
    type=Number(min=0.1),
    default=MOST_SECONDS,
    show_default=True,
    metavar="SECONDS",
    help="Of one cue.",
)
@click.option("--raw-json", is_flag=True, help="Write each word with its times too.")
@click.option("--again", is_flag=True, help="Buy anew what is there already, as a transcript without times.")
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
    most_words: int,
    most_seconds: float,
    raw_json: bool,
    again: bool,
    model: str,
    **how: Any,
) -> int:
    """Have what is said written down."""
    timed = ("srt",) * srt + ("json",) * raw_json
    # without a place to write to, only what was asked for by name lies here: beside a sound its script may lie
    forms = timed if output is None else ("txt", *timed)
    places = _places("." if output is None and timed else output, Path(sound).stem, forms)

    def written(text: str, words: Words, _data: dict[str, Any]) -> Mapping[str, str]:
        if not words:
            return {"txt": text}
        cues = cues_of(words, most_words=most_words, most_seconds=most_seconds)
        return {"txt": text, "srt": as_srt(cues), "json": transcript_bytes(words).decode()}

    question = Question(
        op=Operation.SPEECH_TO_TEXT,
        name="transcript",
        model=model,
        inputs={"audio": [there(sound, "--input")]},
        params=given(language=language, diarize=diarize, tag_events=tag_events, keyterms=list(keyterms) or None),
    )
    return _told("transcribe", question, how, places, written, again=again)


def _told(
    name: str,
    question: Question,
    how: dict[str, Any],
    places: Mapping[str, Path],
    written: Callable[[str, Words, dict[str, Any]], Mapping[str, str]],
    *,
    again: bool = False,
) -> int:
    """Ask, show the words, and write them where somebody wants them: `places` and `written` are by form."""
    now = suite()
    made: list[Made] = []
    provider = "sketch" if how["mock"] else how["provider"]
    with project_at(now.folder, now, provider=provider, sim=how["sim"]) as project:
        anew = (question.name,) if again else ()
        options = options_for(project, budget=how["budget"], timeout=how["timeout"], rerun=anew)

        async def work(hooks: Any) -> RunSummary:
            answered = await ask(project, name, [question], options, folder=now.folder, hooks=hooks)
            made.extend(one for one in answered.made if one.picked)
            return answered.summary

        chain = chain_from(now, work, yes=how["no_confirm"])
        words = words_of(project, made[-1]) if made and places.keys() & _TIMED else ()
    data, lacking = chain.plain(), False
    text = chain.last if chain.success else None
    if text is not None:
        data["text"] = text
        contents = written(text, words, data)
        data["files"] = [_write(path, contents[form]) for form, path in places.items() if form in contents]
        if lacking := not places.keys() <= contents.keys():
            data |= {"success": False, "error": _NO_TIMES}
    if how["save_json"] is not None:
        write_whole(Path(how["save_json"]).absolute(), json.dumps(data, indent=2, ensure_ascii=False) + "\n")
    now.tell(data)
    if now.for_people:
        if text is not None:
            click.echo(text)
        show(chain, quiet=text is not None)
        if lacking:
            click.echo(_NO_TIMES, err=True)
    return Exit.PIPELINE if lacking else exit_of_chain(chain, Exit.PROVIDER)


def _places(output: str | None, stem: str, forms: tuple[str, ...]) -> dict[str, Path]:
    """Where each form is written: known, or refused by UserError, before anything is bought."""
    if output is None:
        return {}
    path = (suite().folder / output).absolute()
    if path.is_dir() or not path.suffix:
        return {form: path / f"{stem}.{form}" for form in forms}
    if len(forms) == 1:
        return {forms[0]: path}
    if path.suffix.lstrip(".") not in forms:
        raise UserError(
            f"--output: {path.name} is neither {' nor '.join(forms)}", next_step="name a folder, or one form"
        )
    return {form: path.with_suffix(f".{form}") for form in forms}


def _write(path: Path, text: str) -> str:
    write_whole(path, text.rstrip("\n") + "\n")
    return str(path)
