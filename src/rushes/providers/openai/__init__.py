"""OpenAI: pictures, and words about pictures."""
