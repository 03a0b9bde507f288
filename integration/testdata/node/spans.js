// Sends one trace of a parent and a child with jaeger-client and prints its id.
// AGENT is host:port for binary thrift over UDP, COLLECTOR a URL for HTTP.
'use strict';

const {initTracer} = require('jaeger-client');

const [agentHost, agentPort] = (process.env.AGENT || '').split(':');
const reporter = process.env.COLLECTOR
  ? {collectorEndpoint: process.env.COLLECTOR}
  : {agentHost, agentPort: Number(agentPort)};
const logger = {info() {}, error(message) { console.error(message); process.exitCode = 1; }};
const tracer = initTracer(
  {serviceName: 'node-client', sampler: {type: 'const', param: 1}, reporter},
  {logger, tags: {'process.tag': 'yes'}},
);

const parent = tracer.startSpan('parent');
parent.setTag('answer', 42);
const child = tracer.startSpan('child', {childOf: parent});
child.log({event: 'made', ok: true});
child.finish();
parent.finish();
console.log(parent.context().traceIdStr);
tracer.close();
