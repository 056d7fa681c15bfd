"""The Chalice app; `chalicelib/api/application.py` registers the routes."""

from chalicelib.api.application import create_app
from chalicelib.settings import selected_routes, serves_chalice_local

if serves_chalice_local():
    # Before own modules are imported, which may create clients. Not part of the package.
    from infra.local.chalice_local import prepare

    prepare()

app = create_app(selected_routes())
