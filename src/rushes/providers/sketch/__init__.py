"""The offline painter: real pictures, films, sound and statements from words, by rule, free and without a key."""
