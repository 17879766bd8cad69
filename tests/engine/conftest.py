from hypothesis import HealthCheck, settings

# A slow machine is no fault of what is tested; and a build that failed must fail again.
settings.register_profile("engine", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("engine")
