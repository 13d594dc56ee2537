import { sql } from 'kysely'
import { afterEach, beforeEach, expect, inject, test } from 'vitest'
import { type Database, openDatabase } from '../../server/cli/database'
import { rollbackTo } from '../../server/cli/migrator'
import { dumpSchema } from '../../server/cli/schema-dump'
import { type Contents, createDatabase } from '../helpers/databases'

const ROLE = 'iu_dump_test_reader'

/** Everything the dump knows, made in an order and with dependencies that a plain sort by name would get wrong. */
const RICH = `
  create role ${ROLE};
  create schema console;
  create type public.z_mood as enum ('calm', 'it''s late');
  create domain public.z_key as text not null constraint z_key_not_blank check (btrim(value) <> '');
  create sequence public.z_seq increment 5 start 100;
  create function public.z_default() returns int language sql immutable as $$ select 7 $$;
  create table public.b (
    id bigint generated always as identity primary key,
    key public.z_key unique,
    mood public.z_mood default 'calm',
    nth int default public.z_default() check (nth > 0),
    ticket bigint default nextval('public.z_seq'),
    doubled int generated always as (nth * 2) stored,
    label text collate "C"
  ) with (fillfactor = 70);
  create table public.a (b_id bigint not null references public.b (id) on delete restrict, "Odd name" text, primary key (b_id));
  create table public."group" (id serial primary key, moods public.z_mood[]);
  create index a_odd on public.a (lower("Odd name")) where "Odd name" <> '';
  create view public.y as select b.id, b.key from public.b;
  create view public.x with (security_barrier) as select y.id, a."Odd name" from public.y join public.a on a.b_id = y.id;
  create materialized view public.w as select count(*) as n from public.x;
  create function public.rows_of_x() returns setof public.x language sql stable as $$ select * from public.x $$;
  create function console.touch() returns trigger language plpgsql as $$ begin return new; end $$;
  create procedure console.work(inout p_n int) language plpgsql as $$ begin p_n := p_n + 1; end $$;
  create trigger touch before update on public.b for each row when (old.nth <> new.nth) execute function console.touch();
  create trigger watch after insert on public.a for each statement execute function console.touch();
  alter table public.a enable always trigger watch;
  comment on table public.b is 'It''s a table';
  comment on column public.a."Odd name" is 'Odd';
  comment on view public.x is 'A view';
  comment on function public.z_default() is 'Seven';
  comment on schema console is 'The console''s own';
  comment on constraint b_pkey on public.b is 'Key';
  comment on trigger touch on public.b is 'Touch';
  revoke all on function public.z_default() from public;
  grant execute on function public.z_default() to ${ROLE};
  grant usage on schema console to ${ROLE};
  grant select on public.x to ${ROLE} with grant option;
  grant all on public.a to ${ROLE};
  grant update (label) on public.b to ${ROLE};
`

const opened: { db: Database, drop: () => Promise<void> }[] = []

async function open(contents: Contents) {
  const database = await createDatabase(inject('postgres'), contents)
  const db = openDatabase(database.url)
  opened.push({ db, drop: database.drop })
  return db
}

const run = (db: Database, text: string) => sql.raw(text).execute(db)

async function loaded(dump: string) {
  const copy = await open('empty')
  await run(copy, dump)
  return dumpSchema(copy)
}

const dropRole = () => `do $$ begin if exists (select from pg_roles where rolname = '${ROLE}') then drop role ${ROLE}; end if; end $$`

beforeEach(async () => {
  await run(await open('empty'), dropRole())
})

afterEach(async () => {
  for (const { db, drop } of opened.splice(0).reverse()) {
    await db.destroy()
    await drop()
  }
})

test('a database with everything in it survives the round trip, and so do its words', async () => {
  const db = await open('empty')
  await run(db, RICH)
  const dump = await dumpSchema(db)
  expect(await loaded(dump)).toBe(dump)
  for (const part of [
    'create type public.z_mood as enum (\'calm\', \'it\'\'s late\');',
    'create domain public.z_key as text not null constraint z_key_not_blank',
    'create sequence public.z_seq as bigint increment 5',
    'doubled integer generated always as ((nth * 2)) stored',
    'id bigint generated always as identity not null',
    'with (fillfactor=70);',
    'alter table public.a\n  add constraint a_b_id_fkey FOREIGN KEY (b_id) REFERENCES public.b(id) ON DELETE RESTRICT;',
    'alter table public.a enable always trigger watch;',
    'alter sequence public.group_id_seq owned by public."group".id;',
    'comment on column public.a."Odd name" is \'Odd\';',
    'revoke execute on function public.z_default() from public;',
    `grant execute on function public.z_default() to ${ROLE};`,
    `grant select on table public.x to ${ROLE} with grant option;`,
    `grant all on table public.a to ${ROLE};`,
    `grant update (label) on table public.b to ${ROLE};`,
  ]) expect(dump).toContain(part)
  expect(dump.indexOf('FUNCTION public.z_default()')).toBeLessThan(dump.indexOf('create table public.b'))
  expect(dump.indexOf('create view public.y')).toBeLessThan(dump.indexOf('create view public.x'))
})

test('the migrations\' schema survives it, without rows and without the runner\'s record', async () => {
  const dump = await dumpSchema(await open('migrated'))
  expect(await loaded(dump)).toBe(dump)
  expect(dump).toContain('create table public.information_unit (')
  expect(dump).not.toContain('kysely')
  expect(dump).not.toMatch(/^insert/im)
})

test('rows change nothing, and a database rolled back to nothing has an empty schema', async () => {
  const demo = await open('demo')
  expect(await dumpSchema(demo)).toBe(await dumpSchema(await open('migrated')))
  await rollbackTo(demo, 0, { force: true })
  expect(await dumpSchema(demo)).toBe(await dumpSchema(await open('empty')))
})

test.each([
  ['create table public.t (id int); alter table public.t enable row level security', 'relation public.t'],
  ['create table public.t (id int) partition by hash (id)', 'relation public.t'],
  ['create type public.t as (a int)', 'relation public.t'],
  ['create table public.t (id int); create rule r as on delete to public.t do instead nothing', 'rule r on public.t'],
])('what it does not know it refuses to lose: %s', async (ddl, name) => {
  const db = await open('empty')
  await run(db, ddl)
  await expect(dumpSchema(db)).rejects.toThrow(`The dump does not know: ${name}`)
})
