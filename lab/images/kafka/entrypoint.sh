#!/bin/bash
# The Java base image's entry point. The official one can import certificates first; nothing here asks for that.
exec "$@"
