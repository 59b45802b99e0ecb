"""The database, its tables and their repositories, and the files of the state folder."""
