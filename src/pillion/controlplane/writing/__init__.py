"""What one replica writes for all of them: the holder of a Lease.

`lease` decides who holds it (pure), `leader` takes, keeps and gives it up, and works while it is held. `status` says
what the status of a refused object is to be (pure), `scribe` writes it. `webhooks` says what of a webhook configuration
is to be corrected (pure), `certificate` when the injector needs another certificate (pure); `guardian` looks after
both. `allocation` says which addresses ServiceEntries are given (pure), `allocator` writes them. `writers` puts it all
together.
"""
