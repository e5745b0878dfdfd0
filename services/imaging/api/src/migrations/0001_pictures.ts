import type { MigrationBuilder } from "node-pg-migrate";

/** Pictures in pieces, their place in the queue, and what analyses found, by the pictures' bytes. */
export function up(migration: MigrationBuilder): void {
  migration.sql(`
    create table picture (
      id uuid primary key,
      name text not null check (length(name) between 1 and 200),
      media_type text,
      size integer,
      sha256 bytea,
      status text not null check (status in ('uploading', 'queued', 'done', 'failed')),
      problem text,
      attempts integer not null default 0,
      lease uuid,
      lease_until timestamptz,
      retry_at timestamptz not null default now(),
      created_at timestamptz not null default now(),
      check (status = 'uploading' or (media_type is not null and size is not null and sha256 is not null))
    );
    create index picture_listing_idx on picture (created_at desc, id desc);
    create index picture_queue_idx on picture (created_at) where status = 'queued';
    create index picture_sha256_idx on picture (sha256);

    create table chunk (
      picture_id uuid not null references picture on delete cascade,
      number integer not null,
      data bytea not null,
      primary key (picture_id, number)
    );
    -- Pictures are compressed already.
    alter table chunk alter column data set storage external;

    create table analysis (
      sha256 bytea not null,
      version text not null,
      figures jsonb not null,
      overlay bytea not null,
      thumbnail bytea not null,
      created_at timestamptz not null default now(),
      primary key (sha256, version)
    );
    alter table analysis alter column overlay set storage external;
    alter table analysis alter column thumbnail set storage external;
  `);
}

export function down(migration: MigrationBuilder): void {
  migration.sql("drop table analysis, chunk, picture");
}
