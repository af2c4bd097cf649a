"""Edit the model card in place: bytes -> bytes, nothing read and nothing written."""
