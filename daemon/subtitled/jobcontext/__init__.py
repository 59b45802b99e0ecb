"""What every step of a job uses: the job, the services and the step runner."""
