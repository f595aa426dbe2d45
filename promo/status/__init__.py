"""How the house stands in the morning: what was done in the night, and what a person must look at.

`reading` makes facts of rows, files and disks; `findings` says what is wrong with them, as pure
functions; `terminal`, `mail` and `textfile` say it, each in its way.
"""
