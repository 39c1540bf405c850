"""The service at work: RQ over Redis. Uploads and batches go in, warm workers take them out.

The only package that imports ``rq`` and ``redis``. From the outside in: `desk` takes uploads and
`batches` takes lists; both put jobs into the queues of `broker`; `pool` keeps `worker` processes
running, which call `jobs`; `server` is the embedded Valkey; `access` knows API keys; `meters`
counts; `logs` and `tracing` tell what happened.
"""
