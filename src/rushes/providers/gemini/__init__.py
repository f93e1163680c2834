"""Google's Gemini API: pictures and texts at once, films as jobs. `provider.py` asks; the others say what and read."""
