"""The engine's version, which every journal record names."""

from importlib.metadata import PackageNotFoundError, version

try:
    ENGINE_VERSION = version("smart-routing")
except PackageNotFoundError:  # run from a folder that is not installed
    ENGINE_VERSION = "0.0.0"
