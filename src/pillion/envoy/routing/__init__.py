"""Route configurations: `routes`, and what they do: `route_actions`."""
