"""The two pipelines that `aicp create-examples` writes. Both run on every provider, offline too."""

from __future__ import annotations

EXAMPLES = {
    "image_to_video.yaml": """\
# One picture, and a clip that begins with it.
name: image_to_video
steps:
  - name: still
    type: text_to_image
    model: flux_dev
    prompt: "{{input}}"
    params: {aspect_ratio: "16:9"}
  - name: clip
    type: image_to_video
    model: kling_2_6_pro
    input_from: still
    prompt: The camera moves in slowly
    params: {duration: 5}
prompt: A lighthouse on a cliff at dusk
""",
    "variations.yaml": """\
# Three pictures side by side, and what can be seen on the first.
name: variations
settings:
  parallel: true
  max_workers: 3
steps:
  - name: variations
    type: parallel_group
    steps:
      - {name: morning, type: text_to_image, model: flux_schnell, prompt: "{{input}}, in the morning"}
      - {name: noon, type: text_to_image, model: flux_schnell, prompt: "{{input}}, at noon"}
      - {name: night, type: text_to_image, model: flux_schnell, prompt: "{{input}}, at night"}
  - name: described
    type: analyze_image
    input_from: morning
    prompt: Describe this picture in one sentence.
prompt: A quiet harbour
""",
}
