import { Writable } from 'node:stream';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createLogger, type Logger } from './logger.ts';

function capture(level: 'trace' | 'warn' = 'trace'): { logger: Logger; text: () => string } {
  const chunks: string[] = [];
  const destination = new Writable({
    write(chunk: Buffer, _encoding, done) {
      chunks.push(chunk.toString());
      done();
    },
  });
  return { logger: createLogger({ level, process: 'test', destination }), text: () => chunks.join('') };
}

function setBindings(logger: Logger, bindings: Record<string, unknown>): void {
  logger.setBindings(bindings);
  logger.info('hello');
}

const lastLine = (text: string): Record<string, unknown> =>
  JSON.parse(text.trim().split('\n').at(-1) ?? '') as Record<string, unknown>;

const PLANTED = 'pLaNtEd-SeCrEt-0123456789';

describe('logger', () => {
  it('writes one JSON object per line with time, level, process and members', () => {
    const { logger, text } = capture();
    logger.info({ requestId: 'r-1', items: 250 }, 'batch signed');
    expect(lastLine(text())).toMatchObject({
      level: 'info',
      process: 'test',
      requestId: 'r-1',
      items: 250,
      message: 'batch signed',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
    });
  });

  it('keeps below its level silent', () => {
    const { logger, text } = capture('warn');
    logger.info('quiet');
    expect(text()).toBe('');
  });

  it.each<[string, (logger: Logger) => void]>([
    ['a header', (logger) => logger.info({ headers: { Authorization: `Basic ${PLANTED}` } })],
    ['a header of another spelling', (logger) => logger.info({ 'proxy-authorization': PLANTED })],
    ['a list of members', (logger) => logger.info({ list: [{ apiKey: PLANTED }, { api_key: PLANTED }] })],
    ['a child logger', (logger) => logger.child({ token: PLANTED }).info('hello')],
    [
      'a child of a child',
      (logger) =>
        logger
          .child({ a: 1 })
          .child({ headers: { cookie: PLANTED } })
          .info('hello'),
    ],
    ['later bindings', (logger) => setBindings(logger, { token: PLANTED })],
    ['a message', (logger) => logger.info(`refused Bearer ${PLANTED}`)],
    ['an argument of a message', (logger) => logger.info('refused %s', `Basic ${PLANTED}`)],
    ['an error', (logger) => logger.error(new Error(`bad header Basic ${PLANTED}`), 'failed')],
    ['an error alone', (logger) => logger.error(new Error(`bad header Basic ${PLANTED}`))],
    ['a cause', (logger) => logger.error({ error: new Error('a', { cause: new Error(`Bearer ${PLANTED}`) }) })],
    ['an error elsewhere', (logger) => logger.error({ why: new Error(`Bearer ${PLANTED}`) })],
    ["an error's own members", (logger) => logger.error({ err: Object.assign(new Error('a'), { rootKey: PLANTED }) })],
    ['a database address', (logger) => logger.info({ target: `postgres://user:${PLANTED}@host/db` })],
    ['bytes', (logger) => logger.info({ data: Buffer.from(PLANTED) })],
    ['bytes in JSON form', (logger) => logger.info({ data: { privateKey: [...Buffer.from(PLANTED)] } })],
    ['a request', (logger) => logger.info({ req: { url: `/x?token=${PLANTED}`, headers: { a: PLANTED }, id: 'r' } })],
    ['a reply', (logger) => logger.info({ res: { statusCode: 200, body: PLANTED } })],
    [
      'an instance of a class',
      (logger) =>
        logger.info({
          held: new (class Holder {
            inner = PLANTED;
          })(),
        }),
    ],
    ['something deep', (logger) => logger.info({ a: { b: { c: { d: { e: { f: { g: { h: PLANTED } } } } } } } })],
    [
      'a private key in PEM',
      (logger) =>
        logger.info({ t: `-----BEGIN PRIVATE KEY-----\n${PLANTED.replaceAll('-', '')}\n-----END PRIVATE KEY-----` }),
    ],
  ])('shows no secret from %s', (_, log) => {
    const { logger, text } = capture();
    log(logger);
    expect(text().length).toBeGreaterThan(20);
    expect(text()).not.toContain(PLANTED);
    expect(text()).not.toContain(PLANTED.replaceAll('-', ''));
    expect(text()).not.toContain([...Buffer.from(PLANTED)].join());
    expect(text()).not.toContain(Buffer.from(PLANTED).toString('base64').slice(0, 16));
    expect(text()).not.toContain(Buffer.from(PLANTED).toString('hex').slice(0, 16));
  });

  it('shows what is needed: kind, code and text of an error, method and path of a request', () => {
    const { logger, text } = capture();
    logger.error(Object.assign(new Error('no such file'), { code: 'ENOENT' }), 'start failed');
    expect(lastLine(text())).toMatchObject({
      message: 'start failed',
      error: { type: 'Error', code: 'ENOENT', message: 'no such file', stack: expect.stringContaining('at ') },
    });
    logger.info({ req: { id: 'r-2', method: 'POST', url: '/crypto/v1/sign?x=1', ip: '127.0.0.1' } });
    expect(lastLine(text())['req']).toEqual({
      id: 'r-2',
      method: 'POST',
      path: '/crypto/v1/sign',
      remoteAddress: '127.0.0.1',
    });
  });

  it('writes one parsable, bounded line for any object, and never throws', () => {
    fc.assert(
      fc.property(fc.object({ maxDepth: 8, withBigInt: true, withDate: true, withTypedArray: true }), (object) => {
        const { logger, text } = capture();
        logger.info(object, 'any');
        expect(text().split('\n')).toHaveLength(2);
        expect(lastLine(text())['level']).toBe('info');
      }),
      { numRuns: 200 },
    );
    const { logger, text } = capture();
    const circle: Record<string, unknown> = {};
    circle['self'] = circle;
    logger.info({ circle, long: 'a b '.repeat(100_000), many: Array.from({ length: 100_000 }, (_, index) => index) });
    expect(text().length).toBeLessThan(10_000);
  });
});
