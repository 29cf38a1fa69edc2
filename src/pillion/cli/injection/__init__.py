"""Commands about injection; `texts`, `settings` and `pods` are what they read: files, settings, pods of a cluster."""
