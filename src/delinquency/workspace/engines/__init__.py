"""Where the jobs of a large piece of work run: here, in processes, or on a Dask cluster."""
