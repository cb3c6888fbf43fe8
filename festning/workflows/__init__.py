"""One verb, one module: the only place that connects rooms. Each reads like a table of contents."""
