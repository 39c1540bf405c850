"""RQ: plain job functions, the warm worker and the pool's entry. Nothing else imports rq or redis."""
