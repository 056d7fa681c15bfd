"""Deploy a stage: package, upload, change set, events and smoke test; and delete it."""
