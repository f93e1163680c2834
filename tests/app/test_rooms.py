"""What works on this machine is told where: its folder, its interpreter, and what was downloaded."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from rushes.app.config import load_config
from rushes.app.rooms import room_of
from rushes.errors import ConfigError

HUBS = [
    ({"HF_HUB_CACHE": "/cache", "HF_HOME": "/hf"}, "/cache"),
    ({"HF_HOME": "/hf", "XDG_CACHE_HOME": "/xdg"}, "/hf/hub"),
    ({"XDG_CACHE_HOME": "/xdg"}, "/xdg/huggingface/hub"),
    ({"HF_HUB_CACHE": "", "HF_HOME": ""}, str(Path("~/.cache/huggingface/hub").expanduser())),
]


@pytest.mark.parametrize(("environ", "hub"), HUBS)
def test_downloads_are_looked_for_where_the_hubs_own_tools_put_them(environ: dict[str, str], hub: str) -> None:
    assert room_of("diffusers", Path("/home"), environ).hub == Path(hub)


def test_the_interpreter_is_this_one_or_the_one_of_the_environment() -> None:
    assert room_of("diffusers", Path("/home"), {}).python == sys.executable
    named = room_of("diffusers", Path("/home"), {"RUSHES_DIFFUSERS_PYTHON": "/opt/torch/bin/python"})
    assert named.python == "/opt/torch/bin/python" and named.folder == Path("/home/diffusers")


def test_a_project_file_cannot_name_what_is_run(tmp_path: Path) -> None:
    """It may be somebody else's."""
    (tmp_path / "rushes.toml").write_text('[providers.diffusers]\npython = "/tmp/theirs"\n')
    with pytest.raises(ConfigError, match=r"providers\.diffusers\.python is no setting"):
        load_config(tmp_path, {}, {})
