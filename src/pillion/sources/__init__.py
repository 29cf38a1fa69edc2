"""Where resources come from: files and folders, dumps, an API server. Reads, and says what changed; decides nothing."""
