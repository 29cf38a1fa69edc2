"""Rules made ready for the world: VirtualServices with names whole and delegates merged, Sidecars in order."""
