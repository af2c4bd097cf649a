"""What a card says that cardgen did not write: figures, hardware, hours and places, each with its line."""
