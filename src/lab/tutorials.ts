import type { Trial, TutorialPlace } from './trials.ts';
import { tryAsm, tryBwce, tryGloo, tryHelloworld } from './trials.ts';

/** One of the tutorials in examples/, and where the lab serves it. */
export interface Tutorial {
  /** Its folder in examples/. */
  readonly name: string;
  readonly title: string;
  /** Ports of its Gateway, and where the lab binds them if they are free. */
  readonly ports: readonly { readonly yaml: number; readonly preferred: number }[];
  readonly preferredAdminPort: number;
  readonly trials: (place: TutorialPlace) => readonly Trial[];
}

export const TUTORIALS: readonly Tutorial[] = [
  {
    name: 'asm-httpbin',
    title: 'Alibaba Service Mesh: a session cookie in front of httpbin',
    ports: [{ yaml: 80, preferred: 8001 }],
    preferredAdminPort: 15_001,
    trials: tryAsm,
  },
  {
    name: 'gloo-httpbin',
    title: 'Gloo Gateway: a hash-based cookie with a ring, or with Maglev',
    ports: [{ yaml: 8080, preferred: 8002 }],
    preferredAdminPort: 15_002,
    trials: tryGloo,
  },
  {
    name: 'istio-bwce',
    title: 'Istio: the cookie ISTIOID in front of two pods',
    ports: [{ yaml: 80, preferred: 8003 }],
    preferredAdminPort: 15_003,
    trials: tryBwce,
  },
  {
    name: 'istio-helloworld',
    title: 'Istio persistent sessions: a header names the pod',
    ports: [
      { yaml: 80, preferred: 8004 },
      { yaml: 8080, preferred: 8005 },
    ],
    preferredAdminPort: 15_004,
    trials: tryHelloworld,
  },
];
