"""The local engine: worker processes of this machine, isolated from one another and from the run."""
