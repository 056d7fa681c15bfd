"""Deploys a stage: package, upload, change set, events, smoke test; and takes it down again."""
