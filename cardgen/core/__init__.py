"""The energy and carbon core: figures with interval and source. It imports nothing else of cardgen and no other package."""
