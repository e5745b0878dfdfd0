set -eu
umask 077
hash=$(sha256sum < "$REDIS_PASSWORD_FILE")
printf 'user default on #%s ~* &* +@all\nuser health on nopass -@all +ping\n' "${hash%% *}" > /tmp/users.acl
exec redis-server /etc/longshore/redis.conf
