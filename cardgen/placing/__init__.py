"""What is written for a card: section, metadata, charts and data, on disk or on the Hub."""
