[ "$(redis-cli --no-auth-warning --user health --pass none -h 127.0.0.1 -p 6379 ping)" = PONG ]
