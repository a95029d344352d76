"""A firm to try the platform with: a believable year of leads and deals loaded through the HTTP APIs, then traffic."""
