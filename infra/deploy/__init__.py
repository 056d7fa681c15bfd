"""Deploy a stage (package, upload, change sets, checks), and destroy it."""
