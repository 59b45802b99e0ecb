"""What every step of a job is given: the job, the services, and how steps are run."""
