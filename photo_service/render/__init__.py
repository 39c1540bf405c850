"""Reports as people see them: text for a terminal, a picture with the measurements drawn in."""
