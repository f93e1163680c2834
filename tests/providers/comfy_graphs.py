"""Graphs as ComfyUI exports them, for the tests of its adapter."""

from __future__ import annotations

from typing import Any

Graph = dict[str, dict[str, Any]]


def node(kind: str, title: str = "", **inputs: Any) -> dict[str, Any]:
    """One node of a graph."""
    return {"class_type": kind, "inputs": inputs, "_meta": {"title": title or kind}}


def picture() -> Graph:
    """The graph that ComfyUI shows first: a picture from a text, with what is not wanted."""
    return {
        "3": node(
            "KSampler",
            seed=156680208700286,
            steps=20,
            cfg=8,
            sampler_name="euler",
            scheduler="normal",
            denoise=1,
            model=["4", 0],
            positive=["6", 0],
            negative=["7", 0],
            latent_image=["5", 0],
        ),
        "4": node("CheckpointLoaderSimple", "Load Checkpoint", ckpt_name="v1-5-pruned-emaonly-fp16.safetensors"),
        "5": node("EmptyLatentImage", "Empty Latent Image", width=512, height=768, batch_size=1),
        "6": node("CLIPTextEncode", "Positive", text="a bottle", clip=["4", 1]),
        "7": node("CLIPTextEncode", "Negative", text="text, watermark", clip=["4", 1]),
        "8": node("VAEDecode", "VAE Decode", samples=["3", 0], vae=["4", 2]),
        "9": node("SaveImage", "Save Image", filename_prefix="ComfyUI", images=["8", 0]),
    }


def edit() -> Graph:
    """A picture from a picture."""
    graph = picture()
    graph["10"] = node("LoadImage", "Load Image", image="example.png")
    graph["11"] = node("VAEEncode", "VAE Encode", pixels=["10", 0], vae=["4", 2])
    graph["3"]["inputs"]["latent_image"] = ["11", 0]
    del graph["5"]
    return graph


def film() -> Graph:
    """A film from a picture, as Wan does it: the text goes through a node with two sides."""
    return {
        "1": node("UNETLoader", unet_name="wan2.2_i2v.safetensors", weight_dtype="default"),
        "2": node("CLIPLoader", clip_name="umt5_xxl.safetensors", type="wan"),
        "3": node("VAELoader", vae_name="wan_2.1_vae.safetensors"),
        "4": node("CLIPTextEncode", "Positive", text="", clip=["2", 0]),
        "5": node("CLIPTextEncode", "Negative", text="static", clip=["2", 0]),
        "6": node("LoadImage", "Start", image="example.png"),
        "7": node(
            "WanImageToVideo",
            width=832,
            height=480,
            length=121,
            batch_size=1,
            positive=["4", 0],
            negative=["5", 0],
            vae=["3", 0],
            start_image=["6", 0],
        ),
        "8": node(
            "KSampler",
            seed=1,
            steps=20,
            cfg=5.0,
            sampler_name="uni_pc",
            scheduler="simple",
            denoise=1.0,
            model=["1", 0],
            positive=["7", 0],
            negative=["7", 1],
            latent_image=["7", 2],
        ),
        "9": node("VAEDecode", samples=["8", 0], vae=["3", 0]),
        "10": node("CreateVideo", fps=24.0, images=["9", 0]),
        "11": node("SaveVideo", filename_prefix="video/ComfyUI", format="auto", codec="auto", video=["10", 0]),
    }


def flux() -> Graph:
    """A graph whose sampler is in parts, and whose text stands in a node of its own."""
    return {
        "1": node("UNETLoader", unet_name="flux1-dev.safetensors", weight_dtype="default"),
        "2": node("DualCLIPLoader", clip_name1="t5xxl.safetensors", clip_name2="clip_l.safetensors", type="flux"),
        "3": node("VAELoader", vae_name="ae.safetensors"),
        "4": node("PrimitiveString", "What is wanted", value="a fox"),
        "5": node("CLIPTextEncode", text=["4", 0], clip=["2", 0]),
        "6": node("FluxGuidance", guidance=3.5, conditioning=["5", 0]),
        "7": node("BasicGuider", model=["1", 0], conditioning=["6", 0]),
        "8": node("RandomNoise", noise_seed=7),
        "9": node("KSamplerSelect", sampler_name="euler"),
        "10": node("BasicScheduler", scheduler="simple", steps=20, denoise=1.0, model=["1", 0]),
        "11": node("EmptySD3LatentImage", width=1024, height=1024, batch_size=1),
        "12": node(
            "SamplerCustomAdvanced",
            noise=["8", 0],
            guider=["7", 0],
            sampler=["9", 0],
            sigmas=["10", 0],
            latent_image=["11", 0],
        ),
        "13": node("VAEDecode", samples=["12", 0], vae=["3", 0]),
        "14": node("SaveImage", filename_prefix="flux", images=["13", 0]),
    }
