"""What trackers, schedulers and monitors wrote, as a run file: read line by line, combined by rules, every step said.

``source`` and ``table`` read files, ``record`` holds what one says, ``finding`` gives each file to its importer, ``plausible``
says what cannot be true, ``combining`` and ``choosing`` make runs of records, ``run_file`` and ``report`` write them down.
"""
