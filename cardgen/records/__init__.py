"""What files of tools hold, line by line: what every importer builds on.

``source`` is a file, ``table`` and ``entries`` are rows and JSON in it, ``fields`` the values; ``samples`` integrates power, and
``windows`` tells which measurement lies within another. ``record`` is what comes out, with how each line was read.
"""
