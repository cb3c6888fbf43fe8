"""festning: one YAML file in; a running, operated and proven split-stack out."""

__version__ = "0.1.0"
