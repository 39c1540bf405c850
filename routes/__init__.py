"""The rooms behind the HTTP door, one purpose a file; `api` puts them together."""
