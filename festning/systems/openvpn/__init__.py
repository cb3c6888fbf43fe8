"""The bridge: OpenVPN tunnels between every host and every hub, with addresses by arithmetic."""
