"""What people and programs start: the command line. The only room that knows typer and rich."""
