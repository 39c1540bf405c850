"""The commands, one a file; each has ``run(arguments, settings, text)`` → exit code."""
