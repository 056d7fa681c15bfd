"""The names under which the local stack goes, where AWS would have given its own."""

HOST = "127.0.0.1"
REGION = "us-east-1"
ACCOUNT = "123456789012"
API_ID = "gatehouse0"
STAGE = "local"
STACK = "gatehouse-local"
