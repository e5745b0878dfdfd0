#!/bin/bash
# Fills the templates in from the environment, then becomes nginx.
set -eu
export API_ORIGIN=${API_ORIGIN:-}
if [[ -n $API_ORIGIN && ! $API_ORIGIN =~ ^https?://[A-Za-z0-9.:-]+$ ]]; then
    echo "settings: API_ORIGIN: expected nothing or an origin such as https://api.example.com, got '$API_ORIGIN'" >&2
    exit 1
fi
for name in config.json headers.conf; do
    # shellcheck disable=SC2016 # envsubst wants the names of the variables, not their values
    envsubst '${API_ORIGIN} ${IMG_SRC}' < "/etc/nginx/$name.template" > "/tmp/$name"
done
# Before it has read its configuration, too, it says what is wrong where a container is read.
exec nginx -e /dev/stderr -g 'daemon off;'
