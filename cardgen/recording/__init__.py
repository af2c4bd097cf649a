"""What a program used while it ran: sensors and trackers -> a run file. Clock, machine and drivers belong here and nowhere else."""
