"""Prints the OpenAPI document that the clients are generated from; needs no server."""

import json
import sys

from services.api import app

if __name__ == "__main__":
    json.dump(app.described().openapi(), sys.stdout, indent=1)
