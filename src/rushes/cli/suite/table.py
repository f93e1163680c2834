"""The suite's commands, as import paths, and the text of its help. Imports nothing, so that asking costs nothing."""

from __future__ import annotations

_HERE = "rushes.cli.suite"

COMMANDS: dict[str, tuple[str, str]] = {
    "run-chain": (f"{_HERE}.chain:run_chain", "run a pipeline file"),
    "estimate-cost": (f"{_HERE}.chain:estimate_cost", "say what a pipeline file would cost"),
    "create-examples": (f"{_HERE}.chain:create_examples", "write two pipelines that run as they are"),
    "generate-image": (f"{_HERE}.making:generate_image", "make a picture from a text"),
    "create-video": (f"{_HERE}.making:create_video", "make a picture from a text, and a clip from it"),
    "generate-avatar": (f"{_HERE}.making:generate_avatar", "let a portrait speak or move"),
    "generate-grid": (f"{_HERE}.making:generate_grid", "make one picture of several panels"),
    "upscale-image": (f"{_HERE}.making:upscale_image", "make a picture larger"),
    "transfer-motion": (f"{_HERE}.making:transfer_motion", "move a portrait as a clip moves"),
    "analyze-video": (f"{_HERE}.asking:analyze_video", "have a clip described"),
    "transcribe": (f"{_HERE}.asking:transcribe", "have what is said written down"),
    "list-models": (f"{_HERE}.listing:list_models", "list the models"),
    "list-avatar-models": (f"{_HERE}.listing:list_avatar_models", "those for avatars"),
    "list-video-models": (f"{_HERE}.listing:list_video_models", "those for clips"),
    "list-speech-models": (f"{_HERE}.listing:list_speech_models", "those for speech"),
    "list-motion-models": (f"{_HERE}.listing:list_motion_models", "those that follow a motion"),
    "set-key": (f"{_HERE}.keeping:set_key", "keep the key of a provider"),
    "get-key": (f"{_HERE}.keeping:get_key", "say where a key is kept"),
    "check-keys": (f"{_HERE}.keeping:check_all", "say which keys are there"),
    "delete-key": (f"{_HERE}.keeping:forget_key", "forget a key"),
    "setup": (f"{_HERE}.keeping:setup", "say what is missing before the first run"),
}
"""By name: where the command is, and what the help says about it."""

ELSEWHERE: dict[str, str] = {
    "vimax": "scripts, storyboards and portraits are steps of a workflow: see docs/workflows-yaml.md",
    "init-project": "a folder needs no preparation: put a workflow file into it, and rushes run FILE",
    "organize-project": "outputs are in order from the start: see docs/outputs.md",
    "structure-info": "outputs are in order from the start: see docs/outputs.md",
}
"""Commands of the suite that are not here, and what is here instead."""


def help_text(called: str) -> str:
    """What `--help` prints: at most 80 columns and 32 lines."""
    lines = "".join(f"  {name:<19} {says}\n" for name, (_where, says) in COMMANDS.items())
    return (
        f"Usage: {called} [OPTIONS] COMMAND [ARGS]...\n\n"
        "  The commands of the AI content pipeline, on the engine of Rushes.\n\n"
        f"{lines}\n"
        f"  {called} COMMAND --help says everything about it. --json, --quiet and --debug may\n"
        "  stand before or behind the command. All that rushes can do: rushes --help\n"
    )
