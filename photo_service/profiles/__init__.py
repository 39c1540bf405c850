"""The rule files that ship with the service, one for each document kind and strictness."""
