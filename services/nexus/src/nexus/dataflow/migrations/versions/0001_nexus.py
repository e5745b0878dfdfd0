"""Collections, documents with their embeddings, and the list of documents that changed."""

from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.execute("""
        create table collection (
            id uuid primary key default gen_random_uuid(),
            name varchar(100) not null,
            description text not null default '',
            version integer not null default 1,
            created_at timestamptz not null default now(),
            updated_at timestamptz not null default now(),
            constraint collection_name_key unique (name)
        )
    """)
    op.execute("comment on table collection is 'A collection is a shelf for documents.'")
    op.execute("""
        create table document (
            id uuid primary key default gen_random_uuid(),
            collection_id uuid references collection on delete set null,
            title varchar(200) not null,
            body text not null default '',
            source varchar(500),
            tags text[] not null default '{}',
            version integer not null default 1,
            created_at timestamptz not null default now(),
            updated_at timestamptz not null default now(),
            embedding vector(1024),
            constraint document_title_check check (title <> ''),
            constraint document_body_check check (length(body) <= 100000)
        )
    """)
    op.execute("comment on table document is 'A document is a text that can be searched and linked.'")
    # Dataflow reads these: it fills the one, and tells people of the other.
    op.execute("comment on column document.embedding is 'embedding of title, body'")
    op.execute("comment on column document.source is 'Where the text comes from, such as a URL.'")
    op.execute("create index document_collection_id_idx on document (collection_id)")
    op.execute("create index document_created_at_idx on document (created_at, id)")
    op.execute("create index document_embedding_idx on document using hnsw (embedding vector_cosine_ops)")

    # Changes that the graph has not applied yet. An entry is deleted once it is applied, so that the table is mostly empty.
    # A trigger records the changes of every client and channel.
    op.execute("""
        create table change (
            id bigint generated always as identity primary key,
            document_id uuid not null,
            created_at timestamptz not null default now()
        )
    """)
    op.execute("comment on table change is 'internal: documents that the graph has yet to take in.'")
    op.execute("""
        create function record_change() returns trigger language plpgsql security definer
        set search_path = public, pg_temp as $$
        begin
            insert into change (document_id) values (coalesce(new.id, old.id));
            return null;
        end $$
    """)
    op.execute("""
        create trigger document_change after insert or update or delete on document
        for each row execute function record_change()
    """)


def downgrade() -> None:
    op.execute("drop table change, document, collection")
    op.execute("drop function record_change")
