"""`comfyui`: whole graphs of a ComfyUI server of one's own, each as one step."""
