// Nanoseconds to find a request's route: `node --expose-gc bench/src/routing-bench.ts`.
import { bench, do_not_optimize, group, run } from 'mitata';
import type { HeaderMatch, PathMatch, Route } from '../../src/model/route.ts';
import { NO_HEADER_OPS } from '../../src/model/route.ts';
import { HostTable } from '../../src/routing/host-table.ts';
import { RouteTable } from '../../src/routing/route-table.ts';
import { createRequestView } from '../../test/support/request-view.ts';

function routeOf(path: PathMatch, headers: readonly HeaderMatch[] = []): Route {
  return {
    name: '',
    match: { path, headers, query: [] },
    action: { kind: 'respond', status: 200, body: '' },
    requestHeaders: NO_HEADER_OPS,
    responseHeaders: NO_HEADER_OPS,
    origin: { source: '', kind: '', namespace: '', name: '', line: 1, column: 1, field: '' },
  };
}

// What an empty body costs here, and a first round for the harness itself.
bench('noop', () => {});

group('find a virtual host', () => {
  for (const count of [1, 5000]) {
    const table = new HostTable<number>();
    for (let i = 0; i < count; i++) table.add(`host-${i}.example`, i);
    table.add('*.wild.example', count);
    bench(`exact, of ${count}`, () => do_not_optimize(table.find('host-0.example:8080')));
    bench(`by suffix, of ${count}`, () => do_not_optimize(table.find('a.b.wild.example')));
  }
});

group('find a route', () => {
  const request = createRequestView({ path: '/team-7/service-4999/users/1?page=2', headers: [['x-version', '2']] });
  for (const count of [1, 50, 5000]) {
    const routes = Array.from({ length: count }, (_, i) => routeOf(prefix(`/team-7/service-${4999 - i}`)));
    const table = new RouteTable(routes.reverse(), (route) => route);
    bench(`by prefix, of ${count}`, () => do_not_optimize(table.match(request)));
  }
  const conditional = new RouteTable(
    [routeOf(prefix('/team-7'), [version('1')]), routeOf(prefix('/'), [version('2')]), routeOf(prefix('/'))],
    (route) => route,
  );
  bench('by a header, of 3', () => do_not_optimize(conditional.match(request)));
  const regex = new RouteTable([routeOf({ kind: 'regex', pattern: '/team-[0-9]+/.*' })], (route) => route);
  bench('by a regex', () => do_not_optimize(regex.match(request)));
});

function prefix(value: string): PathMatch {
  return { kind: 'prefix', value, ignoreCase: false };
}

function version(value: string): HeaderMatch {
  return {
    name: 'x-version',
    match: { kind: 'exact', value, ignoreCase: false },
    invert: false,
    missingAsEmpty: false,
  };
}

await run();
