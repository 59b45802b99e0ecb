"""What lies in the libraries, what was made of it and what is still wanted."""
