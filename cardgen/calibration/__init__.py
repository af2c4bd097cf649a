"""How well the estimates hold: published footprints as runs, the priors from published evidence, and their verdict."""
