import type { RequestView } from '../../src/model/request-view.ts';

/** What a test says about a request; everything else has a plain default. */
export interface RequestFields {
  readonly method?: string;
  readonly scheme?: string;
  readonly authority?: string;
  readonly path?: string;
  readonly originalPath?: string;
  /** In order; names in lower case. */
  readonly headers?: readonly (readonly [name: string, value: string])[];
  readonly clientIp?: string;
}

/** A request for routing and affinity that never was on a wire. */
export function createRequestView(fields: RequestFields): RequestView {
  const headers = fields.headers ?? [];
  const path = fields.path ?? '/';
  return {
    method: fields.method ?? 'GET',
    scheme: fields.scheme ?? 'http',
    authority: fields.authority ?? 'example.com',
    path,
    originalPath: fields.originalPath ?? path,
    clientIp: fields.clientIp ?? '127.0.0.1',
    clientPort: 40000,
    remoteAddress: '127.0.0.1:40000',
    localAddress: '127.0.0.1:8080',
    findHeader: (name, from) => headers.findIndex((header, index) => index >= from && header[0] === name),
    headerValue: (index) => headers[index]?.[1] ?? '',
    filterState: () => undefined,
  };
}
