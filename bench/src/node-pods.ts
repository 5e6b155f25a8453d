// Pods for machines without nginx: `node node-pods.ts NAME@HOST:PORT...` answers each GET on HOST:PORT with NAME.
// As cheap as Node can be: it looks for the end of heads and for nothing else, since wrk's requests have no body.
import net from 'node:net';
import process from 'node:process';

for (const pod of process.argv.slice(2)) {
  const [, name = '', host = '', port = ''] = /^(.+)@(.+):(\d+)$/.exec(pod) ?? [];
  const body = `${name}\n`;
  const response = Buffer.from(
    `HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
  );
  net
    .createServer({ noDelay: true }, (socket) => {
      let tail = '';
      socket.on('error', () => socket.destroy());
      socket.on('data', (chunk: Buffer) => {
        const heads = (tail + chunk.toString('latin1')).split('\r\n\r\n');
        tail = heads.pop() ?? '';
        for (let i = 0; i < heads.length; i++) socket.write(response);
      });
    })
    .listen(Number(port), host);
}
