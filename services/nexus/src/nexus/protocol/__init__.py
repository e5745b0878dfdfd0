"""Model Context Protocol over streamable HTTP and WebSocket, on the official SDK, for whatever tools a service has."""
