"""The engine for clusters: the workers of a dask.distributed scheduler."""
