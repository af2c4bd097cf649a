"""What a program used while it ran: sensors and trackers -> a run file. Clock, machine and drivers belong here and nowhere else.

Data flows so: ``machine``, ``gpus``, ``nvml``, ``smi`` and ``rapl`` say what is there, each device with its meter (``meters``), and
``sensors`` puts them together; ``sampling`` reads the meters while the program runs, ``trackers`` are used instead of them;
``recorder`` chooses one and times the run; ``measured`` is what comes out, ``pools`` and ``run_file`` write it down, ``output`` keeps
it from being lost. Three ways in: ``command`` (``cardgen record``), ``block`` (``cardgen.Recording``), ``transformers`` (a callback).
"""
