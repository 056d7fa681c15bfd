"""The Chalice app; `chalicelib/application.py` registers the routes."""

from chalicelib.application import create_app
from chalicelib.settings import selected_routes

app = create_app(selected_routes())
