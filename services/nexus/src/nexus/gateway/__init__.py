"""The service `nexus`: one set of handlers on three channels (HTTP, command line, Model Context Protocol), with sessions in
Redis that any channel and any replica continues."""
