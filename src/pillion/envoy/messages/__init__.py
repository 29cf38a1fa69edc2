"""What all messages are made of: `wellknown`, the small ones; `wire`, their bytes."""
