#!/bin/sh
# As in the official image: before nginx starts, fill /etc/nginx/templates/*.template in from the environment into
# NGINX_ENVSUBST_OUTPUT_DIR (only variables that exist, so that nginx's own $variables stay), then run /docker-entrypoint.d.
set -eu
output=${NGINX_ENVSUBST_OUTPUT_DIR:-/etc/nginx/conf.d}
templates=${NGINX_ENVSUBST_TEMPLATE_DIR:-/etc/nginx/templates}

if [ "${1:-}" = nginx ]; then
  names=$(env | sed -n 's/^\([A-Za-z_][A-Za-z0-9_]*\)=.*/${\1} /p' | tr -d '\n')
  for template in "$templates"/*.template; do
    [ -e "$template" ] || continue
    name=$(basename "$template" .template)
    envsubst "$names" < "$template" > "$output/$name"
  done
  for script in /docker-entrypoint.d/*; do
    # shellcheck source=/dev/null
    case $script in
      *.envsh) . "$script" ;;
      *.sh) [ ! -x "$script" ] || "$script" ;;
    esac
  done
fi
exec "$@"
