"""`diffusers`: pipelines of Hugging Face's diffusers on this machine, in a process of their own."""
