import type { RequestView } from '../model/request-view.ts';

/** Value of a pseudo-header, or undefined if `name` is none. */
export function readPseudoHeader(request: RequestView, name: string): string | undefined {
  switch (name) {
    case ':path':
      return request.path;
    case ':authority':
    case 'host':
      return request.authority;
    case ':method':
      return request.method;
    case ':scheme':
      return request.scheme;
    default:
      return undefined;
  }
}
