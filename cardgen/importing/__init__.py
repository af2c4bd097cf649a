"""From what tools say to a run file, every step told.

``finding`` gives each file to its importer, ``plausible`` says what cannot be true, ``combining`` and ``choosing`` make runs of
records by rules, ``run_file`` and ``report`` write them down.
"""
