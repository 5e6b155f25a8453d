import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { guardRequest } from '../admin/guard.ts';
import { HttpProblem } from '../admin/http-problem.ts';
import { readJsonBody } from '../admin/json-body.ts';
import { LabProblem } from './lab-problem.ts';
import { MAX_REPLICAS } from './lab-service.ts';
import type { LabControls } from './lab-views.ts';
import type { LabAddress } from './state-file.ts';

/** A follower that falls so far behind has stopped reading. */
const MAX_UNREAD_BYTES = 1_048_576;

/** How `limpet lab scale` and its siblings reach the lab that runs: HTTP on loopback, with a token of this run. */
export interface ControlServer extends AsyncDisposable {
  readonly address: LabAddress;
}

export async function createControlServer(controls: LabControls): Promise<ControlServer> {
  const token = randomBytes(32).toString('hex');
  const server = createServer((request, response) => void serve(request, response, controls, token));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    address: { pid: process.pid, port, token },
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

async function serve(
  request: IncomingMessage,
  response: ServerResponse,
  controls: LabControls,
  token: string,
): Promise<void> {
  try {
    // Unlike the admin API, everything here wants the token: other users of the machine share its loopback.
    guardRequest(request.headers, true, { loopback: false, token });
    await act(request, response, controls);
  } catch (error) {
    if (response.headersSent) {
      response.destroy();
      return;
    }
    const status = error instanceof HttpProblem ? error.status : error instanceof LabProblem ? 400 : 500;
    sendJson(response, { error: error instanceof Error ? error.message : String(error) }, status);
  }
}

async function act(request: IncomingMessage, response: ServerResponse, controls: LabControls): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://lab');
  switch (`${request.method} ${url.pathname}`) {
    case 'GET /pods':
      sendJson(response, controls.pods());
      return;
    case 'POST /scale': {
      const { name, replicas, tutorial } = asRecord(await readJsonBody(request));
      if (!Number.isInteger(replicas) || Number(replicas) < 0 || Number(replicas) > MAX_REPLICAS) {
        throw new LabProblem(`a service has 0 to ${MAX_REPLICAS} replicas`);
      }
      sendJson(
        response,
        await controls.scale(asText(name), Number(replicas), tutorial === null ? null : asText(tutorial)),
      );
      return;
    }
    case 'POST /kill': {
      const { pod, restart } = asRecord(await readJsonBody(request));
      sendJson(response, await controls.kill(asText(pod), restart !== false));
      return;
    }
    case 'GET /logs':
      sendLog(response, controls.log(url.searchParams.get('pod') ?? ''), url.searchParams.has('follow'));
      return;
    default:
      throw new HttpProblem(404, 'there is no such command');
  }
}

function sendLog(response: ServerResponse, log: ReturnType<LabControls['log']>, follow: boolean): void {
  response.writeHead(200, { 'content-type': 'text/plain; charset=utf-8' });
  response.write(log.lines.map((line) => `${line}\n`).join(''));
  if (!follow) {
    response.end();
    return;
  }
  const unfollow = log.follow((line) => {
    response.write(`${line}\n`);
    if (response.writableLength > MAX_UNREAD_BYTES) response.destroy();
  });
  response.on('close', unfollow);
}

function sendJson(response: ServerResponse, value: unknown, status = 200): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
}

function asRecord(value: unknown): Record<string, unknown> {
  if (typeof value !== 'object' || value === null) throw new HttpProblem(400, 'an object is expected');
  return value as Record<string, unknown>;
}

function asText(value: unknown): string {
  if (typeof value !== 'string') throw new HttpProblem(400, 'a name is expected');
  return value;
}
