import os

import psycopg

from settings import secret

with psycopg.connect(secret("DATABASE_URL")) as database:
    # The owner's tables, so that the application gets its rights on them.
    database.execute(f"SET ROLE {os.environ['DATABASE_OWNER_ROLE']}")
    database.execute("CREATE TABLE IF NOT EXISTS note (id bigserial PRIMARY KEY, body text NOT NULL)")
