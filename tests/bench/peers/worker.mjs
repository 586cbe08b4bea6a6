// What the bench says to a worker, and what it wants to hear; and the way to the bench's source.

import https from 'node:https';
import { createInterface } from 'node:readline';

const [host, port] = process.env.BENCH_SOURCE.split(':');
const request = https.request;

// amazon-sp-api knows only Amazon's hosts and port 443.
https.request = (options, ...rest) =>
  options.port === 443
    ? request({ ...options, hostname: host, port: Number(port), servername: 'localhost' }, ...rest)
    : request(options, ...rest);

export async function work(move) {
  const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
  console.log('ready');
  await lines.next();
  await move();
  console.log('done');
  // The bench looks at this process's memory now.
  await lines.next();
  process.exit();
}
