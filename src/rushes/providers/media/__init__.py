"""Pictures, films and sound as the providers on this machine read and write them."""
