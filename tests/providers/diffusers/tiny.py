"""Makes whole pipelines with random weights, a megabyte in all: `python tiny.py FOLDER`, under a Python with torch.

`still` makes pictures (Stable Diffusion), `other` the same with other weights, `stern` blanks them all; `moving` makes
films from words (Wan), `onward` from a first picture too.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import torch
from diffusers import (
    AutoencoderKL,
    AutoencoderKLWan,
    DDIMScheduler,
    FlowMatchEulerDiscreteScheduler,
    StableDiffusionPipeline,
    UNet2DConditionModel,
    WanImageToVideoPipeline,
    WanPipeline,
    WanTransformer3DModel,
)
from diffusers.pipelines.stable_diffusion.safety_checker import StableDiffusionSafetyChecker
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import (
    CLIPConfig,
    CLIPImageProcessor,
    CLIPTextConfig,
    CLIPTextModel,
    CLIPTokenizer,
    PreTrainedTokenizerFast,
    T5Config,
    UMT5EncoderModel,
)


def _letters() -> list[str]:
    """The 256 signs with which byte-level vocabularies write bytes."""
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    other = [byte for byte in range(256) if byte not in plain]
    signs = {**{byte: chr(byte) for byte in plain}, **{byte: chr(256 + n) for n, byte in enumerate(other)}}
    return [signs[byte] for byte in range(256)]


def _clip_tokenizer(folder: Path) -> CLIPTokenizer:
    words = [*_letters(), *(sign + "</w>" for sign in _letters()), "<|startoftext|>", "<|endoftext|>"]
    (folder / "vocab.json").write_text(json.dumps({word: number for number, word in enumerate(words)}))
    (folder / "merges.txt").write_text("#version: 0.2\n")
    return CLIPTokenizer(str(folder / "vocab.json"), str(folder / "merges.txt"), model_max_length=77)


def _clip_text(tokenizer: CLIPTokenizer) -> CLIPTextModel:
    return CLIPTextModel(
        CLIPTextConfig(
            vocab_size=len(tokenizer),
            hidden_size=32,
            intermediate_size=37,
            num_hidden_layers=2,
            num_attention_heads=4,
            max_position_embeddings=77,
            bos_token_id=len(tokenizer) - 2,
            eos_token_id=len(tokenizer) - 1,
        )
    )


def _stern() -> StableDiffusionSafetyChecker:
    """A safety checker that finds something in every picture."""
    vision = {"hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2}
    sizes = {"image_size": 32, "patch_size": 16, "projection_dim": 16}
    checker = StableDiffusionSafetyChecker(CLIPConfig(vision_config={**vision, **sizes}, projection_dim=16))
    torch.nn.init.constant_(checker.concept_embeds_weights, -10.0)
    return checker


def still(folder: Path, scratch: Path, seed: int = 0, checker: StableDiffusionSafetyChecker | None = None) -> None:
    """A picture of 64×64 pixels from words."""
    torch.manual_seed(seed)
    tokenizer = _clip_tokenizer(scratch)
    StableDiffusionPipeline(
        vae=AutoencoderKL(
            block_out_channels=(8, 16),
            norm_num_groups=4,
            down_block_types=("DownEncoderBlock2D",) * 2,
            up_block_types=("UpDecoderBlock2D",) * 2,
            latent_channels=4,
        ),
        text_encoder=_clip_text(tokenizer),
        tokenizer=tokenizer,
        unet=UNet2DConditionModel(
            sample_size=32,
            layers_per_block=1,
            block_out_channels=(8, 16),
            norm_num_groups=4,
            cross_attention_dim=32,
            attention_head_dim=4,
            down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
            up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        ),
        scheduler=DDIMScheduler(beta_schedule="scaled_linear", clip_sample=False, set_alpha_to_one=False),
        safety_checker=checker,
        feature_extractor=CLIPImageProcessor(size={"shortest_edge": 32}, crop_size={"height": 32, "width": 32}),
        requires_safety_checker=False,
    ).save_pretrained(folder)


def _byte_tokenizer() -> PreTrainedTokenizerFast:
    words = {word: number for number, word in enumerate(["<pad>", "</s>", "<unk>", *_letters()])}
    tokenizer = Tokenizer(models.BPE(vocab=words, merges=[], unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel()
    tokenizer.decoder = decoders.ByteLevel()
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="<pad>", eos_token="</s>", unk_token="<unk>", model_max_length=64
    )


def _wan(into: type[Any], channels: int, folder: Path, **more: Any) -> None:
    torch.manual_seed(0)
    tokenizer = _byte_tokenizer()
    config = T5Config(
        vocab_size=len(tokenizer),
        d_model=32,
        d_kv=8,
        d_ff=37,
        num_layers=2,
        num_heads=4,
        feed_forward_proj="gated-gelu",
    )
    config.model_type = "umt5"
    into(
        tokenizer=tokenizer,
        text_encoder=UMT5EncoderModel(UMT5EncoderModel.config_class(**{**config.to_dict(), "model_type": "umt5"})),
        vae=AutoencoderKLWan(
            base_dim=3, z_dim=16, dim_mult=[1] * 4, num_res_blocks=1, temperal_downsample=[False, True, True]
        ),
        transformer=WanTransformer3DModel(
            patch_size=(1, 2, 2),
            num_attention_heads=2,
            attention_head_dim=12,
            in_channels=channels,
            out_channels=16,
            text_dim=32,
            freq_dim=256,
            ffn_dim=32,
            num_layers=2,
            cross_attn_norm=True,
            qk_norm="rms_norm_across_heads",
            rope_max_seq_len=32,
        ),
        scheduler=FlowMatchEulerDiscreteScheduler(shift=7.0),
        **more,
    ).save_pretrained(folder)


def make(folder: Path) -> None:
    """All of them."""
    scratch = folder / "scratch"
    scratch.mkdir(parents=True)
    still(folder / "still", scratch)
    still(folder / "other", scratch, seed=1)
    still(folder / "stern", scratch, checker=_stern())
    _wan(WanPipeline, 16, folder / "moving")
    _wan(WanImageToVideoPipeline, 36, folder / "onward", image_encoder=None, image_processor=None)


if __name__ == "__main__":
    make(Path(sys.argv[1]))
