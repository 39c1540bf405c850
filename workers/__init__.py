"""RQ: plain job functions, the warm worker and the pool's entry; rq and redis live only here."""
