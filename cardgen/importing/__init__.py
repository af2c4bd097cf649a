"""From what tools say to a run file, every step told.

``finding`` gives each file to its importer and ``cleaning`` lets nothing private leave; ``choosing`` finds the runs that are meant,
by the rules of ``identity``, ``machines`` and ``combining``; ``plausible`` says what cannot be true; ``run_file`` (with ``hardware`` and
``place``) and ``report`` write it down.
"""
