import { join } from 'node:path';
import { quoteForShell } from './shell-quote.ts';

/** Something to try: what it shows, and lines that a shell can run. */
export interface Trial {
  readonly shows: string;
  readonly lines: readonly string[];
}

/** Where a tutorial runs now. */
export interface TutorialPlace {
  /** The port that its first listener is bound to, on 127.0.0.1. */
  readonly port: number;
  readonly adminAddress: string;
  /** The lab's copy, which is served and may be edited. */
  readonly folder: string;
  /** The example as it was. */
  readonly original: string;
  readonly accessLog: string;
  readonly cookieJar: string;
}

export function tryAsm(place: TutorialPlace): Trial[] {
  const url = `http://127.0.0.1:${place.port}`;
  const rule = quoteForShell(join(place.folder, 'destination-rule.yaml'));
  const original = quoteForShell(join(place.original, 'destination-rule.yaml'));
  return [
    { shows: 'the first answer sets sticky-session-key, without a Max-Age', lines: [`curl -si ${url}/hello`] },
    stay('a client that returns it stays on one pod', place, `${url}/hello`),
    {
      shows: 'the access log says the same in upstream_addr',
      lines: [`tail -n 10 ${quoteForShell(place.accessLog)} | grep -o '"upstream_addr":"[^"]*"' | sort | uniq -c`],
    },
    // By the port in the YAML, which is what the gateway's configuration knows.
    { shows: 'why', lines: [`npx limpet explain --admin ${place.adminAddress} http://127.0.0.1/hello`] },
    {
      shows: 'without its DestinationRule requests spread over all pods, live within a second',
      lines: [
        `rm ${rule}; sleep 1`,
        `for i in $(seq 30); do curl -s ${url}/hello; done | sort | uniq -c`,
        `cp ${original} ${rule}`,
      ],
    },
  ];
}

export function tryGloo(place: TutorialPlace): Trial[] {
  const url = `--resolve httpbin.example:${place.port}:127.0.0.1 http://httpbin.example:${place.port}`;
  const upstream = quoteForShell(join(place.folder, 'upstream-ringhash.yaml'));
  const maglev = quoteForShell(join(place.folder, 'variants', 'upstream-maglev.yaml'));
  const original = quoteForShell(join(place.original, 'upstream-ringhash.yaml'));
  return [
    {
      shows: 'hashbasedcookie is set; the pod sees x-request-id, x-forwarded-proto and the expected timeout',
      lines: [`curl -si ${url}/get`],
    },
    stay('a client that returns it stays on one pod', place, `${url}/hello`),
    {
      shows: 'the same with Maglev instead of a ring',
      lines: [`cp ${maglev} ${upstream}; sleep 1`, stayLine(place, `${url}/hello`), `cp ${original} ${upstream}`],
    },
  ];
}

export function tryBwce(place: TutorialPlace): Trial[] {
  const url = `--resolve test.com:${place.port}:127.0.0.1 http://test.com:${place.port}`;
  return [
    { shows: 'the first answer sets ISTIOID for 60 seconds', lines: [`curl -si ${url}/hello`] },
    stay('a client that returns it stays on one pod', place, `${url}/hello`),
    {
      shows: 'a client that does not is placed anew each time',
      lines: [`for i in $(seq 20); do curl -s ${url}/hello; done | sort | uniq -c`],
    },
  ];
}

export function tryHelloworld(place: TutorialPlace): Trial[] {
  const url = `http://127.0.0.1:${place.port}/hello`;
  return [
    { shows: 'the answer carries x-session-header, which names the pod', lines: [`curl -si ${url}`] },
    {
      shows: 'a request that sends it back reaches that pod, however many there are',
      lines: [
        `TOKEN=$(curl -si ${url} | tr -d '\\r' | sed -n 's/^x-session-header: //p'); echo "$TOKEN" | base64 -d; echo`,
        `for i in $(seq 10); do curl -s -H "x-session-header: $TOKEN" ${url}; done | sort | uniq -c`,
        'npx limpet lab scale helloworld --replicas 12',
        `for i in $(seq 10); do curl -s -H "x-session-header: $TOKEN" ${url}; done | sort | uniq -c`,
      ],
    },
  ];
}

function stay(shows: string, place: TutorialPlace, target: string): Trial {
  return { shows, lines: [stayLine(place, target)] };
}

function stayLine(place: TutorialPlace, target: string): string {
  const jar = quoteForShell(place.cookieJar);
  return `for i in $(seq 10); do curl -s -c ${jar} -b ${jar} ${target}; done | sort | uniq -c`;
}
