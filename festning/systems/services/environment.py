"""The environment of a service, as systemd reads it (systemd.exec(5), EnvironmentFile=)."""

from __future__ import annotations

import re

from festning.model.fortress import Runtime, Service
from festning.model.material import service_database_password
from festning.model.reference import secret

DATABASE_HOST = "127.0.0.1"
DATABASE_PORT = 3306


def environment_file(service: Service) -> str:
    """One ``NAME="value"`` a line. What the fortress decides wins over what the service declares.

    The password is a reference to the vault; the file must be readable by root alone (systemd reads it as root).
    """
    variables = dict(service.environment)
    if service.runtime is Runtime.COMMAND:
        variables["PORT"] = str(service.port)
    if service.database:
        variables |= {
            "DATABASE_HOST": DATABASE_HOST,
            "DATABASE_PORT": str(DATABASE_PORT),
            "DATABASE_NAME": service.schema,
            "DATABASE_USER": service.schema,
            "DATABASE_PASSWORD": secret(service_database_password(service.schema).value),
        }
    return "".join(f"{name}={_quoted(value)}\n" for name, value in variables.items())


def _quoted(value: str) -> str:
    return '"' + re.sub(r'(["\\`$])', r"\\\1", value) + '"'
