"""The resident ID card: found, laid flat, read. Facts only; the rules are in `checks/card.py`."""
