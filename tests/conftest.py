"""What holds for every test: a machine that is busy makes none of them fail."""

import hypothesis

# an example may take as long as it takes; all else stays as the profile that Hypothesis chose (in CI its own) has it
hypothesis.settings.register_profile(
    "patient",
    hypothesis.settings.default,
    deadline=None,
    suppress_health_check=[*hypothesis.settings.default.suppress_health_check, hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile("patient")
