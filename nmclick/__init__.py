"""nmclick: Click router configurations compiled to one native packet pipeline over netmap rings."""

__version__ = "0.1.0"
