"""The REST API below ``/api/v1``, for programs: what the pages show and do, as JSON."""
