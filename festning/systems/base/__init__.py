"""The ground under the other systems: names, kernel settings, the bridge address, SSH, time and logs."""
